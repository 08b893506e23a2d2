import { type FileHandle, mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import {
  type Claim,
  errorText,
  type Logger,
  type MasterKey,
  seal,
  sealedVersion,
  unseal,
} from "../../../kernel/index.ts";
import type { DynoSpec } from "../../../runtime/dyno/index.ts";

/** An app's formation as it was last wanted, and the claim under which that was said. */
export interface JournalEntry {
  readonly appId: string;
  readonly claim: Claim;
  readonly dynos: readonly DynoSpec[];
}

/** What the host wants to remember of the control plane's word, on disk and sealed. */
export interface HostJournal {
  /** As found at opening, by app. */
  readonly entries: ReadonlyMap<string, JournalEntry>;
  /** Durable once it resolves. Entries written at the same time share one sync of the disk. */
  write(entry: JournalEntry): Promise<void>;
  close(): Promise<void>;
}

export interface HostJournalOptions {
  readonly file: string;
  readonly masterKey: MasterKey;
  readonly logger: Logger;
}

/** What is appended until the file is written anew. */
const REWRITE_BYTES = 32 * 1024 * 1024;
const CONTEXT = "host-journal";

/**
 * Opens the journal: a file of frames, each a length (32 bits, big-endian) and a sealed entry; the last of an app holds.
 * A frame that a kill or a power cut spoiled ends the file. It is rewritten at opening and from time to time, so that it stays small.
 * A journal that cannot be opened with this key is put aside: the control plane will say all of it again.
 */
export async function openHostJournal(options: HostJournalOptions): Promise<HostJournal> {
  await mkdir(dirname(options.file), { recursive: true });
  const entries = await readEntries(options);
  const newest = new Map(entries);
  let handle = await rewrite(options, newest);
  let grown = 0;
  // Of the master key's versions the one that all but what was added since is sealed with.
  let rewrittenWith = options.masterKey.current;
  let queue: { frame: Buffer; done: () => void; failed: (cause: unknown) => void }[] = [];
  let working: Promise<void> | undefined;
  const shrink = async () => {
    grown = 0;
    rewrittenWith = options.masterKey.current;
    try {
      const next = await rewrite(options, newest);
      await handle.close();
      handle = next;
    } catch (thrown) {
      options.logger.warn("the host's journal cannot be rewritten; it goes on growing", {
        error: errorText(thrown),
      });
    }
  };
  const work = async () => {
    while (queue.length > 0) {
      const batch = queue;
      queue = [];
      try {
        await handle.appendFile(Buffer.concat(batch.map(({ frame }) => frame)));
        await handle.datasync();
        grown += batch.reduce((sum, { frame }) => sum + frame.length, 0);
        for (const { done } of batch) done();
      } catch (cause) {
        for (const { failed } of batch) failed(cause);
      }
      if (grown > REWRITE_BYTES || rewrittenWith !== options.masterKey.current) await shrink();
    }
    working = undefined;
  };
  return {
    entries,
    write: (entry) =>
      new Promise((done, failed) => {
        newest.set(entry.appId, entry);
        queue.push({ frame: toFrame(entry, options.masterKey), done, failed });
        working ??= work();
      }),
    close: async () => {
      await working;
      await handle.close();
    },
  };
}

async function readEntries({
  file,
  masterKey,
  logger,
}: HostJournalOptions): Promise<Map<string, JournalEntry>> {
  const entries = new Map<string, JournalEntry>();
  const bytes = await readFile(file).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === "ENOENT") return Buffer.alloc(0);
    throw thrown;
  });
  try {
    for (const frame of framesOf(bytes)) {
      const entry = JSON.parse(unseal(frame, CONTEXT, masterKey).toString("utf8")) as JournalEntry;
      entries.set(entry.appId, entry);
    }
  } catch (thrown) {
    const error = errorText(thrown);
    if (entries.size > 0)
      logger.warn("the end of the host's journal cannot be read; what stands before it holds", { error });
    else await putAside(file, error, logger);
  }
  return entries;
}

async function putAside(file: string, error: string, logger: Logger): Promise<void> {
  const aside = `${file}.unreadable`;
  logger.error("the host's journal cannot be read; it is put aside", { aside, error });
  await rename(file, aside);
}

/** The versions of the master key that a journal's entries are sealed with; none when there is no journal. */
export async function journalKeyVersions(file: string): Promise<ReadonlySet<number>> {
  const bytes = await readFile(file).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === "ENOENT") return Buffer.alloc(0);
    throw thrown;
  });
  return new Set(framesOf(bytes).map(sealedVersion));
}

/** Whole frames; what a kill left of the last one is not one. */
export function framesOf(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) break;
    frames.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return frames;
}

function toFrame(entry: JournalEntry, masterKey: MasterKey): Buffer {
  const sealed = seal(JSON.stringify(entry), CONTEXT, masterKey);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(sealed.length);
  return Buffer.concat([head, sealed]);
}

/** Writes one frame for each app into a new file, and puts it in the old one's place once it is on disk. */
async function rewrite(
  options: HostJournalOptions,
  entries: ReadonlyMap<string, JournalEntry>,
): Promise<FileHandle> {
  const { file, masterKey } = options;
  const next = `${file}.new`;
  const handle = await open(next, "w", 0o600);
  await handle.appendFile(Buffer.concat([...entries.values()].map((entry) => toFrame(entry, masterKey))));
  await handle.sync();
  await rename(next, file);
  const folder = await open(dirname(file), "r");
  await folder.sync();
  await folder.close();
  return handle;
}
