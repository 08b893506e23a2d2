import { readdir, rm } from "node:fs/promises";
import path from "node:path";

/** What builds leave in their output folders that no app reads: records of the build, and archives made twice. */
const LEFT = /^(maven-status|maven-archiver|surefire-reports|surefire|tmp|.*\.(jar|war)\.original)$/;

/** Removes it below every `target` and `build` folder that a build tool has made, so that images do not carry it. */
export async function tidyOutput(appDir: string, depth = 3): Promise<void> {
  const entries = await readdir(appDir, { withFileTypes: true }).catch(() => []);
  for (const entry of entries.filter((one) => one.isDirectory())) {
    const at = path.join(appDir, entry.name);
    if (entry.name === "target" || entry.name === "build") await tidyFolder(at);
    else if (depth > 0 && !/^(\.|node_modules$)/.test(entry.name)) await tidyOutput(at, depth - 1);
    if (entry.name === ".gradle") await rm(at, { recursive: true, force: true });
  }
}

async function tidyFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (LEFT.test(name)) await rm(path.join(folder, name), { recursive: true, force: true });
  }
}
