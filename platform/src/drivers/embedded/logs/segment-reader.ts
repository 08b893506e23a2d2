import { type LogFilter, matchesFilter, parseLine, type ReadLine } from "../../../observe/log/index.ts";
import { readPlain, readSealedBackward, type Segment } from "./segment-files.ts";
import { blockLines, scanBlocks } from "./segment-format.ts";

export interface HistoryQuery {
  readonly appId: string;
  readonly filter: LogFilter;
  /** Newest lines to return, at most. */
  readonly lines: number;
  /** Only lines at positions below this one. */
  readonly before: number;
  /** Only lines at positions above this one. */
  readonly after: number;
  /** How many lines may be looked at, so that a filter nothing matches does not read everything. */
  readonly scan: number;
}

export interface History {
  /** In the order they were written. */
  readonly lines: readonly ReadLine[];
  /** Lines that match and lie behind `after`, but before those returned; counted within `scan`. */
  readonly skipped: number;
}

/**
 * Reads an app's newest lines, walking back from the end. `segments` is asked again for each segment, because one may
 * be sealed meanwhile (other file, same lines) or expire (then its lines are gone).
 */
export async function readHistory(segments: () => readonly Segment[], query: HistoryQuery): Promise<History> {
  const lines: ReadLine[] = [];
  let skipped = 0;
  let seen = 0;
  const wantsMore = () => seen < query.scan && (lines.length < query.lines || query.after > 0);
  const look = (text: string, position: number) => {
    if (position >= query.before) return;
    seen++;
    const line = parseLine(text, query.appId);
    if (!line || !matchesFilter(query.filter, line)) return;
    if (lines.length < query.lines) lines.push({ ...line, position });
    else skipped++;
  };
  for (const { firstPosition } of [...segments()].reverse()) {
    const segment = segments().find((each) => each.firstPosition === firstPosition);
    if (!segment || firstPosition >= query.before) continue;
    if (!wantsMore()) break;
    for await (const bytes of chunksBackward(segment)) {
      for (const block of scanBlocks(bytes).blocks.reverse()) {
        const texts = blockLines(bytes, block);
        for (let i = texts.length - 1; i >= 0 && wantsMore(); i--) {
          if (block.firstPosition + i <= query.after) return { lines: lines.reverse(), skipped };
          look(texts[i] ?? "", block.firstPosition + i);
        }
      }
      if (!wantsMore()) break;
    }
  }
  return { lines: lines.reverse(), skipped };
}

async function* chunksBackward(segment: Segment): AsyncGenerator<Buffer> {
  if (segment.sealed) yield* readSealedBackward(segment.file);
  else yield await readPlain(segment.file);
}
