import { Readable } from "node:stream";
import { extract, type Pack, pack } from "tar-stream";
import { BusinessError, errorText, invalidParams } from "../../kernel/index.ts";
import { isLfsPointer, LFS_POINTER_LIMIT } from "./lfs-pointer.ts";
import { cleanPath, type EntryRules, makeEntryJudge, type SourceEntry, type TarHeader } from "./tar-entry.ts";
import type { TarLimits } from "./tar-limits.ts";

/** What a source turned out to hold. */
export interface TarReport {
  readonly files: number;
  readonly bytes: number;
  /** Files whose content Git LFS keeps elsewhere. */
  readonly lfsPointers: readonly string[];
}

export interface CleanTar {
  /** The source in its one form. Fails with invalid_params when the rules refuse something, with the input's own failure otherwise. */
  readonly tar: Readable;
  /** Settles when all has been read; rejects as `tar` fails. */
  readonly report: Promise<TarReport>;
}

/** Every time in a source: the same files then have the same digest. (The CNB specification's time for layers.) */
const SOURCE_TIME = new Date("1980-01-01T00:00:01Z");
/** Files up to this size go through in one piece, which is quicker. */
const SMALL = 256 * 1024;
const BLOCK = 512 * 1024;

type Entry = AsyncIterable<Buffer> & { readonly header: TarHeader; resume(): unknown };

/**
 * Checks a plain tar as it streams by and writes it anew in one form: relative paths, owner root, mode 0755 or 0644, one
 * fixed time, no extended headers but for long names. Holds one small file at most in memory.
 */
export function cleanTar(input: Readable, rules: EntryRules): CleanTar {
  const output = pack();
  // It may fail before anybody reads: the failure reaches the reader through the report.
  output.on("error", () => {});
  const reader = openTar(input);
  const report = copyEntries(reader.entries, output, rules).then(
    (found) => {
      output.finalize();
      return found;
    },
    (thrown: unknown) => {
      const failure = reader.failureOf(thrown);
      input.destroy();
      output.destroy(failure);
      throw failure;
    },
  );
  report.catch(() => {});
  const tar = Readable.from(untilReported(output as unknown as AsyncIterable<Buffer>, report), {
    objectMode: false,
  });
  tar.once("close", () => output.destroy());
  return { tar, report };
}

/** The blocks of a tar that ends well only if all of the input was good. */
async function* untilReported(
  pieces: AsyncIterable<Buffer>,
  report: Promise<TarReport>,
): AsyncGenerator<Buffer> {
  try {
    yield* inBlocks(pieces);
  } catch (thrown) {
    // The report says what was wrong; the stream only that it was given up.
    await report;
    throw thrown;
  }
  await report;
}

/** Gathers the many small pieces of a tar, so that what is written and hashed is not one header at a time. */
async function* inBlocks(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let gathered: Buffer[] = [];
  let size = 0;
  for await (const piece of pieces) {
    gathered.push(piece);
    size += piece.length;
    if (size < BLOCK) continue;
    yield Buffer.concat(gathered);
    gathered = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(gathered);
}

async function copyEntries(
  entries: AsyncIterable<Entry>,
  output: Pack,
  rules: EntryRules,
): Promise<TarReport> {
  const judge = makeEntryJudge(rules);
  const lfsPointers: string[] = [];
  let files = 0;
  let bytes = 0;
  for await (const entry of entries) {
    const judged = judge(entry.header);
    if (judged?.kind !== "file") {
      entry.resume();
      if (judged) await writeHead(output, judged);
      continue;
    }
    files += 1;
    bytes += judged.size;
    if (judged.size > SMALL) {
      await writeLarge(output, judged, entry);
      continue;
    }
    const content = await contentOf(entry);
    if (judged.size <= LFS_POINTER_LIMIT && isLfsPointer(content)) lfsPointers.push(judged.path);
    await writeSmall(output, judged, content);
  }
  if (files === 0)
    throw invalidParams("The source holds no files. Commit your app's files and deploy again.");
  return { files, bytes, lfsPointers };
}

type Sink = ReturnType<Pack["entry"]>;
type FileEntry = Extract<SourceEntry, { kind: "file" }>;

function headerOf(entry: SourceEntry) {
  const common = { name: entry.path, mtime: SOURCE_TIME, uid: 0, gid: 0 };
  switch (entry.kind) {
    case "directory":
      return { ...common, name: `${entry.path}/`, type: "directory" as const, mode: 0o755 };
    case "file":
      return { ...common, type: "file" as const, size: entry.size, mode: entry.executable ? 0o755 : 0o644 };
    case "symlink":
      return { ...common, type: "symlink" as const, linkname: entry.target, mode: 0o777 };
    case "hardlink":
      return { ...common, type: "link" as const, linkname: entry.target, mode: 0o644 };
  }
}

function writeHead(output: Pack, entry: SourceEntry): Promise<void> {
  return settled((done) => output.entry(headerOf(entry), done));
}

function writeSmall(output: Pack, entry: FileEntry, content: Buffer): Promise<void> {
  return settled((done) => output.entry(headerOf(entry), content, done));
}

async function writeLarge(output: Pack, entry: FileEntry, content: AsyncIterable<Buffer>): Promise<void> {
  await settled((done) => {
    const sink = output.entry(headerOf(entry), done);
    void (async () => {
      for await (const chunk of content) {
        if (!sink.write(chunk)) await drained(sink);
      }
      sink.end(undefined);
    })().catch((error) => sink.destroy(error));
  });
}

function drained(sink: Sink): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      sink.off("drain", end).off("close", end);
      resolve();
    };
    sink.on("drain", end).on("close", end);
  });
}

function settled(start: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
}

async function contentOf(entry: Entry): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of entry) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function unreadable(thrown: unknown): Error {
  return invalidParams(
    `The source cannot be read as a tar archive (${errorText(thrown)}). Make it anew, for example with \`git archive\`.`,
  );
}

/**
 * The one directory that holds everything in a tar, as in the archives that GitHub makes; undefined when there is none.
 * Stops reading as soon as that is clear. Throws invalid_params for what cannot be read.
 */
export async function findSingleDirectory(input: Readable, limits: TarLimits): Promise<string | undefined> {
  const reader = openTar(input);
  let single: string | undefined;
  let entries = 0;
  try {
    for await (const entry of reader.entries) {
      entry.resume();
      if (entry.header.type === "pax-global-header") continue;
      entries += 1;
      const [top = "", ...below] = cleanPath(entry.header.name, limits).split("/");
      if (top === "" || entries > limits.maxEntries) continue;
      const isDirectory = below.length > 0 || entry.header.type === "directory";
      if (!isDirectory || (single !== undefined && single !== top)) return undefined;
      single = top;
    }
    return single;
  } catch (thrown) {
    throw reader.failureOf(thrown);
  } finally {
    input.destroy();
  }
}

interface TarReader {
  readonly entries: AsyncIterable<Entry>;
  /** The input's own failure, when there is one, or the refusal; anything else is a damaged archive. */
  failureOf(thrown: unknown): Error;
}

function openTar(input: Readable): TarReader {
  const reader = extract();
  let inputFailure: Error | undefined;
  input.once("error", (error) => {
    inputFailure = error;
    reader.destroy(error);
  });
  input.pipe(reader as unknown as NodeJS.WritableStream);
  return {
    entries: reader as unknown as AsyncIterable<Entry>,
    failureOf: (thrown) => inputFailure ?? (thrown instanceof BusinessError ? thrown : unreadable(thrown)),
  };
}
