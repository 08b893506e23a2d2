import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder, runProgram, writeFiles } from "./buildpack-fixtures.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
let app: string;
let layers: string;
beforeEach(async () => {
  folder = await makeFolder();
  app = path.join(folder.at, "it's an app");
  layers = path.join(folder.at, "layers");
  await writeFiles(app, { ".profile": 'export TOLD="$TOLD"told\n' });
  const program = path.resolve(import.meta.dirname, "../profile/bin/build");
  const env = { PATH: process.env.PATH, CNB_LAYERS_DIR: layers };
  expect(await runProgram(program, [layers], { cwd: app, env })).toMatchObject({
    code: 0,
    output: "       .profile runs before each process\n",
  });
});
afterEach(() => folder.remove());

async function bash(line: string) {
  const before = await readFile(path.join(layers, "profile/env.launch/BASH_ENV.default"), "utf8");
  const run = await runProgram("bash", ["-c", line], {
    cwd: app,
    env: { PATH: process.env.PATH, BASH_ENV: before },
  });
  return run.output;
}

describe("the profile script of an app", () => {
  it("is read before a process", async () => {
    expect(await bash('echo "$TOLD"')).toBe("told\n");
  });

  it("is read once, however many shells there are", async () => {
    expect(await bash("bash -c 'echo \"$TOLD$BASH_ENV\"'")).toBe("told\n");
  });

  it("is not read again where the launcher reads it", async () => {
    expect(await bash(`. '${folder.at}/it'\\''s an app/.profile'\necho "$TOLD"`)).toBe("told\n");
  });

  it("may be gone at launch", async () => {
    expect(await bash('mv .profile gone; bash -c true; echo "$TOLD"')).toBe("told\n");
  });

  it("is in a layer for the launch", async () => {
    expect(await readFile(path.join(layers, "profile.toml"), "utf8")).toBe("[types]\nlaunch = true\n");
  });
});
