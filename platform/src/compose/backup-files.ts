import type { Stats } from "node:fs";
import { type FileHandle, open, readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import type { ArchiveWriter } from "../drivers/files/archives/index.ts";
import { namedDigest, SECTIONS, type SectionName } from "./backup-form.ts";

/** Copies files of a running instance into a backup. */
export interface BackupFiles {
  /** Copies a file as long as it is now; false when it is not there any more. */
  file(section: SectionName, path: string, from: string): Promise<boolean>;
  /** Copies every file below a folder that belongs into the section. */
  folder(section: SectionName, folder: string): Promise<void>;
  /** Files whose content is not what their names say. */
  readonly damaged: readonly string[];
}

const CHUNK = 256 * 1024;
/** How often a folder is read again in which files get other names while it is copied. */
const MOST_LOOKS = 5;

/** `added` is told of each file's size. An abort ends a copy at the next file. */
export function copyInto(
  writer: Pick<ArchiveWriter, "add">,
  { added, signal }: { readonly added: (bytes: number) => void; readonly signal: AbortSignal },
): BackupFiles {
  const damaged: string[] = [];
  const file: BackupFiles["file"] = async (section, path, from) => {
    signal.throwIfAborted();
    const handle = await open(from, "r").catch(unlessMissing);
    if (!handle) return false;
    try {
      const facts = await handle.stat();
      if (!facts.isFile()) return false;
      const digest = await writer.add({
        ...{ section, path, size: facts.size, changedAt: facts.mtime },
        content: exactly(handle, facts),
      });
      const named = namedDigest(section, path);
      if (named !== undefined && named !== digest) damaged.push(`${section}/${path}`);
      added(facts.size);
      return true;
    } finally {
      await handle.close();
    }
  };
  const folder: BackupFiles["folder"] = async (section, root) => {
    for await (const below of foldersBelow(root)) {
      const done = new Set<string>();
      for (let looks = 0; looks < MOST_LOOKS; looks++) {
        const [before, lost] = [done.size, new Set<string>()];
        for (const name of (await filesIn(below)).filter((one) => !done.has(one))) {
          const path = relative(root, join(below, name));
          if (!SECTIONS[section].test(path)) continue;
          if (await file(section, path, join(below, name))) done.add(name);
          else lost.add(name);
        }
        // One that has gone may go on under another name, as a log's segment does that is sealed.
        if (lost.size === 0 || (looks > 0 && done.size === before)) break;
      }
    }
  };
  return { file, folder, damaged };
}

/**
 * As many bytes as the file had when it was opened: what grows is copied as far as it had come. Should it have become shorter since, as
 * a log does whose torn end is cut off, zeros take the place; a log's reader cuts them off again.
 */
async function* exactly(handle: FileHandle, { size }: Stats): AsyncGenerator<Buffer> {
  for (let at = 0; at < size; ) {
    const chunk = Buffer.alloc(Math.min(CHUNK, size - at));
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, at);
    at += bytesRead || chunk.length;
    yield bytesRead > 0 ? chunk.subarray(0, bytesRead) : chunk;
  }
}

/**
 * A folder and all below it, each read when it is come to, so that as little as possible is held in memory. Names come in reverse: so a
 * repository's `tags` and `referrers` come before the `manifests` that they name, and those before `blobs`.
 */
async function* foldersBelow(folder: string): AsyncGenerator<string> {
  yield folder;
  const entries = (await readdir(folder, { withFileTypes: true }).catch(unlessMissing)) ?? [];
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  for (const name of names.sort().reverse()) yield* foldersBelow(join(folder, name));
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = (await readdir(folder, { withFileTypes: true }).catch(unlessMissing)) ?? [];
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

function unlessMissing(thrown: NodeJS.ErrnoException): undefined {
  if (thrown.code === "ENOENT" || thrown.code === "ENOTDIR") return undefined;
  throw thrown;
}
