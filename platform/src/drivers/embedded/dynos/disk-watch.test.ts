import { tmpdir } from "node:os";
import { describe, expect, test } from "vitest";
import { type DiskBounds, type DiskRoom, makeDiskRoom, watchWritten } from "./disk-watch.ts";

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
    { most, room: ALWAYS, signal: stop.signal, sampleMs: 1, exceeded: (one) => found.push(one) },
  );
  return found;
}

const END = size(0, 0);
const ALWAYS: DiskRoom = async () => size(1_000, 100);

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

/** Follows what is free on the disk, one a look; a look at the dyno's files takes so long. Returns what was looked at, and when. */
async function looks(free: readonly DiskBounds[], tookMs: number): Promise<readonly string[]> {
  const stop = new AbortController();
  const made: string[] = [];
  let at = -1;
  const room = async () => {
    at += 1;
    if (at === free.length - 1) stop.abort();
    return free[at] ?? END;
  };
  const written = async (_most: DiskBounds, also?: { readonly unnamed: boolean }) => {
    if (also) made.push(`${at}${also.unnamed ? " unnamed" : ""}`);
    const end = performance.now() + tookMs;
    while (performance.now() < end);
    return END;
  };
  await watchWritten(
    { written },
    { most: size(100, 40), room, signal: stop.signal, sampleMs: 1, exceeded() {} },
  );
  return made.filter((one) => !one.startsWith(`${free.length - 1}`));
}

describe("a dyno whose files take long to be looked at", () => {
  const at = (...free: readonly number[]) => [...free, 0].map((bytes) => size(bytes, 1_000));

  test("is left alone for long after each look", async () => {
    expect(await looks(at(500, 500, 499, 498, 500), 20)).toEqual(["1"]);
  });

  test.each<[string, readonly DiskBounds[], readonly string[]]>([
    ["at once", at(500, 500, 475, 475, 475), ["1", "2 unnamed"]],
    ["little by little", at(500, 500, 490, 485, 475, 475), ["1", "4 unnamed"]],
    ["again and again", at(500, 500, 475, 460, 450, 450), ["1", "2 unnamed", "4 unnamed"]],
    ["after others have left", at(500, 500, 900, 880, 875, 875), ["1", "4 unnamed"]],
    ["of its files", [1_000, 1_000, 995, 990, 990, 0].map((files) => size(500, files)), ["1", "3 unnamed"]],
  ])(
    "is looked at when the disk has lost a quarter of what it may write: %s",
    async (_what, free, expected) => {
      expect(await looks(free, 20)).toEqual(expected);
    },
  );

  test("is looked at for files without a name only then, and now and then", async () => {
    const made = await looks(at(...Array.from({ length: 30 }, () => 500)), 0);
    expect(made.filter((look) => look.endsWith("unnamed"))).toEqual(["12 unnamed", "24 unnamed"]);
  });
});

describe("the room on a disk", () => {
  test("is what is free there, and the same for a while", async () => {
    const room = makeDiskRoom(tmpdir());
    const first = await room();
    expect(first.bytes).toBeGreaterThan(0);
    expect(await room()).toBe(first);
  });

  test("of a folder that is not there does not change", async () => {
    expect(await makeDiskRoom("/nonexistent")()).toEqual({ bytes: 0, entries: 0 });
  });
});
