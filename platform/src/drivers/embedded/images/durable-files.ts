import { open, stat } from "node:fs/promises";

/** Makes what was created, renamed or removed in a folder survive a loss of power. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** In bytes; undefined when there is no such file. */
export async function sizeOf(path: string): Promise<number | undefined> {
  const found = await stat(path).catch((thrown: NodeJS.ErrnoException) => {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  });
  return found?.size;
}

/** No such file, or none of its folders. */
export function isMissing(thrown: unknown): boolean {
  const { code } = thrown as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}
