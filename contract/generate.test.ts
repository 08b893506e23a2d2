import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { complaint, generate } from "./generate.ts";

describe("the command", () => {
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, [join(import.meta.dirname, "generate.ts"), ...args], { encoding: "utf8" });

  test("has nothing to say about a tree that is as it should be", () => {
    expect(run("--check")).toMatchObject({ status: 0, stdout: "", stderr: "" });
  });

  test("writes nothing when nothing differs", () => {
    expect(run()).toMatchObject({ status: 0, stdout: "" });
  });
});

test("what is wanted stands in two places of the tree", () => {
  const folders = Object.keys(generate()).map((path) => path.split("/").slice(0, -1).join("/"));
  expect([...new Set(folders)].toSorted()).toEqual(["contract/src/generated", "docs/reference"]);
});

describe("the complaint of a check", () => {
  test("names each file and the way out", () => {
    expect(complaint(["a.ts", "b.md"])).toBe(
      "a.ts is not what the generator makes.\nb.md is not what the generator makes.\nRun `npm run generate` and commit the result.",
    );
  });
});
