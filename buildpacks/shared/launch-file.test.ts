import { readFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "smol-toml";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder } from "./buildpack-fixtures.ts";
import { type LaunchFile, shellProcess, writeLaunchFile } from "./launch-file.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

async function written(launch: LaunchFile) {
  await writeLaunchFile(folder.at, launch);
  return parse(await readFile(path.join(folder.at, "launch.toml"), "utf8"));
}

describe("a line of shell", () => {
  it.each([
    ["web", true, { type: "web", command: ["bash", "-c"], args: ["a b"], default: true }],
    ["worker", true, { type: "worker", command: ["bash", "-c"], args: ["a b"], default: false }],
    ["web", false, { type: "web", command: ["sh", "-c"], args: ["a b"], default: true }],
  ])("of %s, bash there: %s", (type, hasBash, expected) => {
    expect(shellProcess(type, "a b", hasBash)).toEqual(expected);
  });

  it("finds the base's bash by itself", () => {
    expect(shellProcess("web", "a").command).toEqual(["bash", "-c"]);
  });
});

describe("launch.toml", () => {
  it("has the processes", async () => {
    const web = shellProcess("web", `echo "a" 'b' \\ $PORT ☃`);
    expect(await written({ processes: [web] })).toEqual({ processes: [web] });
  });

  it("has a label for config vars that need a secret", async () => {
    expect(await written({ processes: [], secrets: ["A", "B"] })).toEqual({
      processes: [],
      labels: [{ key: "dev.conifer.secret-config-vars", value: "A,B" }],
    });
    expect(await written({ processes: [], secrets: [] })).toEqual({ processes: [] });
  });

  it("has slices when there are any", async () => {
    const launch = { processes: [], slices: [["node_modules/**"], ["a", "b"]] };
    expect(await written(launch)).toEqual({
      processes: [],
      slices: [{ paths: ["node_modules/**"] }, { paths: ["a", "b"] }],
    });
    expect(await written({ processes: [], slices: [] })).toEqual({ processes: [] });
  });
});
