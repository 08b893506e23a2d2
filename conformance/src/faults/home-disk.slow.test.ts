import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type HomeDisk, makeHomeDisk, missingForDisks, removeOrphanedDisks } from "./home-disk.ts";

describe.skipIf(missingForDisks() !== undefined)("a disk of its own", () => {
  let folder: string;
  let disk: HomeDisk;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "conifer-home-disk-"));
    disk = makeHomeDisk(folder);
  });
  afterAll(() => {
    disk?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const write = (name: string, bytes = 1) => writeFileSync(join(disk.path, name), Buffer.alloc(bytes, "x"));

  test("is full, and empty again", () => {
    disk.fill();
    expect(() => write("more", 100_000)).toThrow(/ENOSPC/);
    disk.empty();
    write("more", 100_000);
    expect(statfsSync(disk.path).bavail * statfsSync(disk.path).bsize).toBeGreaterThan(2 ** 33);
  });

  test("is taken away when its owner has ended, and no other is", async () => {
    const parent = mkdtempSync(join(tmpdir(), "conifer-home-disks-"));
    const ended = spawnSync("true").pid;
    const folders = [`of-${ended}-x`, `of-${process.pid}-x`].map((name) => join(parent, name));
    for (const one of folders) mkdirSync(one);
    makeHomeDisk(folders[0] ?? "");
    removeOrphanedDisks(parent, "of-");
    expect(readdirSync(parent)).toEqual([`of-${process.pid}-x`]);
    rmSync(parent, { recursive: true });
  });

  test("holds writes up, and lets them all through", async () => {
    const stop = await disk.slowDown();
    const script = 'for n in 1 2 3; do echo $n >"$1/slow"; sync "$1/slow"; done';
    execFileSync("sh", ["-c", script, "sh", disk.path], { timeout: 30_000 });
    await stop();
    expect(readFileSync(join(disk.path, "slow"), "utf8")).toBe("3\n");
    write("after");
  });

  test("breaks, and has after repair what was synced", () => {
    writeFileSync(join(disk.path, "synced"), "kept", { flush: true });
    disk.breakDown();
    expect(() => write("refused")).toThrow(/EROFS/);
    expect(readFileSync(join(disk.path, "synced"), "utf8")).toBe("kept");
    disk.repair();
    expect(readFileSync(join(disk.path, "synced"), "utf8")).toBe("kept");
    write("again");
  });

  test("is not full again after it broke", () => {
    disk.fill();
    execFileSync("sync", ["--file-system", disk.path]);
    disk.empty();
    disk.breakDown();
    disk.repair();
    expect(statfsSync(disk.path).bavail * statfsSync(disk.path).bsize).toBeGreaterThan(2 ** 33);
  });

  test("is repaired also while a mount namespace of others has it", async () => {
    const others = spawn("unshare", ["--mount", "sh", "-c", "echo there; exec sleep 600"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      await once(others.stdout, "data");
      writeFileSync(join(disk.path, "synced"), "still kept", { flush: true });
      disk.breakDown();
      disk.repair();
      expect(readFileSync(join(disk.path, "synced"), "utf8")).toBe("still kept");
      write("again");
    } finally {
      others.kill("SIGKILL");
      await once(others, "exit");
    }
  });
});
