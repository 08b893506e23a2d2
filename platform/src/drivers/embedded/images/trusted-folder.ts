import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { removeTree } from "../../files/trees/index.ts";

/**
 * Removes from a folder of unpacked images what killed processes have left unfinished (names with a dot), and everything
 * when the machine has been restarted: none of it was synced to disk.
 */
export async function removeUntrusted(folder: string): Promise<void> {
  const mark = join(folder, ".boot");
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "unknown");
  const same = (await readFile(mark, "utf8").catch(() => "")) === boot;
  for (const name of await readdir(folder)) {
    if (name === ".boot" || (same && !name.startsWith("."))) continue;
    await removeTree(join(folder, name));
  }
  await writeFile(mark, boot);
}
