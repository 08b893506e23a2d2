import type { StreamPiece, StreamPlace } from "../../../observe/log/index.ts";

/** The newest files of a stream, oldest first, and how much of each was taken. */
type FileMarks = readonly (readonly [file: string, offset: number])[];

/** How far the streams of one app were taken. They are kept with the lines, so that neither is ever ahead. */
export interface StreamMarks {
  /** Calls `take` when the piece follows on what was taken, and returns where its stream stands then. */
  place(piece: StreamPiece, take: () => void): StreamPlace;
  /** True when there is something to write. */
  isDirty(): boolean;
  /** What has changed since it was written last, as text, and how to say that it is written. */
  changed(): ChangedMarks;
  /** All marks as text; those in `changed` as they are there. */
  all(changed: ChangedMarks): string | undefined;
  /** Takes a text back in. Later ones win. */
  read(text: string): void;
  clear(): void;
}

export interface ChangedMarks {
  readonly text: string | undefined;
  readonly marks: ReadonlyMap<string, FileMarks>;
  written(): void;
  /** They could not be written, and are among the next that have changed. */
  failed(): void;
}

/** A node keeps five files of a process's output. */
const FILES = 8;
/** Streams that are remembered: those heard of longest ago are forgotten. */
const STREAMS = 256;

export function makeStreamMarks(): StreamMarks {
  const marks = new Map<string, FileMarks>();
  let dirty = new Map<string, FileMarks>();
  /** As they are on disk, or on their way there. */
  const settled = new Map<string, FileMarks>();
  const keep = (into: Map<string, FileMarks>, stream: string, files: FileMarks) => {
    into.delete(stream);
    into.set(stream, files);
    for (const oldest of into.keys()) {
      if (into.size <= STREAMS) break;
      into.delete(oldest);
    }
  };
  return {
    place(piece, take) {
      const { stream, file, to } = piece;
      const files = marks.get(stream);
      const offset = nextOffset(files, piece);
      if (offset !== piece.from) return { file, offset };
      take();
      const others = (files ?? []).filter(([name]) => name !== file);
      const next = [...others, [file, to] as const].slice(-FILES);
      keep(marks, stream, next);
      dirty.set(stream, next);
      return { file, offset: to };
    },
    isDirty: () => dirty.size > 0,
    changed() {
      const taken = dirty;
      dirty = new Map();
      return {
        marks: taken,
        text: textOf(taken),
        written() {
          for (const [stream, files] of taken) keep(settled, stream, files);
        },
        failed() {
          dirty = new Map([...taken, ...dirty]);
        },
      };
    },
    all(changed) {
      return textOf(new Map([...settled, ...changed.marks]));
    },
    read(text) {
      for (const [stream, files] of JSON.parse(text) as [string, FileMarks][])
        for (const into of [marks, settled]) keep(into, stream, files);
    },
    clear() {
      for (const each of [marks, dirty, settled]) each.clear();
    },
  };
}

/**
 * Where the stream goes on in the piece's file. One that was never heard of begins where it is said to begin; so does a
 * file, if that is its first byte.
 */
function nextOffset(files: FileMarks | undefined, { file, from }: StreamPiece): number {
  if (!files) return from;
  return files.find(([name]) => name === file)?.[1] ?? 0;
}

function textOf(marks: ReadonlyMap<string, FileMarks>): string | undefined {
  return marks.size === 0 ? undefined : `${JSON.stringify([...marks])}\n`;
}
