import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutBefore, MESSAGE_BYTES, splitMessage } from "./split-message.ts";

const STYLES = new RegExp(`${String.fromCharCode(27)}\\[[\\d;:]*m`, "g");

describe("splitting messages", () => {
  it.each([
    ["plain text", "hello", ["hello"]],
    ["nothing", "", [""]],
    ["a line break at the end", "hello\n", ["hello"]],
    ["several lines", "a\nb\n\nc", ["a", "b", "", "c"]],
    ["empty lines at the end, but for the last", "a\n\n", ["a", ""]],
    ["a single line break", "\n", [""]],
    ["line breaks of Windows", "a\r\nb\r\n", ["a", "b"]],
    ["a progress bar", "10%\r50%\r100%\n", ["10%", "50%", "100%"]],
    ["a carriage return at the end", "a\r", ["a"]],
    ["tabs", "\tat Object.<anonymous>", ["\tat Object.<anonymous>"]],
    ["colors", "\u001b[1;32mok\u001b[0m", ["\u001b[1;32mok\u001b[0m"]],
    ["other escape sequences", "\u001b[2Jgone\u001b]0;title\u0007", ["\ufffd[2Jgone\ufffd]0;title\ufffd"]],
    ["binary", "a\u0000b\u0085c\u007f", ["a\ufffdb\ufffdc\ufffd"]],
    ["half a surrogate pair", "a\ud83db", ["a\ufffdb"]],
    ["other languages", "grüße 世界 🌲", ["grüße 世界 🌲"]],
  ])("keeps %s in order", (_, text, lines) => {
    expect(splitMessage(text)).toEqual(lines);
  });

  it("cuts a long message into pieces of 10,000 bytes that join to the whole", () => {
    const text = "0123456789".repeat(2_500);
    expect(splitMessage(text).map((piece) => piece.length)).toEqual([10_000, 10_000, 5_000]);
    expect(splitMessage(text).join("")).toBe(text);
  });

  it("cuts no character in two", () => {
    const text = `x${"🌲".repeat(5_000)}`;
    const pieces = splitMessage(text);
    expect(pieces.join("")).toBe(text);
    expect(pieces.every((piece) => Buffer.byteLength(piece) <= MESSAGE_BYTES)).toBe(true);
  });

  it("cuts no color in two", () => {
    for (let before = 9_990; before <= 10_001; before++) {
      const text = `${"x".repeat(before)}\u001b[1;32mok\u001b[0m`;
      const pieces = splitMessage(text);
      expect(pieces.join("")).toBe(text);
      expect(pieces.every((piece) => splitMessage(piece)[0] === piece)).toBe(true);
    }
  });

  it("makes any text safe", () => {
    const anything = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
      fc.string({ unit: fc.constantFrom("\ud83c", "\udf32", "\r", "\n", "\u001b", "[0m", "a") }),
    );
    fc.assert(
      fc.property(anything, fc.nat(40), (text, times) => {
        const lines = splitMessage(text.repeat(times));
        expect(lines.length).toBeGreaterThan(0);
        for (const line of lines) {
          expect(Buffer.byteLength(line)).toBeLessThanOrEqual(MESSAGE_BYTES);
          expect(line.isWellFormed()).toBe(true);
          expect(line.replaceAll(STYLES, "")).not.toMatch(/[^\P{Cc}\t]/u);
          // Safe text stays as it is, so that a line may pass here twice.
          expect(splitMessage(line)).toEqual([line]);
        }
      }),
    );
  });
});

describe("cutBefore", () => {
  it("finds an end between characters at any limit", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 4, max: 20 }), (text, limit) => {
        const bytes = Buffer.from(text);
        let joined = "";
        for (let start = 0; start < bytes.length; ) {
          const end = cutBefore(bytes, start, limit);
          expect(end).toBeGreaterThan(start);
          expect(end - start).toBeLessThanOrEqual(limit);
          joined += bytes.toString("utf8", start, end);
          start = end;
        }
        expect(joined).toBe(text);
      }),
    );
  });

  it("makes progress in bytes that are not UTF-8", () => {
    expect(cutBefore(Buffer.alloc(100, 0x80), 0, 10)).toBe(10);
  });
});
