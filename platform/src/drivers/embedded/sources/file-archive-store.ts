import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { ArchiveStore } from "../../../delivery/source/index.ts";
import { isId, notFound } from "../../../kernel/index.ts";

/**
 * Archives as files `<id>`; one that is being written has another name until it is whole. Opening the store removes what
 * a killed process left half-written.
 */
export async function openFileArchiveStore({ folder }: { readonly folder: string }): Promise<ArchiveStore> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder)) {
    if (name.startsWith("incoming-")) await rm(join(folder, name), { force: true });
  }
  const at = (id: string) => {
    if (!isId(id)) throw new Error(`not an archive's id: ${id}`);
    return join(folder, id);
  };
  return {
    write: async (id, content) => {
      const path = at(id);
      const incoming = join(folder, `incoming-${randomUUID()}`);
      try {
        await pipeline(content, createWriteStream(incoming, { mode: 0o600, flush: true }));
        await rename(incoming, path);
      } finally {
        await rm(incoming, { force: true });
      }
    },
    read: async (id) => {
      const file = await open(at(id), "r").catch((cause: NodeJS.ErrnoException) => {
        throw cause.code === "ENOENT" ? notFound("source") : cause;
      });
      const { size } = await file.stat();
      return { content: file.createReadStream(), sizeBytes: size };
    },
    remove: (id) => rm(at(id), { force: true }),
    removeBefore: async (time) => {
      for (const name of await readdir(folder)) {
        const path = join(folder, name);
        const found = await stat(path).catch(() => undefined);
        if (found && found.mtime < time) await rm(path, { force: true });
      }
    },
  };
}
