import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { holdSweeps, openDiskImageStore } from "../drivers/embedded/images/index.ts";
import { sweepImages } from "../drivers/embedded/images/sweep-images.ts";
import { silentLogger } from "../kernel/index.ts";
import {
  configIn,
  noise,
  restoreInto,
  startCommand,
  startTestInstance,
  type TestInstance,
} from "./backup-fixtures.ts";
import { isHalfRestored } from "./restore-marker.ts";
import { fakeOptions } from "./supervisor-fixtures.ts";
import { makePlatform } from "./supervisor-run.ts";

const MB = 1024 * 1024;
const never = new AbortController().signal;

let instance: TestInstance;
let blobs: string;

beforeAll(async () => {
  instance = await startTestInstance();
  blobs = join(instance.config.home.images, "blobs/sha256");
  for (let i = 0; i < 12; i++) await instance.blob(noise(8 * MB));
});
afterAll(() => instance?.stop());

const inFolder = (...names: string[]) => join(instance.folder, ...names);

/** A folder of its own for what a test backs up. */
function makeFolder(name: string): string {
  mkdirSync(inFolder(name));
  return inFolder(name);
}

/** Waits until a process has written some of what it is to write. */
async function untilWritten(folder: string, bytes: number): Promise<void> {
  const written = () =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .reduce(
        (sum, { parentPath, name }) =>
          sum + (statSync(join(parentPath, name), { throwIfNoEntry: false })?.size ?? 0),
        0,
      );
  await vi.waitFor(() => expect(written()).toBeGreaterThan(bytes), { timeout: 30_000, interval: 5 });
}

describe("a backup that is ended", () => {
  test.each([
    ["SIGTERM", 130, 0],
    ["SIGINT", 130, 0],
    ["SIGKILL", null, 1],
  ] as const)("by %s is no backup, and the next one leaves nothing of it", async (signal, code, left) => {
    const folder = makeFolder(`ended-${signal}`);
    const child = startCommand("backup", instance.config, [
      join(folder, "a.backup"),
      "--key-file",
      join(folder, "key.json"),
    ]);
    await untilWritten(folder, MB);
    child.kill(signal);
    expect((await once(child, "exit"))[0]).toBe(code);
    expect(existsSync(join(folder, "a.backup"))).toBe(false);
    expect(readdirSync(folder).filter((name) => name.endsWith(".part"))).toHaveLength(left);
    await instance.backUp(`ended-${signal}/b.backup`);
    expect(readdirSync(folder).filter((name) => name !== "key.json")).toEqual(["b.backup"]);
    expect(existsSync(join(instance.config.home.images, "sweep.lock"))).toBe(false);
  });
});

describe("a restore that is ended", () => {
  let file: string;
  beforeAll(async () => {
    await instance.backUp("to-restore.backup");
    file = inFolder("to-restore.backup");
  });

  test("by SIGKILL leaves a home that nobody starts in, and that the next restore makes whole", async () => {
    const config = configIn(instance.folder, "killed");
    const child = startCommand("restore", config, [file]);
    await vi.waitFor(() => expect(existsSync(join(config.home.images, "blobs"))).toBe(true), {
      timeout: 30_000,
      interval: 2,
    });
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(isHalfRestored(config.home)).toBe(true);
    const starting = makePlatform(fakeOptions(config, {}, () => {}));
    await expect(starting).rejects.toThrow(/A restore into .* has not ended. .* restore the backup again/);
    await restoreInto(config, file);
    expect(isHalfRestored(config.home)).toBe(false);
    expect(readdirSync(join(config.home.images, "blobs/sha256")).sort()).toEqual(readdirSync(blobs).sort());
  });

  test("by Ctrl-C leaves an empty home, and no server", async () => {
    const config = configIn(instance.folder, "stopped");
    const child = startCommand("restore", config, [file]);
    await vi.waitFor(() => expect(existsSync(join(config.home.images, "blobs"))).toBe(true), {
      timeout: 30_000,
      interval: 2,
    });
    child.kill("SIGINT");
    expect((await once(child, "exit"))[0]).toBe(130);
    expect(readdirSync(config.home.root)).toEqual([]);
  });
});

/** Another process that holds the store's blobs lets them go with its end; nothing is removed meanwhile. */
test("nothing is collected while a backup is made, and a sweep under way is waited for", async () => {
  const images = inFolder("images");
  const content = await openDiskImageStore(images);
  const { digest } = await content.write(noise(100));
  const sweep = () =>
    sweepImages({
      content,
      images,
      repositories: inFolder("none"),
      known: [],
      graceMs: -60_000,
      ...{ logger: silentLogger },
    });
  const letSweep = await holdSweeps(images, never);
  expect(await sweep()).toBeUndefined();
  const stop = new AbortController();
  const second = holdSweeps(images, stop.signal);
  stop.abort(new Error("given up"));
  await expect(second).rejects.toThrow("given up");
  await letSweep();
  await sweep();
  await sweep();
  expect(await content.has(digest)).toBe(false);
});

/** As root a small disk can be made. */
const canMount = process.getuid?.() === 0;

describe.skipIf(!canMount)("a full disk", () => {
  const small = (name: string, size: string) => {
    const folder = makeFolder(name);
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder]);
    return { folder, leave: () => execFileSync("umount", [folder]) };
  };

  test("is told of a backup, and nothing is left on it", async () => {
    const { folder, leave } = small("disk", "20m");
    try {
      const key = { copyTo: join(folder, "key.json") };
      await expect(instance.backUp("disk/a.backup", { key })).rejects.toThrow(
        /disk\/a.backup could not be written: its disk is full. Make room/,
      );
      expect(readdirSync(folder)).toEqual([]);
    } finally {
      leave();
    }
  });

  test("is told before a restore begins, and a home may be a mount", async () => {
    const { folder, leave } = small("mount", "60m");
    try {
      const config = configIn(instance.folder, "mount");
      await expect(restoreInto(config, inFolder("to-restore.backup"))).rejects.toThrow(
        /The backup takes \d+ MB, and the disk of .* has \d+ MB. Nothing was changed/,
      );
      expect(readdirSync(folder)).toEqual([]);
    } finally {
      leave();
    }
  });
});

test("the memory of a backup does not grow with what is backed up", async () => {
  const usage = (file: string) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(file, "utf8"))?.[1]);
  const child = startCommand("backup", instance.config, [inFolder("memory.backup")]);
  let most = 0;
  const watching = setInterval(() => {
    if (existsSync(`/proc/${child.pid}/status`))
      most = Math.max(most, usage(`/proc/${child.pid}/status`) || 0);
  }, 20);
  await once(child, "exit");
  clearInterval(watching);
  // All blobs together have 96 MB; the program itself takes some hundred.
  for (let i = 0; i < 40; i++) await instance.blob(noise(8 * MB));
  const larger = startCommand("backup", instance.config, [inFolder("memory-2.backup")]);
  let mostOfLarger = 0;
  const watchingLarger = setInterval(() => {
    if (existsSync(`/proc/${larger.pid}/status`))
      mostOfLarger = Math.max(mostOfLarger, usage(`/proc/${larger.pid}/status`) || 0);
  }, 20);
  await once(larger, "exit");
  clearInterval(watchingLarger);
  expect(most).toBeGreaterThan(0);
  expect(mostOfLarger - most).toBeLessThan(160 * 1024);
});
