import { constants } from "node:fs";
import { lstat, open } from "node:fs/promises";
import { join } from "node:path";

/** What stands at a path of a stranger's folder, without following any link on the way. */
export async function kindInside(root: string, path: string): Promise<"file" | "folder" | "other" | "none"> {
  let at = root;
  const names = path.split("/").filter((name) => name !== "");
  for (const [n, name] of ["", ...names].entries()) {
    at = join(at, name);
    const stats = await lstat(at).catch(() => undefined);
    if (!stats) return "none";
    const isLast = n === names.length;
    if (!isLast && !stats.isDirectory()) return "none";
    if (isLast && stats.isDirectory()) return "folder";
    if (isLast) return stats.isFile() ? "file" : "other";
  }
  return "none";
}

/** The text of a plain file of a stranger's folder; undefined when there is none, or it is larger than so many bytes. */
export async function readInside(root: string, path: string, mostBytes: number): Promise<string | undefined> {
  if ((await kindInside(root, path)) !== "file") return undefined;
  const file = await open(join(root, path), constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { size } = await file.stat();
    return size > mostBytes ? undefined : await file.readFile("utf8");
  } finally {
    await file.close();
  }
}
