import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { notFound } from "../../kernel/index.ts";
import { bytesOf } from "./source-fixtures.ts";
import type { ArchiveStore, SourceStore } from "./source-ports.ts";

/** A SourceStore in memory. */
export function fakeSourceStore(): SourceStore & { readonly kept: ReadonlyMap<string, Buffer> } {
  const kept = new Map<string, Buffer>();
  const newAt = new Map<string, number>();
  const vouch = (digest: string) => {
    newAt.set(digest, Date.now());
    return kept.get(digest);
  };
  return {
    kept,
    has: async (digest) => vouch(digest) !== undefined,
    read: async (digest) => {
      const content = vouch(digest);
      if (!content) throw notFound("source");
      return Readable.from([content]);
    },
    write: async (tar) => {
      const content = await bytesOf(tar);
      const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
      kept.set(digest, content);
      vouch(digest);
      return { digest, sizeBytes: content.length };
    },
    remove: async (digest) => void kept.delete(digest),
    collect: async (wanted, before) => {
      let freedBytes = 0;
      const going = [...kept].filter(
        ([digest]) => !wanted.includes(digest) && (newAt.get(digest) ?? 0) < before.getTime(),
      );
      for (const [digest, content] of going) {
        freedBytes += content.length;
        kept.delete(digest);
      }
      return { sources: going.length, freedBytes };
    },
  };
}

/** An ArchiveStore in memory; `now` dates what is written. */
export function fakeArchiveStore(
  now: () => Date = () => new Date(),
): ArchiveStore & { readonly ids: () => string[] } {
  const kept = new Map<string, { content: Buffer; written: Date }>();
  return {
    ids: () => [...kept.keys()],
    write: async (id, content) => void kept.set(id, { content: await bytesOf(content), written: now() }),
    read: async (id) => {
      const found = kept.get(id);
      if (!found) throw notFound("source");
      return {
        content: Readable.from([found.content], { objectMode: false }),
        sizeBytes: found.content.length,
      };
    },
    remove: async (id) => void kept.delete(id),
    removeBefore: async (time) => {
      for (const [id, { written }] of kept) if (written < time) kept.delete(id);
    },
  };
}
