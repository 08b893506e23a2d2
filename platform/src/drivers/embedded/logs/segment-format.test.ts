import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Block, blockLines, encodeBlock, scanBlocks } from "./segment-format.ts";

const lineText = fc.string({ unit: "grapheme" }).map((text) => `2026 ${text.replaceAll(/[\r\n]/g, "")}`);
const block: fc.Arbitrary<Block> = fc
  .record({ firstPosition: fc.nat(), texts: fc.array(lineText, { minLength: 1, maxLength: 5 }) })
  .map(({ firstPosition, texts }) => ({
    firstPosition,
    lines: texts.length,
    text: texts.map((text) => `${text}\n`).join(""),
  }));
const blocksOf = fc.array(block, { maxLength: 6 });

/** The blocks a scan finds, as they were written. */
function readBlocks(segment: Buffer): Block[] {
  return scanBlocks(segment).blocks.map((place) => ({
    firstPosition: place.firstPosition,
    lines: place.lines,
    text: blockLines(segment, place)
      .map((line) => `${line}\n`)
      .join(""),
  }));
}

describe("segment format", () => {
  it("is text a person can read", () => {
    const text = "2026-01-02T03:04:05.678000+00:00 app[web.1]: hi\n";
    expect(encodeBlock({ firstPosition: 7, lines: 1, text }).toString()).toMatch(
      /^#7 1 48 [0-9a-f]{8}\n2026-01-02T03:04:05\.678000\+00:00 app\[web\.1\]: hi\n$/,
    );
  });

  it("is read back as it was written", () => {
    fc.assert(
      fc.property(blocksOf, (blocks) => {
        const segment = Buffer.concat(blocks.map(encodeBlock));
        expect(readBlocks(segment)).toEqual(blocks);
        expect(scanBlocks(segment).validBytes).toBe(segment.length);
      }),
    );
  });

  it("cut at any byte, gives the whole blocks before it", () => {
    fc.assert(
      fc.property(blocksOf, fc.double({ min: 0, max: 1, noNaN: true }), (blocks, where) => {
        const encoded = blocks.map(encodeBlock);
        const segment = Buffer.concat(encoded);
        const cut = segment.subarray(0, Math.floor(segment.length * where));
        let whole = 0;
        for (let bytes = 0; whole < encoded.length; whole++) {
          bytes += encoded[whole]?.length ?? 0;
          if (bytes > cut.length) break;
        }
        expect(readBlocks(cut)).toEqual(blocks.slice(0, whole));
      }),
    );
  });

  it("followed by anything, gives what stands before it", () => {
    fc.assert(
      fc.property(blocksOf, fc.uint8Array(), (blocks, foreign) => {
        const segment = Buffer.concat(blocks.map(encodeBlock));
        const { validBytes } = scanBlocks(Buffer.concat([segment, foreign]));
        expect(validBytes).toBe(segment.length);
      }),
    );
  });

  it("finds every changed byte", () => {
    fc.assert(
      fc.property(block, fc.nat(), fc.integer({ min: 1, max: 255 }), (written, at, change) => {
        const segment = encodeBlock(written);
        const where = at % segment.length;
        segment[where] = (segment[where] ?? 0) ^ change;
        expect(scanBlocks(segment).blocks).toEqual([]);
      }),
    );
  });

  it("is not fooled by zeros, as a disk may leave behind", () => {
    expect(scanBlocks(Buffer.alloc(10_000))).toEqual({ blocks: [], validBytes: 0 });
  });
});
