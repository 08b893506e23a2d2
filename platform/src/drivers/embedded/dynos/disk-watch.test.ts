import { describe, expect, test } from "vitest";
import { type DiskBounds, watchWritten } from "./disk-watch.ts";

const size = (bytes: number, entries: number): DiskBounds => ({ bytes, entries });

/** Goes through what a dyno has written, one size a look, and returns what it was told of. */
async function told(sizes: readonly DiskBounds[], most: DiskBounds): Promise<readonly DiskBounds[]> {
  const stop = new AbortController();
  const found: DiskBounds[] = [];
  const left = [...sizes];
  const asked: DiskBounds[] = [];
  const written = async (bounds: DiskBounds) => {
    asked.push(bounds);
    if (left.length <= 1) stop.abort();
    return left.length > 1 ? (left.shift() as DiskBounds) : size(0, 0);
  };
  await watchWritten(
    { written },
    { most, signal: stop.signal, sampleMs: 1, exceeded: (one) => found.push(one) },
  );
  return found;
}

const END = size(0, 0);

describe("a dyno that may write 100 bytes in 10 files", () => {
  test.each<[string, readonly DiskBounds[], readonly DiskBounds[]]>([
    ["and writes less", [size(0, 0), size(50, 5), size(100, 10), END], []],
    ["and writes more", [size(0, 0), size(101, 1), END], [size(101, 1)]],
    ["and makes more files", [size(0, 0), size(0, 11), END], [size(0, 11)]],
    ["is told once", [size(0, 0), size(200, 1), size(300, 1), END], [size(200, 1)]],
    ["on a copy of its image", [size(900, 90), size(1_000, 100), END], []],
    ["on a copy of its image, and writes more", [size(900, 90), size(1_001, 90), END], [size(101, 0)]],
  ])("%s", async (_what, sizes, expected) => {
    expect(await told(sizes, size(100, 10))).toEqual(expected);
  });
});
