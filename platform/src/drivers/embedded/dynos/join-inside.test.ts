import { PassThrough } from "node:stream";
import { expect, test, vi } from "vitest";
import { readAll } from "../../../runtime/dyno/dyno-host-suite.ts";
import type { EnteredProgram } from "../sandbox/index.ts";
import { joinInside } from "./join-inside.ts";

/** A program whose streams and end are the test's to give. `hup`: what it does when it is hung up on. */
function scripted(hup: (exit: (code: number) => void) => void = (exit) => exit(129)) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const end = Promise.withResolvers<number>();
  const signals: string[] = [];
  const exit = (code: number) => {
    end.resolve(code);
    for (const output of [stdout, stderr]) output.end();
  };
  const program: EnteredProgram = {
    pipes: { stdin, stdout, stderr } as unknown as NonNullable<EnteredProgram["pipes"]>,
    exited: end.promise,
    signal: (name) => {
      signals.push(name);
      if (name === "SIGHUP") hup(exit);
      else exit(137);
    },
  };
  return { program, stdin, stdout, stderr, signals, exit };
}

const OPTIONS = { terminal: false, stopSeconds: 10 };

test("the client gets both outputs to their ends, and gives the input", async () => {
  const { program, stdin, stdout, stderr, exit, signals } = scripted();
  const client = joinInside(program, OPTIONS);
  client.write("input\x04");
  expect(await readAll(stdin)).toBe("input");
  stdout.write("out ");
  stderr.write("err ");
  exit(0);
  expect((await readAll(client)).split(" ").sort()).toEqual(["", "err", "out"]);
  // What it has left behind.
  expect(signals).toEqual(["SIGKILL"]);
});

test("a program is hung up on with its client, and killed only afterwards", async () => {
  const { program, signals } = scripted();
  joinInside(program, OPTIONS).destroy();
  await vi.waitFor(() => expect(signals).toEqual(["SIGHUP", "SIGKILL"]));
});

test("one that ignores it is killed after its time", async () => {
  vi.useFakeTimers();
  const { program, signals } = scripted(() => {});
  joinInside(program, OPTIONS).destroy();
  await vi.advanceTimersByTimeAsync(9_900);
  expect(signals).toEqual(["SIGHUP"]);
  await vi.advanceTimersByTimeAsync(200);
  expect(signals).toEqual(["SIGHUP", "SIGKILL"]);
  vi.useRealTimers();
});

test("a session in which nothing moves ends", async () => {
  vi.useFakeTimers();
  const { program, signals, stdout } = scripted();
  const client = joinInside(program, { ...OPTIONS, idleMs: 1_000 });
  client.on("error", () => {});
  await vi.advanceTimersByTimeAsync(900);
  stdout.write("still there");
  await vi.advanceTimersByTimeAsync(900);
  expect(signals).toEqual([]);
  await vi.advanceTimersByTimeAsync(200);
  expect(signals).toEqual(["SIGHUP", "SIGKILL"]);
  vi.useRealTimers();
});

test("what holds the output open behind a program that has ended does not hold the client for long", async () => {
  vi.useFakeTimers();
  const { program, stdout } = scripted();
  const client = joinInside({ ...program, exited: Promise.resolve(0), signal: () => {} }, OPTIONS);
  stdout.write("done");
  let text = "";
  client.on("data", (chunk) => {
    text += chunk;
  });
  const closed = new Promise((resolve) => client.once("close", resolve));
  await vi.advanceTimersByTimeAsync(10_000);
  await closed;
  expect(text).toBe("done");
  vi.useRealTimers();
});

test("a program that has ended, and said nothing, before its client was joined ends the client", async () => {
  const { program, stdout, stderr } = scripted();
  for (const output of [stdout, stderr]) {
    output.end();
    output.read(0);
    await vi.waitFor(() => expect(output.closed).toBe(true));
  }
  expect(await readAll(joinInside({ ...program, exited: Promise.resolve(0) }, OPTIONS))).toBe("");
});
