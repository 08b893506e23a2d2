import { readFile, writeFile } from "node:fs/promises";

/** How long a resolved version of a runtime stands before its sources are asked for a newer one. */
const RECHECK_AFTER_MS = 7 * 24 * 3600 * 1000;

/** Notes in the file, which a cached layer keeps, that the sources were asked just now. */
export async function noteAsked(file: string): Promise<void> {
  await writeFile(file, new Date().toISOString());
}

/** Whether the sources were asked less than a week ago, by what `noteAsked` left; a time to come does not count. */
export async function askedLately(file: string): Promise<boolean> {
  const asked = await readFile(file, "utf8").catch(() => "");
  const age = Date.now() - Date.parse(asked);
  return age >= 0 && age < RECHECK_AFTER_MS;
}
