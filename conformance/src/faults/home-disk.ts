import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

/**
 * A disk of its own for a home: ext4 in a file, so that it can be filled, slowed down and broken without a word to the
 * machine's other disks.
 */
export interface HomeDisk {
  /** Where it is mounted. */
  readonly path: string;
  /** Takes all room that is left, until `empty`. */
  fill(): void;
  empty(): void;
  /** Holds every write up most of the time, until the returned function is called. */
  slowDown(): Promise<() => Promise<void>>;
  /** Does what the kernel does on an error of the disk: nothing can be written until `repair`. */
  breakDown(): void;
  /** Mounts it anew, as a machine does that is started again. Nothing may use it. */
  repair(): void;
  remove(): void;
}

/** Of which only what is written takes room on the machine's disk. Builds ask for 2 GB. */
const SIZE = "12G";
const BLOCK = 4096;
const FILL = "takes-all-room";
const HELD_UP_S = 0.25;
const LET_THROUGH_S = 0.05;

/** Why this machine cannot have such a disk; undefined when it can. */
export function missingForDisks(): string | undefined {
  if (process.getuid?.() !== 0) return "a disk of its own needs root";
  if (!existsSync("/dev/loop-control")) return "the kernel has no loop devices";
  const missing = ["mkfs.ext4", "e2fsck", "losetup", "fsfreeze", "fallocate"].find(
    (program) => !hasProgram(program),
  );
  return missing && `${missing} is not installed (Debian: e2fsprogs, util-linux)`;
}

function hasProgram(name: string): boolean {
  return ["/usr/sbin", "/sbin", "/usr/bin", "/bin"].some((folder) => existsSync(join(folder, name)));
}

/** Makes the disk in a folder, and mounts it there. */
export function makeHomeDisk(folder: string): HomeDisk {
  let image = join(folder, "disk.img");
  const path = join(folder, "disk");
  const fill = join(path, FILL);
  mkdirSync(path);
  run("truncate", "--size", SIZE, image);
  run("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=1,lazy_journal_init=1", image);
  const mount = () => run("mount", "-o", "loop,errors=remount-ro", image, path);
  mount();
  let slowing: ChildProcess | undefined;
  const unmount = () => {
    // What was just killed may hold it for a while more where the machine is busy. One that was only detached would be found
    // again, broken as it is, when its image is mounted anew.
    run("sh", "-c", UNMOUNT, "sh", path);
  };
  return {
    path,
    fill: () => takeAllRoom(path, fill),
    empty: () => {
      rmSync(fill, { force: true });
      // What the disk has not on record yet is undone when it breaks down: it would be full again.
      run("sync", "--file-system", path);
    },
    slowDown: async () => {
      slowing = holdUp(path);
      await once(slowing, "spawn");
      const ended = once(slowing, "exit");
      return async () => {
        slowing?.kill("SIGTERM");
        slowing = undefined;
        await ended;
      };
    },
    breakDown: () => {
      const device = basename(run("findmnt", "--noheadings", "--output", "SOURCE", path).trim());
      writeFileSync(`/sys/fs/ext4/${device}/trigger_fs_error`, "a test of Conifer");
    },
    repair: () => {
      unmount();
      if (isInUse(image)) image = takeCopy(image);
      // 1: errors were corrected.
      run("sh", "-c", 'e2fsck -f -y "$1" || [ $? -eq 1 ]', "sh", image);
      mount();
    },
    remove: () => {
      slowing?.kill("SIGTERM");
      run("sh", "-c", 'fsfreeze --unfreeze "$1" 2>/dev/null; true', "sh", path);
      unmount();
      rmSync(image);
    },
  };
}

/** Whether anybody still has it: who made a mount namespace while it was mounted has it there too. */
function isInUse(image: string): boolean {
  return run("losetup", "--associated", image).trim() !== "";
}

/** One in use would be found again as broken as it is. It is removed; its room is free when nobody has it any more. */
function takeCopy(image: string): string {
  const copy = image.endsWith(".next") ? image.slice(0, -".next".length) : `${image}.next`;
  run("cp", "--sparse=always", image, copy);
  rmSync(image);
  return copy;
}

/** Waits up to a minute for those who use it. */
const UNMOUNT = `n=0
while [ "$n" -lt 200 ]; do umount "$1" 2>/dev/null && exit; n=$((n + 1)); sleep 0.3; done
umount "$1" || { umount --lazy "$1"; exit 1; }`;

/** What is still in use is left alone. */
const REMOVE_ORPHAN = `fsfreeze --unfreeze "$1/disk" 2>/dev/null
if mountpoint --quiet "$1/disk"; then umount "$1/disk" 2>/dev/null || exit 0; fi
rm -rf --one-file-system "$1"`;

/** Takes away the folders of disks whose owners have ended without that. Their names are `<prefix><process id>-<letters>`. */
export function removeOrphanedDisks(parent: string, prefix: string): void {
  for (const name of readdirSync(parent).filter((one) => one.startsWith(prefix))) {
    const owner = name.slice(prefix.length).split("-")[0];
    if (!owner || existsSync(`/proc/${owner}`)) continue;
    const folder = join(parent, name);
    run("sh", "-c", REMOVE_ORPHAN, "sh", folder);
  }
}

/** In ever smaller pieces, to the last block; what is freed meanwhile is left to whoever writes. */
function takeAllRoom(path: string, file: string): void {
  let taken = 0;
  let piece = free(path);
  // What fails may have taken a part: only what is free then is the truth.
  for (let tries = 0; piece >= BLOCK && tries < 100; tries++) {
    try {
      run("fallocate", "--offset", String(taken), "--length", String(piece), file);
      taken += piece;
      piece = free(path);
    } catch {
      taken += piece;
      piece = Math.min(free(path), Math.floor(piece / 2));
    }
  }
}

function free(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

/** Ends with this process, and leaves the disk as it was. */
function holdUp(path: string): ChildProcess {
  const script = `trap 'fsfreeze --unfreeze "$1" 2>/dev/null; exit 0' TERM
while :; do fsfreeze --freeze "$1"; sleep ${HELD_UP_S}; fsfreeze --unfreeze "$1"; sleep ${LET_THROUGH_S}; done`;
  return spawn("setpriv", ["--pdeathsig", "TERM", "sh", "-c", script, "sh", path], { stdio: "ignore" });
}

function run(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}
