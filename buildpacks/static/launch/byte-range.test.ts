import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRange } from "./byte-range.ts";

describe("the part of a file of ten bytes", () => {
  it.each([
    ["bytes=0-4", { start: 0, end: 4 }],
    ["bytes=5-", { start: 5, end: 9 }],
    ["bytes=-3", { start: 7, end: 9 }],
    ["bytes=-30", { start: 0, end: 9 }],
    ["bytes=0-99", { start: 0, end: 9 }],
    ["bytes=9-9", { start: 9, end: 9 }],
    ["bytes=10-", "none"],
    ["bytes=10-20", "none"],
    ["bytes=-0", "none"],
  ])("%s", (header, range) => {
    expect(readRange(header, 10)).toEqual(range);
  });

  it.each([
    undefined,
    "",
    "bytes=",
    "bytes=-",
    "bytes=4-2",
    "bytes=0-1,3-4",
    "lines=0-1",
    "bytes=a-b",
    "bytes= 0-1",
  ])("is all of it for %j", (header) => {
    expect(readRange(header, 10)).toBeUndefined();
  });
});

it("of an empty file there is none", () => {
  for (const header of ["bytes=0-", "bytes=-5", "bytes=0-0"]) expect(readRange(header, 0)).toBe("none");
});

it("lies within the file", () => {
  const number = fc.nat({ max: 40 });
  const text = fc.option(number).map((one) => (one === null ? "" : String(one)));
  fc.assert(
    fc.property(text, text, number, (first, last, size) => {
      const range = readRange(`bytes=${first}-${last}`, size);
      if (range === undefined || range === "none") return;
      expect(range.start).toBeGreaterThanOrEqual(0);
      expect(range.start).toBeLessThanOrEqual(range.end);
      expect(range.end).toBeLessThan(size);
    }),
  );
});
