import { describe, expect, it } from "vitest";
import { makeBuildLog, prefixLines } from "./build-log.ts";

function written(tell: (log: ReturnType<typeof makeBuildLog>) => void): string {
  let text = "";
  tell(
    makeBuildLog((more) => {
      text += more;
    }),
  );
  return text;
}

describe("what a buildpack tells", () => {
  it("has the form of Heroku's buildpacks", () => {
    const text = written((log) => {
      log.step("Installing");
      log.detail("one\ntwo");
      log.warn("odd\n\nvery");
    });
    expect(text).toBe("-----> Installing\n       one\n       two\n !     odd\n\n !     very\n");
  });
});

it.each([
  ["a", "> a"],
  ["a\nb", "> a\n> b"],
  ["", ""],
  ["a\n", "> a\n"],
  ["\n\na", "\n\n> a"],
])("prefixes the lines of %j", (text, expected) => {
  expect(prefixLines(text, "> ")).toBe(expected);
});
