import { createHash, randomUUID } from "node:crypto";
import { link, open, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { isMissing } from "./durable-files.ts";

/** One sweep of a store at a time, whatever process of whatever machine that shares the disk does it. */
export interface SweepLock {
  /** When it was taken, by the disk's own clock, in whole milliseconds: what is written from now on is not older. */
  readonly takenMs: number;
  /** Says that the sweep goes on. Throws when another one has taken the lock in the meantime. */
  beat(): Promise<void>;
  release(): Promise<void>;
}

/** A holder that has not been heard of for so long is gone, wherever it was. */
const SILENT_MS = 10 * 60_000;

interface Holder {
  readonly token: string;
  readonly host: string;
  readonly pid: number;
  /** What tells the process from another one with its number. */
  readonly began: string | undefined;
}

/**
 * Takes the lock; undefined while another sweep holds it. One whose process is gone is taken over at once on the same
 * machine, and after ten minutes on another. What is removed is safe without it: it saves work.
 */
export async function takeSweepLock(path: string): Promise<SweepLock | undefined> {
  const holder: Holder = {
    ...{ token: randomUUID(), host: hostname(), pid: process.pid },
    began: await beginningOf(process.pid),
  };
  const text = JSON.stringify(holder);
  if (!(await create(path, text)) && !(await takeOver(path, text))) return undefined;
  return {
    takenMs: Math.floor((await stat(path)).mtimeMs),
    async beat() {
      if ((await readText(path)) !== text) throw new Error("another sweep has taken this one for dead");
      const now = new Date();
      await utimes(path, now, now);
    },
    async release() {
      if ((await readText(path)) === text) await rm(path, { force: true });
    },
  };
}

async function create(path: string, text: string): Promise<boolean> {
  const aside = `${path}.${randomUUID()}`;
  const file = await open(aside, "wx", 0o600);
  try {
    await file.writeFile(text).finally(() => file.close());
    await link(aside, path);
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw thrown;
  } finally {
    await rm(aside, { force: true });
  }
}

/**
 * Puts the own lock in the place of one whose holder is gone. Who makes the mark that is named after that lock may do so, and
 * the lock of a live holder is never moved.
 */
async function takeOver(path: string, own: string): Promise<boolean> {
  const found = await readText(path);
  if (found === undefined) return await create(path, own);
  if (await holds(path, found)) return false;
  const mark = `${path}.${createHash("sha256").update(found).digest("hex").slice(0, 32)}`;
  if (!(await create(mark, own))) {
    const maker = await readText(mark);
    if (maker !== undefined && !(await holds(mark, maker))) await rm(mark, { force: true });
    return false;
  }
  if ((await readText(path)) === found) {
    await rename(mark, path);
    return true;
  }
  await rm(mark, { force: true });
  return false;
}

async function holds(path: string, text: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  try {
    const { host, pid, began } = JSON.parse(text) as Holder;
    if (host === hostname()) return began !== undefined && (await beginningOf(pid)) === began;
    return found !== undefined && Date.now() - found.mtimeMs <= SILENT_MS;
  } catch {
    return false;
  }
}

/** When a process began, in the kernel's ticks (proc(5), field 22 of stat); undefined when there is no such process. */
async function beginningOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  return text?.slice(text.lastIndexOf(")") + 2).split(" ")[19];
}

async function readText(path: string): Promise<string | undefined> {
  return await readFile(path, "utf8").catch((thrown) => {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  });
}
