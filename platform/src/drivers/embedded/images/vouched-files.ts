import { randomUUID } from "node:crypto";
import { link, rename, rm, stat, utimes } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isMissing, syncFolder } from "./durable-files.ts";

/**
 * Files that a sweep removes while others count on them, with no lock between processes. Whoever counts on a file vouches
 * for it, which sets its time to now; whoever removes one moves it aside first, looks at its time, and puts it back when it
 * is new. So a file that somebody was told is there stays, in whatever order the two come:
 *
 *     vouch, move aside        the time is new: put back
 *     move aside, vouch        not found: the voucher puts it back itself, and it has a new time
 *     move aside, die          the next voucher or the next sweep puts it back
 */

const ASIDE = ".removed-";

/** Whether a name in a folder is that of a file that was moved aside. */
export function isAside(name: string): boolean {
  return name.startsWith(ASIDE);
}

/** Puts a file back that a sweep has left aside, by where it lies; it is new then. */
export async function putBackAside(aside: string): Promise<void> {
  const [name = ""] = basename(aside).slice(ASIDE.length).split("~");
  const now = new Date();
  await unlessMissing(utimes(aside, now, now).then(() => linkIfNone(aside, join(dirname(aside), name))));
  await rm(aside, { force: true });
}

function asideOf(path: string): string {
  return join(dirname(path), `${ASIDE}${basename(path)}`);
}

/** The file's size in bytes, and nobody removes it for as long as what is new is kept; undefined when it is not there. */
export async function vouch(path: string): Promise<number | undefined> {
  for (;;) {
    const now = new Date();
    const size = await unlessMissing(utimes(path, now, now).then(async () => (await stat(path)).size));
    if (size !== undefined) return size;
    if (!(await putBack(path))) return undefined;
  }
}

/** Puts a file that was moved aside back, as one that is new. Returns whether it is there now. */
export async function putBack(path: string): Promise<boolean> {
  const aside = asideOf(path);
  const now = new Date();
  if ((await unlessMissing(utimes(aside, now, now).then(() => true))) === undefined) return false;
  const linked = await unlessMissing(linkIfNone(aside, path).then(() => true));
  await rm(aside, { force: true });
  return linked ?? false;
}

/**
 * Removes a file that nobody has vouched for since a time (in ms), and returns its size; undefined when it stays or is not
 * there. `onAside` is for tests: it is called while the file is aside.
 */
export async function removeUnvouched(
  path: string,
  sinceMs: number,
  onAside?: () => Promise<void>,
): Promise<number | undefined> {
  const before = await unlessMissing(stat(path));
  if (!before || before.mtimeMs >= sinceMs) return undefined;
  const aside = asideOf(path);
  if ((await unlessMissing(rename(path, aside).then(() => true))) === undefined) return undefined;
  await onAside?.();
  const now = await unlessMissing(stat(aside));
  if (!now) return undefined;
  if (now.mtimeMs >= sinceMs) {
    await putBack(path);
    return undefined;
  }
  return await removeAside(aside, sinceMs);
}

/** From here on nobody else finds it: what is removed is what was looked at, also should two sweeps run at once. */
async function removeAside(aside: string, sinceMs: number): Promise<number | undefined> {
  const mine = `${aside}~${randomUUID()}`;
  const found = await unlessMissing(rename(aside, mine).then(() => stat(mine)));
  if (!found) return undefined;
  if (found.mtimeMs >= sinceMs) {
    await putBackAside(mine);
    return undefined;
  }
  await rm(mine, { force: true });
  return found.size;
}

/** Removes a file for good, also where a sweep has moved it aside. Returns whether it was there. */
export async function removeOutright(path: string): Promise<boolean> {
  const aside = await unlessMissing(rm(asideOf(path)).then(() => true));
  const there = await unlessMissing(rm(path).then(() => true));
  if (aside || there) await unlessMissing(syncFolder(dirname(path)));
  return aside ?? there ?? false;
}

/** What is there already is newer than what is put back. */
async function linkIfNone(from: string, to: string): Promise<void> {
  await link(from, to).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code !== "EEXIST") throw thrown;
  });
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  return await work.catch((thrown) => {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  });
}
