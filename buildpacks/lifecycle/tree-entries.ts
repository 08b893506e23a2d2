import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { createReadStream, lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from "node:fs";
import { byCodeUnits } from "./env-operations.ts";
import type { LayerEntry } from "./oci.ts";

// A phase program has nothing else to do while it reads files, and reading them one by one without promises takes a
// tenth of the time.

/** Something found in a folder. `path` is absolute. */
export interface Found {
  readonly path: string;
  readonly stats: Stats;
}

const WHOLE_FILE = 4 * 1024 * 1024;

/**
 * Everything below a folder, the folder itself first, each folder before its content, names in the order of their
 * code units. Links are not followed. Sockets, pipes and devices are left out.
 */
export function* walkTree(root: string): Generator<Found> {
  const stats = lstatSync(root);
  yield { path: root, stats };
  if (stats.isDirectory()) yield* walkFolder(root);
}

function* walkFolder(folder: string): Generator<Found> {
  for (const name of readdirSync(folder).sort(byCodeUnits)) {
    const path = `${folder}/${name}`;
    const stats = statNamed(path);
    if (!isKept(stats)) continue;
    yield { path, stats };
    if (stats.isDirectory()) yield* walkFolder(path);
  }
}

/** Sockets, pipes and devices that a build leaves behind mean nothing later. */
export function isKept(stats: Stats): boolean {
  return stats.isFile() || stats.isDirectory() || stats.isSymbolicLink();
}

function statNamed(path: string): Stats {
  try {
    return lstatSync(path);
  } catch (thrown) {
    if (!path.includes("\uFFFD")) throw thrown;
    throw new Error(`the file name "${path}" is not UTF-8; rename it`, { cause: thrown });
  }
}

/** Layer entries of what was found. Several names of one file become links to the first. */
export function* toEntries(found: Iterable<Found>): Generator<LayerEntry> {
  const seen = new Map<string, string>();
  for (const { path, stats } of found) {
    const mode = stats.mode & 0o7777;
    if (stats.isDirectory()) {
      yield { kind: "directory", path, mode };
    } else if (stats.isSymbolicLink()) {
      yield { kind: "symlink", path, mode: 0o777, target: targetOf(path) };
    } else {
      const identity = `${stats.dev}:${stats.ino}`;
      const first = stats.nlink > 1 ? seen.get(identity) : undefined;
      if (first !== undefined) {
        yield { kind: "link", path, mode, target: first };
        continue;
      }
      if (stats.nlink > 1) seen.set(identity, path);
      yield fileEntry(path, mode, stats.size);
    }
  }
}

function targetOf(path: string): string {
  const bytes = readlinkSync(path, "buffer");
  if (!isUtf8(bytes)) throw new Error(`the link "${path}" leads to a name that is not UTF-8; make it anew`);
  return bytes.toString("utf8");
}

function fileEntry(path: string, mode: number, size: number): LayerEntry {
  if (size > WHOLE_FILE)
    return { kind: "file", path, mode, size, content: () => createReadStream(path, { end: size - 1 }) };
  const content = readFileSync(path);
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
export function fingerprint(root: string): string {
  const hash = createHash("sha256");
  for (const { path, stats } of walkTree(root)) {
    if (path === root) continue;
    const { mode, size, ino, ctimeMs } = stats;
    hash.update(`${path.slice(root.length)}\0${mode} ${stats.isDirectory() ? 0 : size} ${ino} ${ctimeMs}\n`);
  }
  return hash.digest("hex");
}
