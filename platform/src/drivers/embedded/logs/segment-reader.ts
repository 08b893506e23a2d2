import { type LogFilter, matchesFilter, parseLine, type ReadLine } from "../../../observe/log/index.ts";
import { readPlain, readSealedBackward, type Segment } from "./segment-files.ts";
import { type BlockPlace, blockLines, scanBlocks } from "./segment-format.ts";

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
 * be sealed meanwhile (other file, same lines) or expire (then its lines are gone). A segment that cannot be read is
 * told to `onDamaged` and left out.
 */
export async function readHistory(
  segments: () => readonly Segment[],
  query: HistoryQuery,
  onDamaged: (file: string, cause: unknown) => void,
): Promise<History> {
  const collector = makeCollector(query);
  for (const { firstPosition } of [...segments()].reverse()) {
    const segment = segments().find((each) => each.firstPosition === firstPosition);
    if (!segment || firstPosition >= query.before) continue;
    try {
      for await (const bytes of chunksBackward(segment)) {
        for (const block of scanBlocks(bytes).blocks.reverse()) collector.look(bytes, block);
        if (collector.isDone()) break;
      }
    } catch (cause) {
      onDamaged(segment.file, cause);
    }
    if (collector.isDone()) break;
  }
  return collector.history();
}

/** Takes blocks from the newest to the oldest until the query has what it wants. */
function makeCollector({ appId, filter, lines: most, before, after, scan }: HistoryQuery) {
  const lines: ReadLine[] = [];
  let skipped = 0;
  let seen = 0;
  let isAtStart = false;
  const isDone = () => isAtStart || seen >= scan || (lines.length >= most && after === 0);
  const lookAt = (text: string, position: number) => {
    seen++;
    const line = parseLine(text, appId);
    if (!line || !matchesFilter(filter, line)) return;
    if (lines.length < most) lines.push({ ...line, position });
    else skipped++;
  };
  return {
    isDone,
    look(bytes: Buffer, block: BlockPlace) {
      if (isDone()) return;
      const texts = blockLines(bytes, block);
      for (let i = texts.length - 1; i >= 0 && !isDone(); i--) {
        const position = block.firstPosition + i;
        if (position <= after) isAtStart = true;
        else if (position < before) lookAt(texts[i] ?? "", position);
      }
    },
    history: (): History => ({ lines: lines.reverse(), skipped }),
  };
}

async function* chunksBackward(segment: Segment): AsyncGenerator<Buffer> {
  if (segment.sealed) yield* readSealedBackward(segment.file);
  else yield await readPlain(segment.file);
}
