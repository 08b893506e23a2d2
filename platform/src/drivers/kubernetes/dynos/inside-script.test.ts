import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { enterArgv, environmentLines, makeEntryFilter, signalArgv } from "./inside-script.ts";

/** Runs the script with this machine's shell; the answer is what the command prints, without what comes before. */
async function enter(input: string, command: readonly string[]): Promise<{ out: string; session: number }> {
  const [program = "", ...args] = enterArgv(command);
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"], env: { PATH: process.env.PATH } });
  child.stdin.end(input);
  const filter = makeEntryFilter();
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => {
    for (const byte of chunk) out += filter.push(Buffer.from([byte])).toString("latin1");
  });
  await once(child, "close");
  const session = await Promise.race([filter.session, Promise.resolve(-1)]);
  return { out: Buffer.from(out, "latin1").toString("utf8"), session };
}

const value = (env: Record<string, string>) => enter(environmentLines(env), ["printenv", "NAME"]);

describe("the entry", () => {
  test.each([
    "plain",
    "",
    "with spaces",
    `quotes ' " and \\ and $HOME and \`date\``,
    "lines\nand ends\n\n",
    "%s \\0101 \\n",
    "ä ☃ 🚀",
    "controls \u0001\u0003\u0004\u0007\u001b[1m\u007f\t\r",
    "x".repeat(20_000),
  ])("gives the command the variable %j", async (text) => {
    expect((await value({ NAME: text })).out).toBe(`${text}\n`);
  });

  test("tells its process and becomes the command", async () => {
    const { out, session } = await enter(environmentLines({}), ["sh", "-c", "echo $$"]);
    expect(out).toBe(`${session}\n`);
  });

  test("leaves the command the input behind the environment, and no variable of its own", async () => {
    const { out } = await enter(`${environmentLines({ A: "1" })}rest\n`, [
      "sh",
      "-c",
      "cat; env | grep -ci '^[^=]*conifer'",
    ]);
    expect(out).toBe("rest\n0\n");
  });

  test("starts nothing when its input ends before the environment has", async () => {
    const text = environmentLines({ NAME: "x".repeat(5_000) });
    for (const cut of [0, 10, 2_000, text.length - 1])
      expect(await enter(text.slice(0, cut), ["echo", "started"])).toEqual({ out: "", session: -1 });
  });

  test("goes through a terminal: short lines of printable characters", () => {
    const lines = environmentLines({ A: "\u0003\u0004".repeat(3_000), B: "ä\n" }).split("\n");
    for (const line of lines) expect(line).toMatch(/^[ -~]{0,900}$/);
    expect(lines.indexOf("")).toBe(lines.length - 2);
  });
});

describe("the filter", () => {
  test("drops what comes before the word, a terminal's echo for one", async () => {
    const filter = makeEntryFilter();
    expect(filter.push(Buffer.from("export A='1'; \r\n".repeat(1_000)))).toHaveLength(0);
    expect(filter.push(Buffer.from("\u0001conifer 4")).toString()).toBe("");
    expect(filter.push(Buffer.from("2\u0002$ ")).toString()).toBe("$ ");
    expect(filter.push(Buffer.from("\u0001conifer 1\u0002")).toString()).toBe("\u0001conifer 1\u0002");
    expect(await filter.session).toBe(42);
  });
});

describe("the signal", () => {
  test("reaches all of a session and nobody else", async () => {
    // Ready when all four are there: one that is about to be forked would not be reached.
    const line = "sleep 1000 & sh -c 'sleep 1000 & echo ready; wait' & wait";
    const [one, other] = [1, 2].map(() =>
      spawn("sh", ["-c", line], {
        detached: true,
        stdio: ["ignore", "pipe", "ignore"],
      }),
    );
    if (!one?.pid || !other?.pid) throw new Error("no processes");
    await Promise.all([once(one.stdout, "data"), once(other.stdout, "data")]);
    const send = (session: number, name: "HUP" | "KILL") => {
      const [program = "", ...args] = signalArgv(session, name);
      return new Promise<void>((resolve) => execFile(program, args, () => resolve()));
    };
    // Its pipe closes when the last of its processes has ended.
    const closed = once(one.stdout, "close");
    await send(one.pid, "HUP");
    await closed;
    expect(other.exitCode ?? other.signalCode).toBeNull();
    const otherClosed = once(other.stdout, "close");
    await send(other.pid, "KILL");
    await otherClosed;
    await send(other.pid, "KILL");
  });
});
