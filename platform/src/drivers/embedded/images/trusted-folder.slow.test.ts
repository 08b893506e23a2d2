import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { removeUntrusted } from "./trusted-folder.ts";

const run = (program: string, ...args: readonly string[]) => execFileSync(program, args, { stdio: "ignore" });
const isMissing =
  process.getuid?.() !== 0 || !existsSync("/dev/loop-control") || !existsSync("/usr/sbin/mkfs.ext4");

describe.skipIf(isMissing)("a folder on a disk of its own (skipped without root and loop devices)", () => {
  let parent: string;
  let image: string;
  let disk: string;
  let folder: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), "conifer-trusted-"));
    image = join(parent, "image");
    disk = join(parent, "disk");
    folder = join(disk, "layers");
    mkdirSync(disk);
    run("truncate", "--size", "64M", image);
    run("mkfs.ext4", "-q", image);
    run("mount", "-o", "loop", image, disk);
    mkdirSync(folder);
  });
  afterEach(() => {
    run("umount", disk);
    rmSync(parent, { recursive: true });
  });

  /** What is there after a process has started, has unpacked a layer, and another process has started. */
  async function lives(between: () => void): Promise<readonly string[]> {
    await removeUntrusted(folder);
    mkdirSync(join(folder, "layer"));
    writeFileSync(join(folder, ".unfinished"), "");
    between();
    await removeUntrusted(folder);
    return readdirSync(folder);
  }

  test("keeps what was unpacked while the disk stays where it is", async () => {
    expect(await lives(() => {})).toEqual([".boot", "layer"]);
  });

  test("loses it when the disk is mounted anew", async () => {
    const remount = () => {
      run("umount", disk);
      // Of a copy: a mount namespace that somebody made meanwhile would keep the old one as it is.
      run("cp", "--sparse=always", image, `${image}.copy`);
      run("mount", "-o", "loop", `${image}.copy`, disk);
    };
    expect(await lives(remount)).toEqual([".boot"]);
  });
});
