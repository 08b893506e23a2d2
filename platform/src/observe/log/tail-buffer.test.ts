import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ReadLine } from "./log-ports.ts";
import { makeTailBuffer } from "./tail-buffer.ts";

const start = new Date("2026-01-02T03:04:05.678Z");
const lineOf = (position: number, message = `line ${position}`): ReadLine => ({
  appId: "a",
  time: start,
  source: "app",
  process: "web.1",
  message,
  position,
});
const never = new AbortController().signal;

describe("tail buffer", () => {
  it("gives what was pushed, once", () => {
    const buffer = makeTailBuffer("a", { lines: 10, characters: 1_000 }, () => start);
    for (const position of [1, 2]) buffer.push(lineOf(position));
    expect(buffer.take()).toEqual([lineOf(1), lineOf(2)]);
    expect(buffer.take()).toEqual([]);
  });

  it("loses the oldest, and says how many since when", () => {
    let now = start;
    const buffer = makeTailBuffer("a", { lines: 2, characters: 1_000 }, () => now);
    for (const position of [1, 2, 3, 4]) buffer.push(lineOf(position));
    now = new Date(start.getTime() + 5_000);
    buffer.push(lineOf(5));
    const [told, ...rest] = buffer.take();
    expect(told).toEqual({
      appId: "a",
      time: now,
      source: "heroku",
      process: "logplex",
      message:
        "Error L11 (Tail buffer overflow) -> This tail session dropped 3 messages since 2026-01-02T03:04:05.678000+00:00.",
    });
    expect(rest).toEqual([lineOf(4), lineOf(5)]);
    buffer.push(lineOf(6));
    expect(buffer.take()).toEqual([lineOf(6)]);
  });

  it("bounds the characters too, and loses even the last line when it alone is too long", () => {
    const buffer = makeTailBuffer("a", { lines: 10, characters: 20 }, () => start);
    buffer.push(lineOf(1, "x".repeat(15)));
    buffer.push(lineOf(2, "x".repeat(15)));
    expect(buffer.take().map(({ position }) => position)).toEqual([undefined, 2]);
    buffer.push(lineOf(3, "x".repeat(30)));
    expect(buffer.take().map(({ position }) => position)).toEqual([undefined]);
  });

  it("accounts for every line, whatever the order of pushing and taking", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(3_000), { maxLength: 10 }),
        fc.integer({ min: 1, max: 2_000 }),
        (bursts, lines) => {
          const buffer = makeTailBuffer("a", { lines, characters: 1e9 }, () => start);
          let position = 0;
          let seen = 0;
          for (const burst of bursts) {
            for (let i = 0; i < burst; i++) buffer.push(lineOf(++position, ""));
            for (const line of buffer.take()) {
              const lost = / dropped (\d+) /.exec(line.message)?.[1];
              seen += lost ? Number(lost) : 1;
              if (!lost) expect(line.position).toBe(seen);
            }
          }
          expect(seen).toBe(position);
        },
      ),
    );
  });

  it("wakes who waits, by a line or by the signal", async () => {
    const buffer = makeTailBuffer("a", { lines: 10, characters: 1_000 }, () => start);
    const waiting = buffer.wait(never);
    buffer.push(lineOf(1));
    await waiting;
    await buffer.wait(never);
    buffer.take();
    const end = new AbortController();
    const ending = buffer.wait(end.signal);
    end.abort();
    await ending;
    await buffer.wait(end.signal);
    expect(buffer.take()).toEqual([]);
  });
});
