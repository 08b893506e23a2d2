import { createHash } from "node:crypto";

// The Merkle tree of a checksum database: RFC 6962 hashes, kept in tiles of height 8 (golang.org/x/mod/sumdb/tlog).

/** Reads from a database: `path` as in its protocol, such as `/lookup/…` or `/tile/8/0/000`. */
export type ReadDatabase = (path: string) => Promise<Buffer>;

const HEIGHT = 8;
const WIDTH = 2 ** HEIGHT;
const HASH_SIZE = 32;

export function recordHash(record: Buffer | string): Buffer {
  return createHash("sha256")
    .update(Buffer.from([0]))
    .update(record)
    .digest();
}

export function nodeHash(left: Buffer, right: Buffer): Buffer {
  return createHash("sha256")
    .update(Buffer.from([1]))
    .update(left)
    .update(right)
    .digest();
}

/**
 * The root that a tree of `size` records has when the record at `index` hashes to `record`. What is read need not be
 * trusted: with a wrong neighbor the root is another one.
 */
export async function provenRoot(
  place: { readonly index: number; readonly size: number },
  record: Buffer,
  read: ReadDatabase,
): Promise<Buffer> {
  const { index, size } = place;
  if (!(index < size)) throw new Error("the record's number is beyond the tree");
  const stored = storedHashes(size, read);
  const subtree = async (from: number, to: number): Promise<Buffer> => {
    if (to - from === 1) return from === index ? record : stored(0, from);
    const width = largestPower(to - from);
    const holdsRecord = index >= from && index < to;
    if (!holdsRecord && width * 2 === to - from) return stored(Math.log2(to - from), from / (to - from));
    return nodeHash(await subtree(from, from + width), await subtree(from + width, to));
  };
  return subtree(0, size);
}

/** The largest power of two below `n`, which is at least 2. */
function largestPower(n: number): number {
  return 2 ** (Math.ceil(Math.log2(n)) - 1);
}

/** Reads the hash of a complete subtree of 2^level records, the `index`-th of its level, out of tiles. */
function storedHashes(size: number, read: ReadDatabase) {
  const tiles = new Map<string, Promise<Buffer>>();
  return async (level: number, index: number): Promise<Buffer> => {
    const tileLevel = Math.floor(level / HEIGHT);
    const count = 2 ** (level % HEIGHT);
    const first = index * count;
    const tile = Math.floor(first / WIDTH);
    const there = Math.floor(size / WIDTH ** tileLevel) - tile * WIDTH;
    const path = tilePath(tileLevel, tile, Math.min(there, WIDTH));
    const reading = tiles.get(path) ?? readTile(path, Math.min(there, WIDTH), read);
    tiles.set(path, reading);
    const data = await reading;
    let row: Buffer[] = [];
    for (let i = first % WIDTH; i < (first % WIDTH) + count; i++) {
      row.push(data.subarray(i * HASH_SIZE, (i + 1) * HASH_SIZE));
    }
    while (row.length > 1) row = pairs(row);
    return row[0] as Buffer;
  };
}

function pairs(row: readonly Buffer[]): Buffer[] {
  const up: Buffer[] = [];
  for (let i = 0; i + 1 < row.length; i += 2) up.push(nodeHash(row[i] as Buffer, row[i + 1] as Buffer));
  return up;
}

/** A tile at the tree's edge has a path of its own; when that is gone, the tile has become full since. */
async function readTile(path: string, width: number, read: ReadDatabase): Promise<Buffer> {
  const full = path.replace(/\.p\/\d+$/, "");
  const data = await read(path).catch((thrown: unknown) => {
    if (full === path) throw thrown;
    return read(full);
  });
  if (data.length < width * HASH_SIZE) throw new Error("a part of the checksum tree is cut off");
  return data;
}

/** `/tile/8/<level>/<number>`, the number in groups of three digits, all but the last marked with an x. */
export function tilePath(level: number, tile: number, width: number): string {
  const digits = String(tile).padStart(Math.ceil(String(tile).length / 3) * 3, "0");
  const groups = digits.match(/\d{3}/g) ?? [];
  const number = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join("/");
  return `/tile/${HEIGHT}/${level}/${number}${width < WIDTH ? `.p/${width}` : ""}`;
}
