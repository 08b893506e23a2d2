import { mkdtempSync, rmSync, statSync } from "node:fs";
import { mkdir, open, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeRebasedImage } from "../platform/src/delivery/rebase/make-rebased-image.ts";
import { storeAppImage, storeRunImage } from "../platform/src/delivery/rebase/rebase-fixtures.ts";
import { openDiskImageStore, openDiskRebasedImages } from "../platform/src/drivers/embedded/images/index.ts";
import { machineFacts } from "./router/machine-facts.ts";
import { writeResult } from "./router/result-file.ts";

/**
 * Rebased images a second, and bytes written for each: app images in the store of a disk, put on another run image by
 * several at a time as a pass does. What a pass waits for beside, releases and dynos, is not in it. The floor is the same
 * number of files of the same size, written and synced to the same disk.
 */
const IMAGES = Number(process.env.REBASE_IMAGES ?? 2_000);
const AT_ONCE = 8;
const WHOLE_PASS = 10_000;

async function main(): Promise<number> {
  const root = mkdtempSync(join(tmpdir(), "conifer-rebase-bench-"));
  try {
    const store = await openDiskImageStore(join(root, "images"));
    const first = await storeRunImage(store, "1");
    const patched = await storeRunImage(store, "2");
    const made: string[] = [];
    await eachOf(IMAGES, async (n) => {
      made[n] = await storeAppImage(store, first, {
        content: `app ${n}`,
        labels: { padding: "x".repeat(4_000) },
      });
    });
    const before = await usedBytes(join(root, "images"));
    const layers: string[] = [];
    const images = {
      read: (digest: string) => {
        layers.push(digest);
        return store.read(digest);
      },
    };
    const deps = {
      images,
      rebased: openDiskRebasedImages({ content: store }),
      attest: async () => async () => {},
    };
    const cpu = process.cpuUsage();
    const began = performance.now();
    await eachOf(IMAGES, async (n) => {
      const of = {
        appId: `app-${n}`,
        passId: "pass",
        image: { digest: made[n] ?? "", architecture: "amd64" as const },
        runImage: patched,
        startedAt: new Date(),
      };
      await makeRebasedImage(of, deps);
    });
    const seconds = (performance.now() - began) / 1_000;
    const { user, system } = process.cpuUsage(cpu);
    const written = (await usedBytes(join(root, "images"))) - before;
    const floor = await measureFloor(root, Math.round(written / IMAGES / 2));
    const result = {
      figure: "images a second that are put on another run image, in the store of one disk",
      ...{ images: IMAGES, atOnce: AT_ONCE, seconds: Number(seconds.toFixed(2)) },
      imagesPerSecond: Math.round(IMAGES / seconds),
      cpuMsPerImage: Number(((user + system) / 1_000 / IMAGES).toFixed(2)),
      bytesWrittenPerImage: Math.round(written / IMAGES),
      documentsReadPerImage: Number((layers.length / IMAGES).toFixed(1)),
      secondsFor10000: Math.round((seconds / IMAGES) * WHOLE_PASS),
      ...{ floor: "two files of that size an image, written and synced", floorPerSecond: floor },
      machine: machineFacts([]),
    };
    console.log(
      `${result.imagesPerSecond} images/s (floor ${floor}/s), ${result.bytesWrittenPerImage} bytes each, ${result.secondsFor10000} s for ${WHOLE_PASS}`,
    );
    writeResult("rebase", result);
    return result.bytesWrittenPerImage < 100_000 ? 0 : 1;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

async function eachOf(count: number, work: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Of all files, by their length. */
async function usedBytes(folder: string): Promise<number> {
  const blobs = join(folder, "blobs", "sha256");
  const names = await readdir(blobs);
  return names.reduce((sum, name) => sum + statSync(join(blobs, name)).size, 0);
}

/** What the disk gives: two synced files an image, as the store writes them. */
async function measureFloor(root: string, bytes: number): Promise<number> {
  const folder = join(root, "floor");
  await mkdir(folder);
  const content = Buffer.alloc(bytes, "x");
  const began = performance.now();
  await eachOf(IMAGES, async (n) => {
    for (const part of ["config", "manifest"]) {
      const handle = await open(join(folder, `${n}-${part}`), "wx");
      await handle.writeFile(content);
      await handle.sync();
      await handle.close();
    }
  });
  return Math.round(IMAGES / ((performance.now() - began) / 1_000));
}

process.exitCode = await main();
