import { expect, test } from "vitest";
import { readImageArguments, USAGE } from "./image-arguments.ts";

test.each([
  [[], { help: false, json: false }],
  [["--json"], { help: false, json: true }],
  [["--help"], { help: true, json: false }],
  [["-h", "--json"], { help: true, json: true }],
])("%j", (args, wanted) => {
  expect(readImageArguments(args)).toEqual(wanted);
});

test.each(["--jason", "run", "", "--json=1"])('"%s" is a mistake that names itself', (arg) => {
  expect(() => readImageArguments([arg])).toThrow(`There is no option ${arg}`);
});

test("the help names what it takes, and every exit status", () => {
  for (const word of ["--json", "CONIFER_RUN_IMAGE", "XDG_CACHE_HOME", "0 done", "3 something"])
    expect(USAGE).toContain(word);
});
