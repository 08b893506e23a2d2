import { readdirSync, readlinkSync, type Stats, statfsSync, statSync } from "node:fs";
import type { TreeSize } from "../../files/trees/index.ts";
import { quietly } from "./process-tree.ts";

/**
 * Files without a name that these processes keep on a disk, each counted once: removed ones that are still open or, where
 * Conifer is root, mapped. What is in memory alone is not counted, nor what is gone meanwhile. (proc_pid_fd(5), proc_pid_map_files(5))
 */
export function unnamedFiles(pids: readonly number[]): TreeSize {
  const seen = new Set<string>();
  let bytes = 0;
  for (const pid of pids) {
    for (const link of [...linksIn(`/proc/${pid}/fd`), ...linksIn(`/proc/${pid}/map_files`)]) {
      const file = unnamedOnDisk(link);
      if (!file || seen.has(`${file.dev}:${file.ino}`)) continue;
      seen.add(`${file.dev}:${file.ino}`);
      bytes += file.blocks * BLOCK;
    }
  }
  return { bytes, entries: seen.size };
}

/** Of what stat(2) counts. */
const BLOCK = 512;
/** The kernel's word after the path; programs may use it in names, too. */
const DELETED = " (deleted)";
/** statfs(2): tmpfs, which is also where files of memfd_create(2) are. */
const TMPFS = 0x0102_1994;

function linksIn(folder: string): readonly string[] {
  return quietly(() => readdirSync(folder))?.map((name) => `${folder}/${name}`) ?? [];
}

function unnamedOnDisk(link: string): Stats | undefined {
  return quietly(() => {
    if (!readlinkSync(link).endsWith(DELETED)) return undefined;
    const found = statSync(link);
    const isOnDisk = found.isFile() && found.nlink === 0 && statfsSync(link).type !== TMPFS;
    return isOnDisk ? found : undefined;
  });
}
