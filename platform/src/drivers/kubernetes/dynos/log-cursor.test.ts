import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeLogCursor, nanosOf, parseStampedLine, type StampedLine } from "./log-cursor.ts";

describe("a stamped line", () => {
  test.each([
    ["2026-11-21T08:00:01.123456789Z hello world", "hello world"],
    ["2026-11-21T08:00:01Z x", "x"],
    ["2026-11-21T08:00:01.5+02:00  two spaces", " two spaces"],
    ["2026-11-21T08:00:01.123456789Z ", ""],
    ["2026-11-21T08:00:01.123456789Z", ""],
  ])("%j", (line, text) => {
    expect(parseStampedLine(line)?.text).toBe(text);
  });

  test.each([
    "",
    "unable to retrieve container logs for containerd://x",
    "2026-11-21 08:00:01 x",
    "failed to try",
  ])("a node's own word is none: %j", (line) => {
    expect(parseStampedLine(line)).toBeUndefined();
  });
});

test.each([
  ["1970-01-01T00:00:01Z", 1_000_000_000n],
  ["1970-01-01T00:00:01.5Z", 1_500_000_000n],
  ["1970-01-01T00:00:00.000000001Z", 1n],
  ["1970-01-01T01:00:00.000000001+01:00", 1n],
])("%s is %d ns", (stamp, nanos) => {
  expect(nanosOf(stamp)).toBe(nanos);
});

/** Reads a log from a cursor as the API gives it: from a whole second on, in part. */
function read(log: readonly StampedLine[], cursor: ReturnType<typeof makeLogCursor>, upTo: number): string[] {
  cursor.rewind();
  const since = cursor.since();
  const from = since ? nanosOf(since) : 0n;
  const shown = log.slice(0, upTo).filter(({ stamp }) => nanosOf(stamp) >= from);
  return shown.filter((line) => cursor.accept(line)).map(({ text }) => text);
}

describe("a cursor", () => {
  test("begins at the log's begin, or at a time", () => {
    expect(makeLogCursor().since()).toBeUndefined();
    expect(makeLogCursor(new Date("2026-11-21T08:00:01.700Z")).since()).toBe("2026-11-21T08:00:01Z");
  });

  test("refuses what is older than where it began", () => {
    const cursor = makeLogCursor(new Date("2026-11-21T08:00:01.700Z"));
    expect(cursor.accept({ stamp: "2026-11-21T08:00:01.699999999Z", text: "" })).toBe(false);
    expect(cursor.accept({ stamp: "2026-11-21T08:00:01.700000001Z", text: "" })).toBe(true);
  });

  test("yields each line once, however often the reading breaks off, also lines of one nanosecond", () => {
    const steps = fc.array(fc.constantFrom(0, 0, 1, 7, 400_000_000, 1_500_000_000), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(steps, fc.array(fc.nat(40)), (gaps, breaks) => {
        let at = BigInt(Date.parse("2026-11-21T08:00:00Z")) * 1_000_000n;
        const log = gaps.map((gap, i) => {
          at += BigInt(gap);
          const second = new Date(Number(at / 1_000_000_000n) * 1_000).toISOString().slice(0, 19);
          return { stamp: `${second}.${String(at % 1_000_000_000n).padStart(9, "0")}Z`, text: String(i) };
        });
        const cursor = makeLogCursor();
        const told = breaks.toSorted((a, b) => a - b).flatMap((upTo) => read(log, cursor, upTo));
        told.push(...read(log, cursor, log.length));
        expect(told).toEqual(log.map(({ text }) => text));
      }),
    );
  });
});
