import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";

/**
 * Runs work with a folder of its own beside what it makes, and removes that folder afterwards. What makers that were
 * killed have left is removed first.
 */
export async function makeAside<T>(parent: string, work: (aside: string) => Promise<T>): Promise<T> {
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) {
    const pid = Number(/^\.making-(\d+)-/.exec(name)?.[1] ?? Number.NaN);
    if (pid > 0 && !runs(pid)) await rm(join(parent, name), { recursive: true, force: true });
  }
  const aside = join(parent, `.making-${process.pid}-${randomUUID()}`);
  await mkdir(aside);
  try {
    return await work(aside);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** Gives what was made its name, at once and whole. Another maker of the same may have been faster. */
export async function settle(from: string, to: string): Promise<void> {
  await rename(from, to).catch((thrown: NodeJS.ErrnoException) => {
    if (!existsSync(to)) throw thrown;
  });
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === "EPERM";
  }
}
