import { describe, expect, it } from "vitest";
import { readTool, runTool } from "./run-tool.ts";

const env = { PATH: process.env.PATH };

async function run(line: string, signal = new AbortController().signal) {
  const lines: string[] = [];
  const log = { detail: (text: string) => void lines.push(text) };
  const code = await runTool({ command: "sh", args: ["-c", line], cwd: "/", env, log, signal });
  return { code, lines };
}

describe("a program of the build", () => {
  it("tells its lines, of both outputs", async () => {
    const { code, lines } = await run("echo one; echo two >&2; printf three");
    expect(code).toBe(0);
    expect(lines.toSorted()).toEqual(["one", "three", "two"]);
  });

  it("keeps the order of one output", async () => {
    const { lines } = await run("for i in 1 2 3 4 5; do echo $i; done");
    expect(lines).toEqual(["1", "2", "3", "4", "5"]);
  });

  it("ends lines as they are ended anywhere", async () => {
    expect((await run("printf 'a\\r\\nb\\n\\nc'")).lines).toEqual(["a", "b", "", "c"]);
  });

  it.each([
    ["exit 3", 3],
    ["kill -KILL $$", 137],
    ["kill -TERM $$", 143],
    ["kill -SEGV $$", 139],
  ])("%s gives %i", async (line, code) => {
    expect((await run(line)).code).toBe(code);
  });

  it("reads nothing from the terminal", async () => {
    expect((await run("cat; echo end")).lines).toEqual(["end"]);
  });

  it("is stopped by an abort", async () => {
    const stop = new AbortController();
    const running = run("echo up; exec sleep 60", stop.signal);
    stop.abort();
    await expect(running).rejects.toMatchObject({ name: "AbortError" });
  });

  it("that is not there is told", async () => {
    const log = { detail: () => {} };
    const { signal } = new AbortController();
    const running = runTool({ command: "/no/such/program", args: [], cwd: "/", env, log, signal });
    await expect(running).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("a program that is read", () => {
  const { signal } = new AbortController();
  const read = (line: string) => readTool({ command: "sh", args: ["-c", line], cwd: "/", env, signal });

  it("gives its output", async () => {
    expect(await read("echo a; echo b; echo c >&2")).toBe("a\nb\n");
  });

  it("says why it failed, by the end of what it said", async () => {
    await expect(read("echo broken >&2; exit 2")).rejects.toThrow("sh ended with 2: broken");
    await expect(read("seq 1 100000 >&2; exit 1")).rejects.toThrow(/^sh ended with 1: [\s\S]{1,2000}$/);
  });
});
