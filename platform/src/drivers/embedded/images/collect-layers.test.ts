import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { makeFakeImageStore } from "../../../delivery/image/image-store-fake.ts";
import type { ImageStore } from "../../../delivery/image/index.ts";
import { silentLogger } from "../../../kernel/index.ts";
import { collectLayers, startLayerCollection } from "./collect-layers.ts";
import { type LayerUses, makeLayerUses } from "./layer-uses.ts";
import { openImageUnpacker, type UnpackImage } from "./unpack-image.ts";
import { layerFile, makeAppImage, TEST_HOST } from "./unpacked-images-fixtures.ts";

let folder: string;
let store: ImageStore;
let nowMs: number;
let uses: LayerUses;
let unpack: UnpackImage;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "layers-"));
  store = makeFakeImageStore();
  nowMs = 1_000;
  uses = makeLayerUses(() => nowMs);
  unpack = await openImageUnpacker({ store, folder, host: TEST_HOST, uses });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const image = (...texts: readonly string[]) =>
  makeAppImage(
    store,
    texts.map((text) => [layerFile("/workspace/text", text)]),
  );
const collect = (sinceMs = nowMs) => collectLayers({ folder, uses }, sinceMs);
const layers = async () => (await readdir(folder)).filter((name) => !name.startsWith(".")).length;
const textIn = (lowerDir = "") => readFile(join(lowerDir, "workspace/text"), "utf8");

describe("unpacked layers", () => {
  test("stay while a dyno runs from them, and for a time", async () => {
    const one = await unpack(await image("shared", "one"));
    const other = await unpack(await image("shared", "other"));
    nowMs = 5_000;
    expect(await collect()).toBe(0);
    one.giveBack();
    expect(await collect(5_000)).toBe(0);
    expect(await collect(5_001)).toBe(1);
    expect(await Promise.all(other.lowerDirs.map(textIn))).toEqual(["other", "shared"]);
    other.giveBack();
    expect(await collect(5_001)).toBe(2);
    expect(await readdir(folder)).toEqual([".boot"]);
  });

  test("are unpacked again when they are needed again", async () => {
    const digest = await image("again");
    (await unpack(digest)).giveBack();
    nowMs = 5_000;
    expect(await collect()).toBe(1);
    expect(await textIn((await unpack(digest)).lowerDirs[0])).toBe("again");
  });

  test("of before a start have the same time as others", async () => {
    (await unpack(await image("before"))).giveBack();
    nowMs = 5_000;
    const later = makeLayerUses(() => nowMs);
    nowMs = 9_000;
    expect(await collectLayers({ folder, uses: later }, 5_000)).toBe(0);
    expect(await collectLayers({ folder, uses: later }, 5_001)).toBe(1);
  });

  test("of container images go like others", async () => {
    const digest = await image("below", "above");
    const whole = await unpack(digest, true);
    nowMs = 5_000;
    expect(await collect()).toBe(0);
    whole.giveBack();
    expect(await collect(5_001)).toBe(2);
  });

  test("that are being unpacked are left alone, and a collection ends when it is told to", async () => {
    (await unpack(await image("a", "b"))).giveBack();
    nowMs = 5_000;
    expect(await collectLayers({ folder, uses }, nowMs, AbortSignal.abort())).toBe(0);
    expect(await layers()).toBe(2);
  });

  test.each([false, true])(
    "of before a start stay when they are asked for while others are removed (whole: %s)",
    async (whole) => {
      const digest = await image("wanted", "by somebody");
      (await unpack(digest, whole)).giveBack();
      const later = makeLayerUses(() => nowMs);
      const again = await openImageUnpacker({ store, folder, host: TEST_HOST, uses: later });
      nowMs = 9_000;
      let done = false;
      const collecting = (async () => {
        while (!done) await collectLayers({ folder, uses: later }, nowMs);
      })();
      const { lowerDirs } = await again(digest, whole);
      done = true;
      await collecting;
      expect(await Promise.all(lowerDirs.map(textIn))).toEqual(["by somebody", "wanted"]);
    },
  );

  test("are never missed by who was given them, however images come and go", async () => {
    const digests = await Promise.all([image("x"), image("x", "y"), image("y", "z"), image("w")]);
    const step = fc.record({
      of: fc.nat(3),
      whole: fc.boolean(),
      next: fc.constantFrom("keep", "give", "collect"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const held: Awaited<ReturnType<UnpackImage>>[] = [];
        // The time of grace is longer than an image takes to be unpacked.
        const began = nowMs;
        await Promise.all(
          steps.map(async ({ of, whole, next }) => {
            nowMs += 1;
            if (next === "collect") {
              await collect(began);
              return;
            }
            const got = await unpack(digests[of] ?? "", whole);
            if (next === "keep") held.push(got);
            else got.giveBack();
          }),
        );
        nowMs += 1;
        await collect();
        for (const { lowerDirs } of held)
          for (const one of lowerDirs) expect(await textIn(one)).toMatch(/^[w-z]$/);
        for (const one of held) one.giveBack();
      }),
      { numRuns: 60 },
    );
  });
});

test("unused layers are removed by themselves after a day", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  try {
    (await unpack(await image("old"))).giveBack();
    nowMs += 23 * 60 * 60 * 1_000;
    const running = startLayerCollection({ folder, uses }, { logger: silentLogger, now: () => nowMs });
    vi.advanceTimersByTime(10 * 60 * 1_000);
    await running.stop();
    expect(await layers()).toBe(1);
    nowMs += 2 * 60 * 60 * 1_000;
    const again = startLayerCollection({ folder, uses }, { logger: silentLogger, now: () => nowMs });
    vi.advanceTimersByTime(10 * 60 * 1_000);
    vi.useRealTimers();
    await vi.waitFor(async () => expect(await layers()).toBe(0));
    await again.stop();
  } finally {
    vi.useRealTimers();
  }
});
