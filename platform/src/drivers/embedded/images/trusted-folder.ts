import { readdir, readFile, readlink, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { removeTree } from "../../files/trees/index.ts";

/**
 * Removes from a folder of unpacked images what killed processes have left unfinished (names with a dot), and everything
 * when the machine has been restarted or the folder's file system mounted anew, as after an error of its disk: none of it was
 * synced.
 */
export async function removeUntrusted(folder: string): Promise<void> {
  const mark = join(folder, ".boot");
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "unknown");
  const life = `${boot}${await mountOf(folder)}`;
  const same = (await readFile(mark, "utf8").catch(() => "")) === life;
  for (const name of await readdir(folder)) {
    if (name === ".boot" || (same && !name.startsWith("."))) continue;
    await removeTree(join(folder, name));
  }
  await writeFile(mark, life);
}

/** Where the kernel shows the file systems that are mounted: a folder for each, made anew with each mount, by the disk's name. */
const MOUNTED = ["/sys/fs/ext4", "/sys/fs/xfs"];

/**
 * A text that is another one when the file system of a folder has been mounted anew: the number of its folder in sysfs, which the
 * kernel never gives twice between two starts of the machine. Nothing for other file systems than those two.
 */
async function mountOf(folder: string): Promise<string> {
  const { dev } = await stat(folder, { bigint: true });
  // As gnu_dev_major(3) and gnu_dev_minor(3) have them.
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn);
  const disk = await readlink(`/sys/dev/block/${major}:${minor}`).catch(() => undefined);
  if (disk === undefined) return "";
  const shown = await Promise.all(
    MOUNTED.map((kind) => stat(join(kind, basename(disk)), { bigint: true }).catch(() => undefined)),
  );
  return shown.map((found) => (found ? `mount ${found.ino}\n` : "")).join("");
}
