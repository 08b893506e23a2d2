import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import type { CollectedSources, SourceStore } from "../../../delivery/source/index.ts";
import { notFound } from "../../../kernel/index.ts";
import { isAside, putBackAside, removeOutright, removeUnvouched, vouch } from "../images/index.ts";

export interface FileSourceStoreOptions {
  /** `CONIFER_HOME/sources`. */
  readonly folder: string;
  /** For a process that only reads beside the one that writes: it leaves what is being written alone. */
  readonly readOnly?: boolean;
}

/**
 * Sources as files `sha256/<2 digits>/<digest>`. A source is written to `incoming/`, forced to disk and renamed, so a file
 * under its digest is always whole; opening the store removes what a killed process left in `incoming/`. Whoever counts on a
 * source sets its time to now, so that no collection removes it meanwhile.
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
    has: async (digest) => (await vouch(at(digest))) !== undefined,
    read: async (digest) => {
      const path = at(digest);
      if ((await vouch(path)) === undefined) throw notFound("source");
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
    remove: async (digest) => void (await removeOutright(at(digest))),
    collect: (kept, before) => collectFiles(join(folder, "sha256"), new Set(kept), before.getTime()),
  };
}

async function collectFiles(
  folder: string,
  kept: ReadonlySet<string>,
  beforeMs: number,
): Promise<CollectedSources> {
  let [sources, freedBytes] = [0, 0];
  for (const part of await readdir(folder).catch(() => []))
    for (const name of await readdir(join(folder, part))) {
      const path = join(folder, part, name);
      // An earlier collection was killed. Whether it may go is seen the next time.
      if (isAside(name)) await putBackAside(path);
      else if (!kept.has(`sha256:${name}`)) {
        const freed = await removeUnvouched(path, beforeMs);
        if (freed === undefined) continue;
        sources += 1;
        freedBytes += freed;
      }
    }
  return { sources, freedBytes };
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
  if ((await vouch(to)) !== undefined) return;
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  await rename(from, to);
  const folder = await open(dirname(to), "r");
  await folder.sync().finally(() => folder.close());
}
