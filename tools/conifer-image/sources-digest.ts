import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";

/** A digest of the source files in folders, those for tests left out: what they make is kept under a name with it. */
export async function sourcesDigest(folders: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const folder of folders) {
    const names = (await readdir(folder)).filter((name) => /(?<!\.test|-fixtures)\.ts$/.test(name));
    for (const name of names.sort())
      hash.update(`\n${basename(folder)}/${name}\n`).update(await readFile(join(folder, name)));
  }
  return hash.digest("hex");
}
