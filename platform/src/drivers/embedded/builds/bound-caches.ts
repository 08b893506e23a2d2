import { execFile } from "node:child_process";
import { readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { removeTree } from "../../files/trees/index.ts";

/** How much disk build caches may take, in bytes. */
export interface CacheBounds {
  /** Of one app: a cache that is larger is emptied whole, since nobody but its buildpacks knows what it could do without. */
  readonly eachBytes: number;
  /** Of all apps: those whose last build is longest ago go first. */
  readonly allBytes: number;
}

/** Kept beside an app's cache as `<app id>.json`. */
interface CacheNote {
  readonly bytes: number;
  /** The cache was emptied: the next build says why. */
  readonly emptied?: "too large" | "no room";
}

const NOTE = ".json";
const GOING = ".going";
const run = promisify(execFile);

/** Measures the cache of an app that was just built, and keeps all caches within their bounds. */
export async function boundCaches(root: string, appId: string, bounds: CacheBounds): Promise<void> {
  const bytes = await measure(join(root, appId));
  if (bytes === undefined) return;
  await writeNote(root, appId, { bytes });
  if (bytes > bounds.eachBytes) await empty(root, appId, { bytes, emptied: "too large" });
  const caches = await listCaches(root);
  let total = caches.reduce((sum, cache) => sum + cache.bytes, 0);
  for (const cache of caches.sort((a, b) => a.usedAt - b.usedAt)) {
    if (total <= bounds.allBytes) break;
    await empty(root, cache.appId, { bytes: cache.bytes, emptied: "no room" });
    total -= cache.bytes;
  }
}

/** Why an app that was built before has no cache now, in a line for its build's output; said once. */
export async function tellEmptied(root: string, appId: string): Promise<string | undefined> {
  const note = await readNote(root, appId);
  if (!note?.emptied) return undefined;
  await rm(join(root, appId + NOTE), { force: true });
  const size = `${(note.bytes / 1024 ** 3).toFixed(1)} GiB`;
  if (note.emptied === "no room")
    return "-----> The build cache was emptied to make room for other apps; this build fetches everything again";
  return `-----> The build cache had grown to ${size}, more than an app may keep, and was emptied`;
}

/** Forgets an app's cache and what is known of it; one that is not there is no error. */
export async function forgetCache(root: string, appId: string): Promise<void> {
  await removeTree(join(root, appId));
  await rm(join(root, appId + NOTE), { force: true });
}

/** Finishes what a killed process was about to remove. */
export async function sweepCaches(root: string): Promise<void> {
  for (const name of await readdir(root).catch(() => []))
    if (name.endsWith(GOING)) await removeTree(join(root, name));
}

/** A build that takes the cache at this moment either has it or finds none. */
async function empty(root: string, appId: string, note: CacheNote): Promise<void> {
  const aside = join(root, appId + GOING);
  await removeTree(aside);
  try {
    await rename(join(root, appId), aside);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return;
    throw thrown;
  }
  await writeNote(root, appId, note);
  await removeTree(aside);
}

/** Bytes on disk, by a process of its own, for a large cache has very many files; undefined when it is not there now. */
async function measure(folder: string): Promise<number | undefined> {
  if (!(await stat(folder).catch(() => undefined))) return undefined;
  // Files that a build takes away meanwhile make it end badly, and the sum stands all the same.
  const { stdout } = await run("du", ["-s", "-B1", "--", folder]).catch((thrown: { stdout?: string }) => ({
    stdout: thrown.stdout ?? "",
  }));
  const bytes = Number.parseInt(stdout, 10);
  return Number.isNaN(bytes) ? undefined : bytes;
}

async function listCaches(root: string) {
  const caches: { appId: string; bytes: number; usedAt: number }[] = [];
  for (const name of await readdir(root)) {
    if (!name.endsWith(NOTE)) continue;
    const appId = name.slice(0, -NOTE.length);
    const note = await readNote(root, appId);
    const found = await stat(join(root, name)).catch(() => undefined);
    if (note && found && !note.emptied) caches.push({ appId, bytes: note.bytes, usedAt: found.mtimeMs });
  }
  return caches;
}

async function readNote(root: string, appId: string): Promise<CacheNote | undefined> {
  const text = await readFile(join(root, appId + NOTE), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const { bytes, emptied } = JSON.parse(text) as CacheNote;
    return { bytes: Number(bytes) || 0, ...(emptied ? { emptied } : {}) };
  } catch {
    return undefined;
  }
}

/** Whole or not at all: a process may be killed in between. */
async function writeNote(root: string, appId: string, note: CacheNote): Promise<void> {
  const file = join(root, appId + NOTE);
  await writeFile(`${file}.new`, JSON.stringify(note));
  await rename(`${file}.new`, file);
}
