import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeMarkerGuard } from "./marker-guard.ts";

const MARKER = "\uFFFF heroku-command-exit-status: 12\n";

/** Everything that goes on when the bytes come cut at these places. */
function pass(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const guard = makeMarkerGuard();
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const pieces = places.slice(1).flatMap((end, n) => guard.push(bytes.subarray(places[n], end)));
  return [...pieces, ...guard.flush()];
}

const cuts = fc.array(fc.nat(400), { maxLength: 12 });

describe("the marker guard", () => {
  test("passes every byte on, in order", () => {
    const part = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom("\uFFFF", MARKER, "\n", "\uFFFF heroku").map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), cuts, (parts, places) => {
        const bytes = Buffer.concat(parts);
        expect(Buffer.concat(pass(bytes, places)).equals(bytes)).toBe(true);
      }),
    );
  });

  test("never splits the last marker line, however the bytes were cut", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 100 }), cuts, (text, places) => {
        const bytes = Buffer.from(text.replaceAll("\uFFFF", "") + MARKER);
        const whole = pass(bytes, places).filter((piece) => piece.toString("utf8").includes(MARKER));
        expect(whole).toHaveLength(1);
        expect(whole[0]?.toString("utf8").startsWith("\uFFFF")).toBe(true);
      }),
    );
  });

  test("holds nothing else back", () => {
    const guard = makeMarkerGuard();
    expect(guard.push(Buffer.from("no line end")).toString()).toBe("no line end");
    expect(guard.push(Buffer.from("\uFFFF".padEnd(300, "x"))).join("")).toContain("xxx");
    expect(guard.flush()).toEqual([]);
  });

  test("lets go of what only began like a marker", () => {
    const guard = makeMarkerGuard();
    expect(guard.push(Buffer.from([0x61, 0xef, 0xbf]))).toEqual([Buffer.from("a")]);
    expect(guard.push(Buffer.from([0x62]))).toEqual([Buffer.from([0xef, 0xbf, 0x62])]);
  });
});
