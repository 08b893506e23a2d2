import { type FileHandle, open, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { Clock, Logger, LogLine } from "../../../kernel/index.ts";
import { formatLines } from "../../../observe/log/index.ts";
import {
  listSegments,
  makeFolder,
  plainName,
  readPlain,
  type Segment,
  sealSegment,
  syncFile,
  syncFolder,
} from "./segment-files.ts";
import { encodeBlock, scanBlocks } from "./segment-format.ts";
import { countExpired, type RetentionLimits } from "./segment-retention.ts";

export interface SegmentWriterOptions {
  readonly folder: string;
  /** A segment that has grown beyond this many bytes is followed by a new one. */
  readonly segmentBytes: number;
  readonly logger: Logger;
  readonly now: Clock;
}

/**
 * The segments of one app. `load`, `append`, `sync`, `retire`, `rest` and `remove` must not overlap; `seal` and
 * `expire` must not overlap each other, but may run beside the former.
 */
export interface SegmentWriter {
  /** Reads what is on disk, once, and cuts off a torn end. `segments`, `seal` and `expire` need it. */
  load(): Promise<void>;
  /** Writes lines as one block; returns the first one's position. When it throws none of them is in the log. */
  append(lines: readonly LogLine[]): Promise<number>;
  /** What was appended before is on disk when this resolves. */
  sync(): Promise<void>;
  /** The position of the next line. */
  next(): number;
  segments(): readonly Segment[];
  /** Closes the file. The next `append` opens it again. */
  rest(): Promise<void>;
  /** Ends the segment being written, so that it can be sealed. */
  retire(): Promise<void>;
  /** Seals all segments that are no longer written. Returns how many. */
  seal(): Promise<number>;
  expire(limits: RetentionLimits, nowMs: number): Promise<void>;
  /** Deletes everything. */
  remove(): Promise<void>;
}

export function makeSegmentWriter({
  folder,
  segmentBytes,
  logger,
  now,
}: SegmentWriterOptions): SegmentWriter {
  let segments: Segment[] | undefined;
  let next = 1;
  let handle: FileHandle | undefined;
  /** False when the last segment of the list is not to be written any more, or there is none. */
  let isActive = false;
  /** Files with blocks that may not be on disk. They may be closed already: syncing works on the file, however opened. */
  const unsynced = new Set<string>();
  let isNewName = false;

  const known = (): Segment[] => {
    if (!segments) throw new Error("the log's segments are not loaded");
    return segments;
  };
  const replace = (segment: Segment) => {
    segments = known().map((each) => (each.firstPosition === segment.firstPosition ? segment : each));
  };
  const rest = async () => {
    const closing = handle;
    handle = undefined;
    await closing?.close();
  };
  const sync = async () => {
    for (const file of unsynced) {
      unsynced.delete(file);
      await syncFile(file);
    }
    if (isNewName) await syncFolder(folder);
    isNewName = false;
  };
  const load = async () => {
    if (segments) return;
    const found: Segment[] = [];
    for (const segment of await listSegments(folder))
      found.push(segment.sealed ? segment : await recover(segment, logger));
    const last = found.at(-1);
    isActive = last !== undefined && !last.sealed;
    next = last ? last.firstPosition + last.lines : 1;
    segments = found;
  };
  const retire = async () => {
    await rest();
    isActive = false;
  };
  const activate = async (): Promise<Segment> => {
    const last = known().at(-1);
    if (last && isActive && last.bytes >= segmentBytes) await retire();
    if (!isActive) {
      await makeFolder(folder);
      const file = join(folder, plainName(next));
      segments = [...known(), { file, firstPosition: next, sealed: false, bytes: 0, lines: 0, lastTime: 0 }];
      isActive = true;
      isNewName = true;
    }
    const active = known().at(-1) as Segment;
    handle ??= await open(active.file, "a", 0o600);
    return active;
  };
  const append = async (lines: readonly LogLine[]) => {
    await load();
    const block = encodeBlock({ firstPosition: next, lines: lines.length, text: formatLines(lines) });
    try {
      const active = await activate();
      await handle?.appendFile(block);
      const lastTime = now().getTime();
      unsynced.add(active.file);
      replace({
        ...active,
        bytes: active.bytes + block.length,
        lines: active.lines + lines.length,
        lastTime,
      });
    } catch (cause) {
      // Half a block may stand at the end now: what is on disk is read anew, and cut, before anything follows it.
      await rest().catch(() => {});
      segments = undefined;
      throw cause;
    }
    next += lines.length;
    return next - lines.length;
  };
  const seal = async () => {
    let sealed = 0;
    for (const segment of segments ?? []) {
      if (segment.sealed || (isActive && segment.firstPosition === known().at(-1)?.firstPosition)) continue;
      replace(await sealSegment(segment));
      await rm(segment.file, { force: true });
      sealed++;
    }
    return sealed;
  };
  const expire = async (limits: RetentionLimits, nowMs: number) => {
    const expired = known().slice(0, countExpired(known(), limits, nowMs));
    segments = known().slice(expired.length);
    for (const { file } of expired) await rm(file, { force: true });
  };
  const remove = async () => {
    await rest();
    segments = [];
    next = 1;
    isActive = false;
    unsynced.clear();
    isNewName = false;
    await rm(folder, { recursive: true, force: true });
  };
  return {
    load,
    append,
    sync,
    next: () => next,
    segments: () => segments ?? [],
    rest,
    retire,
    seal,
    expire,
    remove,
  };
}

/** Counts a plain segment's lines, and cuts off what an interrupted write left behind its last whole block. */
async function recover(segment: Segment, logger: Logger): Promise<Segment> {
  const plain = await readPlain(segment.file);
  const { blocks, validBytes } = scanBlocks(plain);
  if (validBytes < plain.length) {
    logger.warn("cut a torn log segment", { file: segment.file, bytes: plain.length - validBytes });
    await truncate(segment.file, validBytes);
  }
  const lines = blocks.reduce((sum, block) => sum + block.lines, 0);
  return { ...segment, bytes: validBytes, lines };
}
