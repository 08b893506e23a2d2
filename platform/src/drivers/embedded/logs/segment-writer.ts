import { type FileHandle, open, rm } from "node:fs/promises";
import { type Clock, errorText, type Logger, type LogLine } from "../../../kernel/index.ts";
import { formatLines } from "../../../observe/log/index.ts";
import {
  makeFolder,
  readPlain,
  readSealedBackward,
  type Segment,
  syncFile,
  syncFolder,
} from "./segment-files.ts";
import { blockMarks, encodeBlock } from "./segment-format.ts";
import { makeSegmentList, type SegmentList } from "./segment-list.ts";
import { makeStreamMarks, type StreamMarks } from "./stream-marks.ts";

export interface SegmentWriterOptions {
  readonly folder: string;
  /** A segment that has grown beyond this many bytes is followed by a new one. */
  readonly segmentBytes: number;
  readonly logger: Logger;
  readonly now: Clock;
}

/**
 * Writes the segments of one app. Its own methods must not overlap; `list.seal` and `list.expire` must not overlap each
 * other, but may run beside them.
 */
export interface SegmentWriter {
  readonly list: SegmentList;
  /** How far streams were taken; known after `load`. */
  readonly marks: StreamMarks;
  /** Reads what is on disk, unless that is known. */
  load(): Promise<void>;
  /**
   * Writes lines as one block, and with them the marks that have changed; returns the first line's position. When it
   * throws none of them is in the log.
   */
  append(lines: readonly LogLine[]): Promise<number>;
  /** What was appended before is on disk for good when this resolves. */
  sync(): Promise<void>;
  /** Closes the file. The next `append` opens it again. */
  rest(): Promise<void>;
  /** Ends the segment being written, so that it can be sealed. */
  retire(): Promise<void>;
  /** Deletes everything. */
  remove(): Promise<void>;
}

export function makeSegmentWriter({
  folder,
  segmentBytes,
  logger,
  now,
}: SegmentWriterOptions): SegmentWriter {
  const list = makeSegmentList(folder, logger);
  const marks = makeStreamMarks();
  const unsynced = makeUnsynced(folder);
  let handle: FileHandle | undefined;
  let hasMarks = false;

  const load = async () => {
    await list.load();
    if (!hasMarks) await loadMarks(marks, list.all().at(-1), logger);
    hasMarks = true;
  };
  const rest = async () => {
    const closing = handle;
    handle = undefined;
    await closing?.close();
  };
  const retire = async () => {
    // One without lines keeps its name's position: the next would have the same name.
    if (list.active()?.lines === 0) return;
    await rest();
    list.retire();
  };
  const activate = async (): Promise<Segment> => {
    const last = list.active();
    if (last && (last.bytes < segmentBytes || last.lines === 0)) return last;
    await retire();
    await makeFolder(folder);
    unsynced.newName();
    return list.start();
  };
  return {
    list,
    marks,
    load,
    async append(lines) {
      // Before anything is awaited: lines and marks that come meanwhile belong to the next block.
      const changed = marks.changed();
      try {
        await load();
        const firstPosition = list.next();
        const { file, bytes } = await activate();
        // Each segment begins with all marks, so that only the last one need be read for them.
        const block = encodeBoth(firstPosition, lines, bytes === 0 ? marks.all(changed) : changed.text);
        handle ??= await open(file, "a", 0o600);
        unsynced.add(file);
        await handle.appendFile(block);
        changed.written();
        list.grow(block.length, lines.length, now());
        return firstPosition;
      } catch (cause) {
        changed.failed();
        // Half a block may stand at the end now: what is on disk is read anew, and cut, before anything follows it.
        await rest().catch(() => {});
        list.invalidate();
        throw cause;
      }
    },
    sync: unsynced.sync,
    rest,
    retire,
    async remove() {
      await rest();
      list.clear();
      marks.clear();
      unsynced.clear();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Files with blocks that may not be on disk. They may be closed: syncing works on the file, however opened. */
function makeUnsynced(folder: string) {
  const files = new Set<string>();
  let isNewName = false;
  return {
    add: (file: string) => void files.add(file),
    newName: () => {
      isNewName = true;
    },
    clear: () => {
      files.clear();
      isNewName = false;
    },
    async sync() {
      for (const file of files) {
        files.delete(file);
        await syncFile(file);
      }
      if (isNewName) await syncFolder(folder);
      isNewName = false;
    },
  };
}

/** A block of lines and one of marks, as far as there are any. */
function encodeBoth(firstPosition: number, lines: readonly LogLine[], marks: string | undefined): Buffer {
  const blocks: Buffer[] = [];
  if (lines.length > 0)
    blocks.push(encodeBlock({ firstPosition, lines: lines.length, text: formatLines(lines) }));
  if (marks) blocks.push(encodeBlock({ firstPosition: firstPosition + lines.length, lines: 0, text: marks }));
  return Buffer.concat(blocks);
}

/** A segment that cannot be read must not keep new lines out. */
async function loadMarks(marks: StreamMarks, last: Segment | undefined, logger: Logger): Promise<void> {
  try {
    for (const text of last ? await readMarks(last) : []) marks.read(text);
  } catch (cause) {
    logger.error("a log segment cannot be read", { file: last?.file, error: errorText(cause) });
  }
}

async function readMarks({ file, sealed }: Segment): Promise<string[]> {
  if (!sealed) return blockMarks(await readPlain(file));
  const texts: string[][] = [];
  for await (const frame of readSealedBackward(file)) texts.unshift(blockMarks(frame));
  return texts.flat();
}
