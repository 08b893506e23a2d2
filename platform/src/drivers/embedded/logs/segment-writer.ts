import { type FileHandle, open, rm } from "node:fs/promises";
import type { Clock, Logger, LogLine } from "../../../kernel/index.ts";
import { formatLines } from "../../../observe/log/index.ts";
import { makeFolder, type Segment, syncFile, syncFolder } from "./segment-files.ts";
import { encodeBlock } from "./segment-format.ts";
import { makeSegmentList, type SegmentList } from "./segment-list.ts";

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
  /** Writes lines as one block; returns the first one's position. When it throws none of them is in the log. */
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
  let handle: FileHandle | undefined;
  /** Files with blocks that may not be on disk. They may be closed: syncing works on the file, however opened. */
  const unsynced = new Set<string>();
  let isNewName = false;

  const rest = async () => {
    const closing = handle;
    handle = undefined;
    await closing?.close();
  };
  const retire = async () => {
    await rest();
    list.retire();
  };
  const activate = async (): Promise<Segment> => {
    const last = list.active();
    if (last && last.bytes < segmentBytes) return last;
    await retire();
    await makeFolder(folder);
    isNewName = true;
    return list.start();
  };
  return {
    list,
    async append(lines) {
      await list.load();
      const firstPosition = list.next();
      const block = encodeBlock({ firstPosition, lines: lines.length, text: formatLines(lines) });
      try {
        const { file } = await activate();
        handle ??= await open(file, "a", 0o600);
        unsynced.add(file);
        await handle.appendFile(block);
      } catch (cause) {
        // Half a block may stand at the end now: what is on disk is read anew, and cut, before anything follows it.
        await rest().catch(() => {});
        list.invalidate();
        throw cause;
      }
      list.grow(block.length, lines.length, now());
      return firstPosition;
    },
    async sync() {
      for (const file of unsynced) {
        unsynced.delete(file);
        await syncFile(file);
      }
      if (isNewName) await syncFolder(folder);
      isNewName = false;
    },
    rest,
    retire,
    async remove() {
      await rest();
      list.clear();
      unsynced.clear();
      isNewName = false;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
