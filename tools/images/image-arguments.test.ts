import { expect, test } from "vitest";
import { hostArchitecture } from "./debian-release.ts";
import { readImageArguments, USAGE } from "./image-arguments.ts";

test.each([
  [[], { kind: "run", help: false, json: false }],
  [["run"], { kind: "run", help: false, json: false }],
  [["builder", "--json"], { kind: "builder", help: false, json: true }],
  [["--json"], { kind: "run", help: false, json: true }],
  [["--help"], { kind: "run", help: true, json: false }],
  [["-h", "--json"], { kind: "run", help: true, json: true }],
  [["--arch", "arm64"], { kind: "run", help: false, json: false, architecture: "arm64" }],
  [["builder", "--arch=amd64"], { kind: "builder", help: false, json: false, architecture: "amd64" }],
])("%j", (args, wanted) => {
  expect(readImageArguments(args)).toEqual({ architecture: hostArchitecture(), ...wanted });
});

test.each(["--jason", "runs", "", "--json=1"])('"%s" is a mistake that names itself', (arg) => {
  expect(() => readImageArguments([arg])).toThrow(`There is no ${arg}`);
});

test.each([["--arch"], ["--arch", "s390x"], ["--arch="], ["--arch", "--json"]])(
  "%s %s is a mistake",
  (...args) => {
    expect(() => readImageArguments(args.filter(Boolean))).toThrow("--arch takes amd64 or arm64, not");
  },
);

test("the help names what it takes, and every exit status", () => {
  for (const word of [
    "--json",
    "CONIFER_RUN_IMAGE",
    "CONIFER_BUILDER_IMAGE",
    "XDG_CACHE_HOME",
    "0 done",
    "3 something",
  ])
    expect(USAGE).toContain(word);
});
