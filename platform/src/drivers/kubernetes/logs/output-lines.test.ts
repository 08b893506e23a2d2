import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CriEntry } from "./cri-entries.ts";
import { makeOutputLines } from "./output-lines.ts";

function entry(text: string | Buffer, tag: "P" | "F" = "F", pipe: CriEntry["pipe"] = "stdout"): CriEntry {
  return { ms: 1, pipe, isPartial: tag === "P", content: Buffer.from(text), end: 0 };
}

function join(...entries: CriEntry[]) {
  const lines = makeOutputLines();
  for (const each of entries) lines.add(each);
  return { told: lines.take().map(({ message }) => message), holds: lines.isHolding() };
}

describe("lines", () => {
  test.each([
    ["whole ones", [entry("a"), entry(""), entry("b")], ["a", "", "b"]],
    ["one in parts", [entry("a", "P"), entry("b", "P"), entry("c")], ["abc"]],
    ["an empty end", [entry("a", "P"), entry("")], ["a"]],
    ["two pipes", [entry("a"), entry("b", "F", "stderr")], ["a", "b"]],
    ["a part between", [entry("a", "P"), entry("x", "F", "stderr"), entry("b")], ["x", "ab"]],
    [
      "parts of both",
      [entry("a", "P"), entry("x", "P", "stderr"), entry("b"), entry("y", "F", "stderr")],
      ["ab", "xy"],
    ],
  ])("are joined: %s", (_what, entries, wanted) => {
    expect(join(...entries)).toEqual({ told: wanted, holds: false });
  });

  test("wait for the end of any line that has begun, so that a place can be named behind them", () => {
    expect(join(entry("a"), entry("b", "P"))).toEqual({ told: [], holds: true });
    expect(join(entry("b", "P"), entry("x", "F", "stderr"))).toEqual({ told: [], holds: true });
  });

  test("are told as far as they have come, if nothing more will", () => {
    const lines = makeOutputLines();
    lines.add(entry("half", "P"));
    lines.add(entry(Buffer.from([0xe6, 0x9d]), "P"));
    expect(lines.take(true)).toEqual([{ ms: 1, message: "half\ufffd" }]);
    expect(lines.isHolding()).toBe(false);
  });

  test("have the time of their first part", () => {
    const lines = makeOutputLines();
    lines.add({ ...entry("a", "P"), ms: 5 });
    lines.add({ ...entry("b"), ms: 9 });
    expect(lines.take()).toEqual([{ ms: 5, message: "ab" }]);
  });

  test("are forgotten when they will be read again", () => {
    const lines = makeOutputLines();
    lines.add(entry("a"));
    lines.add(entry("b", "P"));
    lines.clear();
    lines.add(entry("c"));
    expect(lines.take()).toEqual([{ ms: 1, message: "c" }]);
  });
});

test("a line without an end is cut, and no character of it", () => {
  const text = "松".repeat(200_000);
  const bytes = Buffer.from(text);
  const lines = makeOutputLines();
  const told: string[] = [];
  let most = 0;
  for (let start = 0; start < bytes.length; start += 16_384) {
    const isLast = start + 16_384 >= bytes.length;
    lines.add(entry(bytes.subarray(start, start + 16_384), isLast ? "F" : "P"));
    const taken = lines.take();
    most = Math.max(most, ...taken.map(({ message }) => message.length));
    told.push(...taken.map(({ message }) => message));
  }
  expect(told.length).toBeGreaterThan(1);
  expect(told.join("")).toBe(text);
  expect(most).toBeLessThan(300_000);
});

test("what is held because of the other pipe is bounded, too", () => {
  const lines = makeOutputLines();
  lines.add(entry("never ends", "P", "stderr"));
  let told = 0;
  for (let i = 0; i < 1_000; i++) {
    lines.add(entry("x".repeat(1_000)));
    told += lines.take().length;
  }
  expect(told).toBeGreaterThan(250);
});

test("however a text is cut into entries, it is told as it was written", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "grapheme", maxLength: 40 }), { maxLength: 10 }),
      fc.integer({ min: 1, max: 7 }),
      (texts, size) => {
        const lines = makeOutputLines();
        for (const text of texts) {
          const bytes = Buffer.from(text);
          for (let start = 0; start === 0 || start < bytes.length; start += size)
            lines.add(entry(bytes.subarray(start, start + size), start + size < bytes.length ? "P" : "F"));
        }
        expect(lines.take().map(({ message }) => message)).toEqual(texts);
      },
    ),
  );
});
