import { describe, expect, it } from "vitest";
import { goRequirement, readGoMod } from "./go-mod-file.ts";

describe("a go.mod", () => {
  it("is read line by line", () => {
    const text = `// +heroku goVersion go1.24
// +heroku install ./cmd/web  ./tools/...
module "example.com/app" // the app

go 1.25.1 // because
toolchain go1.25.3

require (
	example.com/go v1.2.3
	toolchain v0.0.0
)
`;
    expect(readGoMod(text.replaceAll("\n", "\r\n"))).toEqual({
      ...{ module: "example.com/app", go: "1.25.1", toolchain: "go1.25.3", herokuVersion: "go1.24" },
      herokuInstall: ["./cmd/web", "./tools/..."],
    });
  });

  it.each<[string, object]>([
    ["", {}],
    ["module x\n", { module: "x" }],
    ["module `x y`", { module: "x y" }],
    ["// go 1.2\n", {}],
    ["//+heroku goVersion 1.22\n", { herokuVersion: "1.22" }],
    ["//+heroku other thing\n", {}],
    ["go 1.2\ngo 1.3\n", { go: "1.2" }],
    ["\0\u{fffd} nonsense (((\n", {}],
  ])("%j holds %j", (text, file) => {
    expect(readGoMod(text)).toEqual(file);
  });
});

describe("what an app asks for", () => {
  const ask = (goMod: string, goWork?: string) => {
    const read = goRequirement({
      goMod: readGoMod(goMod),
      ...(goWork === undefined ? {} : { goWork: readGoMod(goWork) }),
    });
    if (!read.ok) return `no version: ${read.text} in ${read.statedIn}`;
    const { form, wanted, statedIn, least, newerLines } = read.requirement;
    return [form, wanted?.text, statedIn, least && `>=${least.text}`, newerLines ? "newer" : ""]
      .filter(Boolean)
      .join(" | ");
  };

  it.each([
    ["", "newest | newer"],
    ["go 1.25", "line | 1.25 | the go line of go.mod | >=1.25 | newer"],
    ["go 1.25.3", "line | 1.25.3 | the go line of go.mod | >=1.25.3 | newer"],
    ["go 1.26rc1", "exact | 1.26rc1 | the go line of go.mod | >=1.26rc1 | newer"],
    ["go 1.16", "line | 1.16 | the go line of go.mod | newer"],
    ["go 1.25\ntoolchain go1.25.3", "exact | 1.25.3 | the toolchain line of go.mod | >=1.25 | newer"],
    ["go 1.25.4\ntoolchain go1.25.3", "line | 1.25.4 | the go line of go.mod | >=1.25.4 | newer"],
    ["go 1.25\ntoolchain default", "line | 1.25 | the go line of go.mod | >=1.25 | newer"],
    ["go 1.25\n// +heroku goVersion go1.26", "line | 1.26 | go.mod, // +heroku goVersion | >=1.25"],
    ["go 1.25\n// +heroku goVersion 1.25.1", "exact | 1.25.1 | go.mod, // +heroku goVersion | >=1.25"],
    ["go 1.x", "no version: 1.x in the go line of go.mod"],
    ["// +heroku goVersion latest", "no version: latest in go.mod, // +heroku goVersion"],
  ])("with %j is %s", (text, expected) => {
    expect(ask(text)).toBe(expected);
  });

  it("is what the workspace says, first of all", () => {
    expect(ask("go 1.22", "go 1.25")).toBe("line | 1.25 | the go line of go.work | >=1.25 | newer");
    expect(ask("go 1.22", "use ./a")).toBe("line | 1.22 | the go line of go.mod | >=1.22 | newer");
  });
});
