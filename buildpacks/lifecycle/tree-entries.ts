import { createHash } from "node:crypto";
import { createReadStream, type Stats } from "node:fs";
import { lstat, readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { byCodeUnits } from "./env-operations.ts";
import type { LayerEntry } from "./oci.ts";

/** Something found in a folder. `path` is absolute. */
export interface Found {
  readonly path: string;
  readonly stats: Stats;
}

const WHOLE_FILE = 4 * 1024 * 1024;
const AT_ONCE = 32;

/**
 * Everything below a folder, the folder itself first, each folder before its content, names in the order of their
 * code units. Links are not followed. Sockets, pipes and devices are left out. `skip` leaves out a path and all below.
 */
export async function* walkTree(
  root: string,
  skip: (path: string) => boolean = () => false,
): AsyncGenerator<Found> {
  const stats = await lstat(root);
  yield { path: root, stats };
  if (stats.isDirectory()) yield* walkFolder(root, skip);
}

async function* walkFolder(folder: string, skip: (path: string) => boolean): AsyncGenerator<Found> {
  const names = (await readdir(folder)).sort(byCodeUnits);
  for (let from = 0; from < names.length; from += AT_ONCE) {
    const batch = names
      .slice(from, from + AT_ONCE)
      .map((name) => join(folder, name))
      .filter((path) => !skip(path));
    const all = await Promise.all(batch.map((path) => statNamed(path)));
    for (const [i, stats] of all.entries()) {
      const path = batch[i] as string;
      if (!stats.isFile() && !stats.isDirectory() && !stats.isSymbolicLink()) continue;
      yield { path, stats };
      if (stats.isDirectory()) yield* walkFolder(path, skip);
    }
  }
}

async function statNamed(path: string): Promise<Stats> {
  try {
    return await lstat(path);
  } catch (thrown) {
    if (!path.includes("\uFFFD")) throw thrown;
    throw new Error(`the file name "${path}" is not UTF-8; rename it`, { cause: thrown });
  }
}

/** Layer entries of what was found. Several names of one file become links to the first. */
export async function* toEntries(found: AsyncIterable<Found> | Iterable<Found>): AsyncGenerator<LayerEntry> {
  const seen = new Map<string, string>();
  for await (const { path, stats } of found) {
    const mode = stats.mode & 0o7777;
    if (stats.isDirectory()) {
      yield { kind: "directory", path, mode };
    } else if (stats.isSymbolicLink()) {
      yield { kind: "symlink", path, mode: 0o777, target: await readlink(path) };
    } else {
      const identity = `${stats.dev}:${stats.ino}`;
      const first = stats.nlink > 1 ? seen.get(identity) : undefined;
      if (first !== undefined) {
        yield { kind: "link", path, mode, target: first };
        continue;
      }
      if (stats.nlink > 1) seen.set(identity, path);
      yield await fileEntry(path, mode, stats.size);
    }
  }
}

async function fileEntry(path: string, mode: number, size: number): Promise<LayerEntry> {
  if (size > WHOLE_FILE)
    return { kind: "file", path, mode, size, content: () => createReadStream(path, { end: size - 1 }) };
  const content = await readFile(path);
  return { kind: "file", path, mode, size: content.length, content };
}

/** The folders above a path, outermost first, as entries everybody may enter. */
export function parentEntries(path: string): LayerEntry[] {
  const names = path.split("/").slice(1, -1);
  return names.map((_, i) => ({
    kind: "directory",
    path: `/${names.slice(0, i + 1).join("/")}`,
    mode: 0o755,
  }));
}

/**
 * A text that changes whenever anything below a folder has been changed since: names, types, modes, sizes, inodes and
 * change times, which no unprivileged program can set back. It survives moving the folder, but not copying it.
 */
export async function fingerprint(root: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const { path, stats } of walkTree(root)) {
    if (path === root) continue;
    const { mode, size, ino, ctimeMs } = stats;
    hash.update(`${path.slice(root.length)}\0${mode} ${stats.isDirectory() ? 0 : size} ${ino} ${ctimeMs}\n`);
  }
  return hash.digest("hex");
}
