import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runExecutable } from "./run-executable.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "executable-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function run(script: string, env: Readonly<Record<string, string>> = {}) {
  const file = join(root, "program");
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  return runExecutable({ file, args: ["one", "two words"], cwd: root, env, output: "capture" });
}

describe("a buildpack's program", () => {
  it.each([
    ["exit 0", 0],
    ["exit 100", 100],
    ["kill -TERM $$", 143],
    ["kill -KILL $$", 137],
    ["kill -ABRT $$", 134],
    ["kill -PIPE $$", 141],
    ["kill -USR1 $$", 138],
  ])("%s ends with %i", async (script, exitCode) => {
    expect((await run(script)).exitCode).toBe(exitCode);
  });

  it("gets its arguments and environment, no input, and nothing of ours", async () => {
    const said = await run('echo "$#:$2:$KEY:$' + '{HOME-none}"; pwd; cat', { KEY: "a b" });
    expect(said).toEqual({ exitCode: 0, output: `2:two words:a b:none\n${root}\n` });
  });

  it("is heard on both streams, and in whole characters when they come in two pieces", async () => {
    const { output } = await run("printf 'caf\\303'; sleep 0.05; printf '\\251'; echo ' x' >&2", {
      PATH: "/usr/bin:/bin",
    });
    expect([...output].sort().join("")).toBe([..."café x\n"].sort().join(""));
  });

  it("is heard to its last 64 KiB, however much it says", async () => {
    const script =
      'i=0; while [ $i -lt 3000 ]; do echo "line $i ........................................"; i=$((i+1)); done';
    const { output } = await run(script);
    expect(output.length).toBe(64 * 1024);
    expect(output).toMatch(/line 2999 \.+\n$/);
  });

  it("that cannot be started is named with the reason", async () => {
    const start = (file: string) => runExecutable({ file, args: [], cwd: root, env: {}, output: "capture" });
    await expect(start(join(root, "none"))).rejects.toThrow(/none could not be started: .*ENOENT/);
    await writeFile(join(root, "plain"), "text");
    await expect(start(join(root, "plain"))).rejects.toThrow(/plain could not be started: .*EACCES/);
  });
});
