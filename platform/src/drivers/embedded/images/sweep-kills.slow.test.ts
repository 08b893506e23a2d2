import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { repository } from "../../../delivery/registry/registry-fixtures.ts";
import { pause } from "../../../kernel/index.ts";
import {
  age,
  filesIn,
  holdMade,
  isWhole,
  type MadeImage,
  makeImage,
  openSweptStores,
  type SweptStores,
} from "./sweep-fixtures.ts";

const APP = repository("common/2f1c6a52-5d3e-4b57-8a43-0d9c2f6b7e11");
let stores: SweptStores;
beforeEach(async () => {
  stores = await openSweptStores();
});
afterEach(() => stores.dispose());

/** Begins a sweep in a process of its own and kills it after some time. */
async function sweepAndKill(known: readonly string[], afterMs: number): Promise<boolean> {
  const program = join(import.meta.dirname, "sweep-process-fixtures.ts");
  const child = spawn(process.execPath, [program, stores.root, ...known], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  await Promise.race([once(child.stdout, "data"), ended]);
  await Promise.race([pause(afterMs), ended]);
  child.kill("SIGKILL");
  const [, signal] = (await ended) as [number | null, NodeJS.Signals | null];
  return signal === "SIGKILL";
}

test("kill -9 in the middle of a sweep loses nothing within reach, and the next one goes on to the end", async () => {
  const kept: MadeImage[] = [];
  const lost: MadeImage[] = [];
  for (let n = 0; n < 30; n += 1) {
    const image = await makeImage(stores);
    await holdMade(stores, APP, image, n % 3 === 0 ? { tag: `v${n}` } : {});
    (n % 3 === 2 ? lost : kept).push(image);
  }
  const known = kept.map((image) => image.digest);
  let killed = 0;
  for (const afterMs of [5, 20, 40, 60, 80, 100]) {
    age(stores.root);
    if (await sweepAndKill(known, afterMs)) killed += 1;
    for (const image of kept) {
      for (const part of image.parts) expect(await stores.records.holdsBlob(APP, part.digest)).toBe(true);
      expect((await stores.records.findManifest(APP, image.digest))?.digest).toBe(image.digest);
    }
    for (const image of kept) {
      for (const one of [image, ...image.parts]) expect(await stores.content.has(one.digest)).toBe(true);
      expect(await isWhole(stores, image)).toBe(true);
    }
  }
  expect(killed).toBeGreaterThanOrEqual(3);
  // What lay aside is new when it was put back, and then has its time of grace.
  for (let round = 0; round < 3; round += 1) {
    age(stores.root);
    await stores.sweep({ known });
  }
  for (const image of lost) expect(await isWhole(stores, image)).toBe(false);
  const wanted = kept.flatMap((image) => [image, ...image.parts]).map((one) => one.digest.slice(7));
  expect(filesIn(join(stores.images, "blobs"))).toEqual([...new Set(wanted)].sort());
});
