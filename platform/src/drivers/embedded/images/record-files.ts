import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isMissing, syncFolder } from "./durable-files.ts";
import { putBack } from "./vouched-files.ts";

/** An empty file, which is there or not. Making it again makes it new. */
export async function writeMark(path: string): Promise<void> {
  await inFolder(dirname(path), async () => {
    const file = await open(path, "a", 0o600);
    await file.close();
    const now = new Date();
    await utimes(path, now, now);
  });
}

/** Names that begin with a dot are no digests and no tags: they are on their way, or were left by a kill. */
export async function writeWhole(path: string, text: string): Promise<void> {
  await inFolder(dirname(path), async () => {
    const aside = join(dirname(path), `.${randomUUID()}`);
    try {
      await writeFile(aside, text, { mode: 0o600, flush: true });
      await rename(aside, path);
    } finally {
      await rm(aside, { force: true });
    }
  });
}

/** Works in a folder that is made first, also when a sweep removes the empty folder in between. */
async function inFolder(folder: string, work: () => Promise<void>): Promise<void> {
  for (let tries = 5; ; tries -= 1) {
    try {
      await makeFolder(folder);
      await work();
      return await syncFolder(folder);
    } catch (thrown) {
      if (tries === 1 || !isMissing(thrown)) throw thrown;
    }
  }
}

/** A new folder is durable in its parents too. */
async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

/** The text of a file, which may have been moved aside; undefined when there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  for (;;) {
    try {
      return await readFile(path, "utf8");
    } catch (thrown) {
      if (!isMissing(thrown)) throw thrown;
      if (!(await putBack(path))) return undefined;
    }
  }
}

/** The names in a folder that stand for something; undefined when there is no such folder. */
export async function namesIn(folder: string): Promise<string[] | undefined> {
  const names = await readdir(folder).catch((thrown) => {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  });
  return names?.filter((name) => !name.startsWith("."));
}
