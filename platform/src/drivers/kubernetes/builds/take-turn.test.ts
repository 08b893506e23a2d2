import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

/** The containers of a pod, as processes that share a folder. */

let turns: string;
beforeEach(() => {
  turns = mkdtempSync(join(tmpdir(), "turns-"));
});
afterEach(() => rmSync(turns, { recursive: true, force: true }));

async function takeTurn(before: string, after: string, line: string, path = "/usr/bin:/bin") {
  const script = join(import.meta.dirname, "take-turn.sh");
  const child = spawn("/bin/sh", [script, before, after, "/bin/sh", "-c", line], {
    env: { PATH: path, TURNS: turns },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { said: await text(child.stdout), status: await ended };
}

const run = (lines: readonly [string, string, string][]) =>
  Promise.all(lines.map(([before, after, line]) => takeTurn(before, after, line)));

describe("containers that take turns", () => {
  it("run one after the other, whichever began first", async () => {
    const log = join(turns, "log");
    const all = await run([
      ["b", "-", `echo third >> ${log}; cat ${log}`],
      ["a", "b", `echo second >> ${log}`],
      ["-", "a", `sleep 0.1; echo first >> ${log}`],
    ]);
    expect(all[0]).toEqual({ said: "first\nsecond\nthird\n\u001eend 0\n", status: 0 });
    expect(all.map(({ status }) => status)).toEqual([0, 0, 0]);
  });

  it("do nothing after one that failed, and do not fail themselves", async () => {
    const all = await run([
      ["-", "a", "echo no >&2; exit 51"],
      ["a", "b", "echo never"],
      ["b", "-", "echo never"],
    ]);
    expect(all).toEqual([
      { said: "no\n\u001eend 51\n", status: 51 },
      { said: "", status: 0 },
      { said: "", status: 0 },
    ]);
  });

  it("do nothing when the one before vanishes without a word", async () => {
    const waiting = takeTurn("a", "-", "echo never");
    await takeTurn("-", "-", `mkfifo ${turns}/a 2>/dev/null; : > ${turns}/a`);
    expect(await waiting).toEqual({ said: "", status: 0 });
  });

  it("say so in an image that lacks what they take turns by", async () => {
    for (const [before, after] of [
      ["a", "b"],
      ["-", "b"],
    ] as const) {
      const { said, status } = await takeTurn(before, after, ":", turns);
      expect(said).toContain("This builder image has no mkfifo");
      expect(said).toContain("\u001eend 127\n");
      expect(status).toBe(127);
    }
  });

  it("pass arguments on as they are", async () => {
    const { said } = await takeTurn("-", "-", 'printf "<%s>" "a  b" "$0"');
    expect(said).toBe("<a  b></bin/sh>\u001eend 0\n");
  });
});
