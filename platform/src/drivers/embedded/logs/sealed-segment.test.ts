import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeFrame, decodeIndex, encodeSealed, indexBytes, TRAILER_BYTES } from "./sealed-segment.ts";
import { encodeBlock } from "./segment-format.ts";

/** A segment of so many blocks of so many bytes of text. */
function segmentOf(blocks: number, bytes: number): Buffer {
  const text = `${"2026 line".padEnd(bytes - 1, "x")}\n`;
  return Buffer.concat(
    Array.from({ length: blocks }, (_, i) => encodeBlock({ firstPosition: i + 1, lines: 1, text })),
  );
}

function indexOf(sealed: Buffer) {
  const length = indexBytes(sealed.subarray(-TRAILER_BYTES)) ?? Number.NaN;
  return decodeIndex(sealed.subarray(-TRAILER_BYTES - length, -TRAILER_BYTES));
}

describe("sealed segments", () => {
  it("hold the plain segment, a part at a time", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(40), fc.integer({ min: 20, max: 60_000 }), async (blocks, bytes) => {
        const plain = segmentOf(blocks, bytes);
        const sealed = await encodeSealed(plain);
        const frames = indexOf(sealed);
        const parts = frames.map(({ offset, bytes }) => decodeFrame(sealed.subarray(offset, offset + bytes)));
        expect(Buffer.concat(await Promise.all(parts)).equals(plain)).toBe(true);
        expect(frames.reduce((sum, frame) => sum + frame.lines, 0)).toBe(blocks);
        let next = 1;
        for (const frame of frames) {
          expect(frame.firstPosition).toBe(next);
          next += frame.lines;
        }
      }),
      { numRuns: 30 },
    );
  });

  it("are made of frames of moderate size, so that the newest lines are found without the rest", async () => {
    const frames = indexOf(await encodeSealed(segmentOf(64, 65_000)));
    expect(frames.length).toBeGreaterThan(15);
    expect(frames.length).toBeLessThan(25);
  });

  it("are smaller than the text", async () => {
    const plain = segmentOf(100, 1_000);
    expect((await encodeSealed(plain)).length).toBeLessThan(plain.length / 10);
  });

  it("leave out what is torn at the end", async () => {
    const plain = segmentOf(3, 100);
    const whole = indexOf(await encodeSealed(plain));
    expect(indexOf(await encodeSealed(Buffer.concat([plain, Buffer.from("#4 1 ")])))).toEqual(whole);
  });

  it("find a damaged frame", async () => {
    const sealed = await encodeSealed(segmentOf(3, 100));
    const frame = sealed.subarray(0, indexOf(sealed)[0]?.bytes);
    frame[frame.length - 1] = (frame.at(-1) ?? 0) ^ 1;
    await expect(decodeFrame(frame)).rejects.toThrow();
  });

  it("know their own end", () => {
    expect(indexBytes(Buffer.alloc(TRAILER_BYTES))).toBeUndefined();
    expect(indexBytes(Buffer.from("short"))).toBeUndefined();
  });

  it.skipIf(spawnSync("zstd", ["--version"]).status !== 0)("are what the zstd command reads", async () => {
    const plain = segmentOf(10, 50_000);
    const unpacked = spawnSync("zstd", ["-dc"], { input: await encodeSealed(plain), maxBuffer: 10_000_000 });
    expect(unpacked.stderr.toString()).toBe("");
    expect(unpacked.stdout.equals(plain)).toBe(true);
  });
});
