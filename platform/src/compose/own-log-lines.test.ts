import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isLogLine, makeLogLineReader } from "./own-log-lines.ts";

const LINE = '{"time":"2026-01-02T03:04:05.000Z","level":"info","role":"host","message":"ready"}';
const wrapped: string[] = [];
const wrap = (text: string) => `wrapped ${text}\n`;

describe("a line of a logger", () => {
  test.each([
    [LINE, true],
    [LINE.slice(0, -1), false],
    ['{"time":1}', true],
    ['{"message":"x"}', false],
    ["Error: x", false],
    ["", false],
  ])("%s: %s", (text, is) => {
    expect(isLogLine(text)).toBe(is);
  });
});

test("lines of a logger stay, others are wrapped, and empty ones go", () => {
  const reader = makeLogLineReader(wrap);
  expect(reader.take(`${LINE}\nError: x\n    at y\n\n  \n`)).toEqual([
    `${LINE}\n`,
    "wrapped Error: x\n",
    "wrapped     at y\n",
  ]);
  expect(reader.rest()).toEqual([]);
});

test("pieces make the same lines wherever they are cut", () => {
  const pieces = fc.array(fc.oneof(fc.constant("\n"), fc.constant(LINE), fc.string({ unit: "grapheme" })));
  fc.assert(
    fc.property(pieces, (texts) => {
      const whole = makeLogLineReader(wrap);
      const cut = makeLogLineReader(wrap);
      const inOne = [...whole.take(texts.join("")), ...whole.rest()];
      expect([...texts.flatMap((text) => cut.take(text)), ...cut.rest()]).toEqual(inOne);
      for (const line of inOne) expect(line.indexOf("\n")).toBe(line.length - 1);
    }),
  );
});

test("an endless line is bounded, and what follows is read again", () => {
  const reader = makeLogLineReader(wrap);
  const taken = Array.from({ length: 50 }, () => reader.take("x".repeat(10_000))).flat();
  expect(taken).toEqual([]);
  const [long = "", next] = reader.take(`\n${LINE}\n`);
  expect(long.length).toBeLessThan(70_000);
  expect(long).toMatch(/x \.\.\.\n$/);
  expect(next).toBe(`${LINE}\n`);
});

test("a log line that is cut is no log line any more, but wrapped", () => {
  const reader = makeLogLineReader((text) => {
    wrapped.push(text);
    return "wrapped\n";
  });
  expect(reader.take(`{"time":"${"x".repeat(100_000)}"}\n`)).toEqual(["wrapped\n"]);
  expect(wrapped[0]?.length).toBeLessThan(70_000);
});
