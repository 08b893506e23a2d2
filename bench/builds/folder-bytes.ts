import { spawnSync } from "node:child_process";
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Bytes of all files below a folder, each inode counted once; 0 of a folder that is not there. */
export function folderBytes(folder: string): number {
  const seen = new Map<string, number>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const { dev, ino, size } = lstatSync(join(entry.parentPath, entry.name));
    seen.set(`${dev}:${ino}`, size);
  }
  return [...seen.values()].reduce((sum, size) => sum + size, 0);
}

/** Bytes that some of a folder's entries take as a plain layer. */
export function layerBytes(
  folder: string,
  entries: readonly string[],
  without: readonly string[] = [],
): number {
  const excludes = without.map((name) => `--exclude=./${name}`);
  const { stdout, status, stderr } = spawnSync(
    "sh",
    ["-c", 'tar "$@" | wc -c', "tar", "-C", folder, "-c", "--sort=name", ...excludes, ...entries],
    { encoding: "utf8" },
  );
  if (status !== 0 || stderr) throw new Error(`${folder} cannot be packed: ${stderr}`);
  return Number(stdout);
}
