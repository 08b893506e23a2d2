import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LogLine } from "../../../kernel/index.ts";
import type { LogBatch } from "./log-followers.ts";
import { batchFromWire, batchToWire, fromWire, toWire } from "./log-wire.ts";

const line: fc.Arbitrary<LogLine> = fc.record({
  appId: fc.constant("a"),
  time: fc.date({ noInvalidDate: true }),
  source: fc.constantFrom("app" as const, "heroku" as const),
  process: fc.string(),
  message: fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => text.repeat(500)),
});
const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("lines between processes", () => {
  it("arrive as they were sent", () => {
    fc.assert(
      fc.property(line, (sent) => {
        expect(fromWire(json(toWire(sent)))).toEqual(sent);
      }),
    );
  });

  it.each([
    ["nothing", null],
    ["an object", {}],
    ["a short array", ["a", 1, "app", "web.1"]],
    ["another source", ["a", 1, "other", "web.1", "x"]],
    ["a time as text", ["a", "1", "app", "web.1", "x"]],
    ["no app", [null, 1, "app", "web.1", "x"]],
  ])("are refused when they are %s", (_, value) => {
    expect(() => fromWire(value)).toThrow(/log line must be/);
  });

  it("reach readers in order, in pieces of moderate size, with the batch's position at the end", () => {
    const lines = fc.array(fc.tuple(line, fc.option(fc.nat(), { nil: undefined })), { maxLength: 60 });
    fc.assert(
      fc.property(lines, fc.option(fc.nat(), { nil: undefined }), (made, position) => {
        const batch: LogBatch = {
          lines: made.map(([each, at]) => (at === undefined ? each : { ...each, position: at })),
          ...(position === undefined ? {} : { position }),
        };
        const pieces = [...batchToWire(batch)].map((piece) => batchFromWire(json(piece), "a"));
        expect(pieces.flatMap((piece) => piece.lines)).toEqual(batch.lines);
        expect(pieces.at(-1)?.position).toBe(position);
        expect(pieces.slice(0, -1).every((piece) => piece.position === undefined)).toBe(true);
        for (const piece of pieces) expect(JSON.stringify(piece).length).toBeLessThan(300_000);
      }),
      { numRuns: 50 },
    );
  });
});
