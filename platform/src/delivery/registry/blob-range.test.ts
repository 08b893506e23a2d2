import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { askedRange, pieceRange } from "./blob-range.ts";

const whole = { kind: "whole" };
const none = { kind: "unsatisfiable" };
const part = (start: number, end: number) => ({ kind: "part", start, end });

describe("a Range header, for ten bytes", () => {
  test.each([
    [undefined, whole],
    ["bytes=0-0", part(0, 0)],
    ["bytes=0-9", part(0, 9)],
    ["bytes=3-", part(3, 9)],
    ["bytes=3-99", part(3, 9)],
    ["bytes=-4", part(6, 9)],
    ["bytes=-99", part(0, 9)],
    ["bytes=9-9", part(9, 9)],
    ["bytes=10-", none],
    ["bytes=10-11", none],
    ["bytes=-0", none],
    ["bytes=5-4", whole],
    ["bytes=-", whole],
    ["bytes=0-1,3-4", whole],
    ["bytes=a-b", whole],
    ["bytes = 0-1", whole],
    ["items=0-1", whole],
    ["bytes=99999999999999999999-", whole],
  ])("%s", (header, wanted) => {
    expect(askedRange(header, 10)).toEqual(wanted);
  });

  test("an empty blob has no part", () => {
    expect(askedRange("bytes=0-", 0)).toEqual(none);
    expect(askedRange("bytes=-1", 0)).toEqual(none);
    expect(askedRange(undefined, 0)).toEqual(whole);
  });

  test("a part always lies within the blob", () => {
    const number = fc.option(fc.nat(2_000), { nil: undefined });
    fc.assert(
      fc.property(number, number, fc.nat(1_000), (from, to, size) => {
        const asked = askedRange(`bytes=${from ?? ""}-${to ?? ""}`, size);
        if (asked.kind !== "part") return;
        expect(asked.start).toBeGreaterThanOrEqual(0);
        expect(asked.start).toBeLessThanOrEqual(asked.end);
        expect(asked.end).toBeLessThan(size);
      }),
    );
  });
});

test.each([
  ["0-9", { start: 0, end: 9 }],
  ["bytes 5-9", { start: 5, end: 9 }],
  ["bytes=5-9", { start: 5, end: 9 }],
  ["bytes 5-9/10", { start: 5, end: 9 }],
  ["bytes 5-9/*", { start: 5, end: 9 }],
  ["9-5", undefined],
  ["-5", undefined],
  ["5-", undefined],
  ["", undefined],
  ["0x1-0x2", undefined],
])("the Content-Range %j of a piece", (header, wanted) => {
  expect(pieceRange(header)).toEqual(wanted);
});
