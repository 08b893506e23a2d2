import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeDatabase, reader, treeHash } from "./checksum-fixtures.ts";
import { provenRoot, recordHash, tilePath } from "./checksum-tree.ts";

const recordsOf = (size: number) => Array.from({ length: size }, (_, i) => `m v${i} h1:x\n`);

describe("the root that a record leads to", () => {
  it("is that of the whole tree, for every record of any tree", () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 1100 }).chain((size) => fc.tuple(fc.constant(size), fc.nat(size - 1))),
        async ([size, index]) => {
          const records = recordsOf(size);
          const root = treeHash(records.map(recordHash));
          const read = reader(makeDatabase(records).answer);
          const hash = recordHash(records[index] as string);
          expect((await provenRoot({ index, size }, hash, read)).equals(root)).toBe(true);
          const wrong = await provenRoot({ index, size }, recordHash("another\n"), read);
          expect(wrong.equals(root)).toBe(false);
        },
      ),
      { numRuns: 30 },
    ));

  it("is found where the tree has grown and tiles at its edge are full now", async () => {
    const records = recordsOf(600);
    const whole = makeDatabase(records);
    const read = reader((path) => (path.includes(".p/") ? undefined : whole.answer(path)));
    const root = await provenRoot({ index: 3, size: 520 }, recordHash(records[3] as string), read);
    expect(root.equals(treeHash(records.slice(0, 520).map(recordHash)))).toBe(true);
  });

  it("is not looked for beyond the tree, or in what is cut off", async () => {
    const records = recordsOf(300);
    const { answer } = makeDatabase(records);
    const hash = recordHash(records[0] as string);
    await expect(provenRoot({ index: 300, size: 300 }, hash, reader(answer))).rejects.toThrow(
      "beyond the tree",
    );
    const short = reader((path) => answer(path)?.subarray(0, 64));
    await expect(provenRoot({ index: 0, size: 300 }, hash, short)).rejects.toThrow("is cut off");
  });
});

// The examples of golang.org/x/mod/sumdb/tlog, "Tile.Path".
it.each([
  [0, 0, 256, "/tile/8/0/000"],
  [0, 4, 256, "/tile/8/0/004"],
  [1, 1234067, 256, "/tile/8/1/x001/x234/067"],
  [2, 27, 13, "/tile/8/2/027.p/13"],
  [0, 1000, 1, "/tile/8/0/x001/000.p/1"],
])("tile %i/%i of width %i is at %s", (level, tile, width, path) => {
  expect(tilePath(level, tile, width)).toBe(path);
});
