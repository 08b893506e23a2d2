import { execFile } from "node:child_process";
import { chmod, lstat, opendir, readFile, rmdir, unlink } from "node:fs/promises";
import { resolve } from "node:path";
import { promisify } from "node:util";

/**
 * Removes a file or folder with all it holds, also folders that a program made unreadable. Never crosses into a mount:
 * when this process sees one at or below the path it throws and removes nothing. Nothing there is success.
 */
export async function removeTree(path: string): Promise<void> {
  const found = await lstat(path).catch(ignoreMissing);
  if (!found) return;
  if (!found.isDirectory()) return await unlink(path).catch(ignoreMissing);
  const mounts = mountPoints(await readFile("/proc/self/mountinfo", "utf8"));
  const mount = mountAtOrBelow(mounts, resolve(path));
  if (mount) throw new Error(`${mount} is a mount. Unmount it, then remove ${path} again.`);
  const bytes = Buffer.from(path);
  if (await removeFolder(bytes, { left: SMALL })) return;
  // The system's own program is much faster on large trees; what it could not open is done after it.
  await run("rm", ["-rf", "--", path]).catch(() => {});
  await removeFolder(bytes, { left: Number.POSITIVE_INFINITY });
}

/** Entries a tree may have to be removed without a process of its own. */
const SMALL = 1_000;

const run = promisify(execFile);

const SLASH = Buffer.from("/");
/** Names as they stand on the disk: programs also write some that are not UTF-8. Node takes this word and its types do not. */
const AS_BYTES = { encoding: "buffer" as BufferEncoding };

/** False when the budget was used up before the end. */
async function removeFolder(path: Buffer, budget: { left: number }): Promise<boolean> {
  const found = await lstat(path).catch(ignoreMissing);
  if (!found) return true;
  if ((found.mode & 0o700) !== 0o700) await chmod(path, 0o700);
  for await (const entry of await opendir(path, AS_BYTES)) {
    const child = Buffer.concat([path, SLASH, entry.name as unknown as Buffer]);
    if (--budget.left < 0) return false;
    if (!entry.isDirectory()) await unlink(child).catch(ignoreMissing);
    else if (!(await removeFolder(child, budget))) return false;
  }
  await rmdir(path).catch(ignoreMissing);
  return true;
}

function ignoreMissing(thrown: unknown): undefined {
  if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
  throw thrown;
}

/** The mount points in the text of `/proc/<pid>/mountinfo` (proc_pid_mountinfo(5)). */
export function mountPoints(mountinfo: string): string[] {
  return mountinfo
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((point) => point !== "")
    .map((point) =>
      point.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
    );
}

/** The first mount point that is this folder or lies in it. */
export function mountAtOrBelow(points: readonly string[], folder: string): string | undefined {
  return points.find((point) => point === folder || point.startsWith(`${folder}/`));
}
