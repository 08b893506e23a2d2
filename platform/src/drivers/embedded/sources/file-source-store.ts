import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import type { SourceStore } from "../../../delivery/source/index.ts";
import { notFound } from "../../../kernel/index.ts";

export interface FileSourceStoreOptions {
  /** `CONIFER_HOME/sources`. */
  readonly folder: string;
  /** For a process that only reads beside the one that writes: it leaves what is being written alone. */
  readonly readOnly?: boolean;
}

/**
 * Sources as files `sha256/<2 digits>/<digest>`. A source is written to `incoming/`, forced to disk and renamed, so a file
 * under its digest is always whole; opening the store removes what a killed process left in `incoming/`.
 */
export async function openFileSourceStore({
  folder,
  readOnly = false,
}: FileSourceStoreOptions): Promise<SourceStore> {
  const incoming = join(folder, "incoming");
  if (!readOnly) await rm(incoming, { recursive: true, force: true });
  await mkdir(incoming, { recursive: true, mode: 0o700 });
  const at = (digest: string) => sourcePath(folder, digest);
  return {
    has: (digest) => exists(at(digest)),
    read: async (digest) => {
      const path = at(digest);
      if (!(await exists(path))) throw notFound("source");
      return createReadStream(path);
    },
    write: async (tar) => {
      const path = join(incoming, randomUUID());
      try {
        const digest = await writeDurably(path, tar);
        const { size } = await stat(path);
        await publish(path, at(digest));
        return { digest, sizeBytes: size };
      } finally {
        await rm(path, { force: true });
      }
    },
    remove: (digest) => rm(at(digest), { force: true }),
  };
}

function sourcePath(folder: string, digest: string): string {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
  if (!hex) throw new Error(`not a source's digest: ${digest}`);
  return join(folder, "sha256", hex.slice(0, 2), hex);
}

async function writeDurably(path: string, content: Readable): Promise<string> {
  const hash = createHash("sha256");
  const file = await open(path, "wx", 0o600);
  try {
    for await (const chunk of content as AsyncIterable<Buffer>) {
      hash.update(chunk);
      await file.writeFile(chunk);
    }
    await file.sync();
  } finally {
    content.destroy();
    await file.close();
  }
  return `sha256:${hash.digest("hex")}`;
}

async function publish(from: string, to: string): Promise<void> {
  if (await exists(to)) return;
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  await rename(from, to);
  const folder = await open(dirname(to), "r");
  await folder.sync().finally(() => folder.close());
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
