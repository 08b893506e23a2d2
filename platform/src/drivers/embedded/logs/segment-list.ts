import { rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "../../../kernel/index.ts";
import { listSegments, plainName, readPlain, type Segment, sealSegment } from "./segment-files.ts";
import { scanBlocks } from "./segment-format.ts";
import { countExpired, type RetentionLimits } from "./segment-retention.ts";

/** What is known of an app's segments. The last one is being written, unless it was retired or sealed. */
export interface SegmentList {
  /** Reads what is on disk, unless that is known, and cuts off a torn end. Everything else needs it. */
  load(): Promise<void>;
  /** What is on disk is no longer as it is known: the next `load` reads it again. */
  invalidate(): void;
  /** Oldest first; none while not loaded. */
  all(): readonly Segment[];
  /** The position of the next line. */
  next(): number;
  active(): Segment | undefined;
  /** Adds a segment to be written, which begins with the next line. Its file is the caller's to make. */
  start(): Segment;
  /** A block was added to the active segment. */
  grow(bytes: number, lines: number, time: Date): void;
  /** Nothing more will be written to the active segment. */
  retire(): void;
  /** Seals all plain segments but the active one. Returns how many. Readers find the lines at any moment. */
  seal(): Promise<number>;
  /** Deletes what the limits do not allow. */
  expire(limits: RetentionLimits, nowMs: number): Promise<void>;
  /** Everything was deleted. */
  clear(): void;
}

export function makeSegmentList(folder: string, logger: Logger): SegmentList {
  let segments: Segment[] | undefined;
  let next = 1;
  let isActive = false;

  const known = (): Segment[] => {
    if (!segments) throw new Error("the log's segments are not loaded");
    return segments;
  };
  const replace = (segment: Segment) => {
    segments = known().map((each) => (each.firstPosition === segment.firstPosition ? segment : each));
  };
  const active = () => (isActive ? known().at(-1) : undefined);
  return {
    async load() {
      if (segments) return;
      const found: Segment[] = [];
      for (const segment of await listSegments(folder))
        found.push(segment.sealed ? segment : await recover(segment, logger));
      const last = found.at(-1);
      isActive = last !== undefined && !last.sealed;
      next = last ? last.firstPosition + last.lines : 1;
      segments = found;
    },
    invalidate() {
      segments = undefined;
    },
    all: () => segments ?? [],
    next: () => next,
    active,
    start() {
      const file = join(folder, plainName(next));
      const segment = { file, firstPosition: next, sealed: false, bytes: 0, lines: 0, lastTime: 0 };
      segments = [...known(), segment];
      isActive = true;
      return segment;
    },
    grow(bytes, lines, time) {
      const grown = active();
      if (!grown) throw new Error("no segment is being written");
      next += lines;
      const lastTime = time.getTime();
      replace({ ...grown, bytes: grown.bytes + bytes, lines: grown.lines + lines, lastTime });
    },
    retire() {
      isActive = false;
    },
    async seal() {
      let sealed = 0;
      for (const segment of known()) {
        if (segment.sealed || segment.firstPosition === active()?.firstPosition) continue;
        replace(await sealSegment(segment));
        await rm(segment.file, { force: true });
        sealed++;
      }
      return sealed;
    },
    async expire(limits, nowMs) {
      const expired = known().slice(0, countExpired(known(), limits, nowMs));
      segments = known().slice(expired.length);
      for (const { file } of expired) await rm(file, { force: true });
    },
    clear() {
      segments = [];
      next = 1;
      isActive = false;
    },
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
