import { duplexPair, PassThrough } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type AttachOptions, makeAttachSession } from "./attach-session.ts";

afterEach(() => vi.useRealTimers());

function connect(change: Partial<AttachOptions> = {}) {
  const gone: string[] = [];
  const session = makeAttachSession({
    terminal: false,
    idleMs: 60_000,
    onGone: (why) => gone.push(why),
    ...change,
  });
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const streams = { input: stdin, outputs: [stdout, stderr] };
  return { session, gone, stdin, stdout, stderr, join: () => session.connect(streams) };
}

async function read(stream: PassThrough): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += chunk;
  return text;
}

describe("an attached client", () => {
  test("writes input, also before the process is there, and ends it with byte 4", async () => {
    const { session, stdin, join } = connect();
    session.client.write("early ");
    join();
    session.client.write("late\x04ignored");
    session.client.write("ignored too");
    expect(await read(stdin)).toBe("early late");
    session.end();
  });

  test("in a terminal sends byte 4 like any other", async () => {
    const [screen, far] = duplexPair();
    const session = makeAttachSession({ terminal: true, idleMs: 60_000, onGone: () => {} });
    session.connect({ input: screen, outputs: [screen] });
    session.client.write("a\x04b");
    await wait(10);
    expect(far.read().toString()).toBe("a\x04b");
    session.end();
  });

  test.each([["one"], ["both"]])(
    "does not wait for %s of the outputs that closed, empty, before it was joined",
    async (which) => {
      const { session, stdout, stderr, join } = connect();
      for (const output of which === "both" ? [stdout, stderr] : [stderr]) {
        output.end();
        output.read(0);
        await vi.waitFor(() => expect(output.closed).toBe(true));
      }
      join();
      if (which === "one") stdout.end("out\n");
      session.client.resume();
      await session.outputEnded;
      session.end();
    },
  );

  test("reads both outputs to their ends, then an end of its own", async () => {
    const { session, stdout, stderr, join, gone } = connect();
    join();
    let text = "";
    session.client.on("data", (chunk) => {
      text += chunk;
    });
    const closed = new Promise((resolve) => session.client.once("close", resolve));
    stdout.end("out\n");
    stderr.end("err\n");
    await session.outputEnded;
    session.end();
    await closed;
    expect(text.split("\n").sort()).toEqual(["", "err", "out"]);
    expect(gone).toEqual([]);
  });

  test("that reads slowly slows the process down, and loses nothing", async () => {
    const { session, stdout, stderr, join } = connect();
    join();
    const block = Buffer.alloc(64 * 1024, "x");
    let accepted = 0;
    while (stdout.write(block) || stdout.readableFlowing) {
      accepted++;
      await wait(1);
      if (accepted > 200) break;
    }
    expect(accepted).toBeLessThan(200);
    stdout.end();
    stderr.end();
    let received = 0;
    session.client.on("data", (chunk: Buffer) => {
      received += chunk.length;
    });
    await session.outputEnded;
    session.end();
    await new Promise((resolve) => session.client.once("close", resolve));
    expect(received).toBeGreaterThanOrEqual(accepted * block.length);
  });

  test.each([
    ["ends", (client: { end(): void }) => client.end()],
    ["breaks off", (client: { destroy(): void }) => client.destroy()],
  ] as const)("that %s is gone, once", async (_what, leave) => {
    const { session, gone, join } = connect();
    join();
    leave(session.client);
    await session.outputEnded;
    session.client.destroy();
    session.end();
    expect(gone).toEqual(["closed"]);
  });

  test("that leaves before the process is there is gone, too", async () => {
    const { session, gone } = connect();
    session.client.write("x");
    session.client.destroy();
    await session.outputEnded;
    expect(gone).toEqual(["closed"]);
  });

  test("is gone when nothing moves for the time allowed; any byte begins it anew", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { session, gone, stdout, join } = connect({ idleMs: 1_000 });
    join();
    session.client.resume();
    await vi.advanceTimersByTimeAsync(900);
    stdout.write("still here");
    await vi.advanceTimersByTimeAsync(900);
    expect(gone).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(gone).toEqual(["idle"]);
    expect(session.client.destroyed).toBe(true);
  });

  test("may go on writing to a process that has closed its input", async () => {
    const { session, stdin, join } = connect();
    join();
    stdin.on("error", () => {});
    stdin.destroy();
    await new Promise<void>((resolve) => session.client.write("x", () => resolve()));
    session.end();
  });
});
