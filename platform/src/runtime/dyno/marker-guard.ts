/** Keeps the line with a command's exit status in one piece on its way to the client. */
export interface MarkerGuard {
  /** Returns the pieces that can go on now, each to be written by itself; the rest is held until more comes. */
  push(chunk: Buffer): Buffer[];
  /** What is held; nothing more will come. */
  flush(): Buffer[];
}

/** U+FFFF in UTF-8: the stock client has the dyno print it before ` heroku-command-exit-status: <n>`. */
const MARK = Buffer.from([0xef, 0xbf, 0xbf]);
/** A marker line is far shorter; whatever else begins like one is passed on when it gets longer. */
const LONGEST_LINE = 128;
const NEWLINE = 10;

/**
 * The stock client looks for the marker in each chunk it reads (facts: CLI client §4), so its line must not be split
 * over two writes, nor over two records of TLS: it begins a piece of its own. Bytes are never changed or reordered.
 */
export function makeMarkerGuard(): MarkerGuard {
  let held: Buffer = Buffer.alloc(0);
  return {
    push: (chunk) => {
      const bytes = held.length > 0 ? Buffer.concat([held, chunk]) : chunk;
      const end = unfinishedMarker(bytes);
      held = Buffer.from(bytes.subarray(end));
      return cutAtMark(bytes.subarray(0, end));
    },
    flush: () => {
      const rest = held;
      held = Buffer.alloc(0);
      return rest.length > 0 ? [rest] : [];
    },
  };
}

/** Where an unfinished marker line at the end begins; the length when there is none. */
function unfinishedMarker(bytes: Buffer): number {
  const mark = bytes.lastIndexOf(MARK);
  if (mark >= 0 && bytes.indexOf(NEWLINE, mark) < 0 && bytes.length - mark <= LONGEST_LINE) return mark;
  for (const partial of [2, 1]) {
    const start = bytes.length - partial;
    if (start >= 0 && bytes.subarray(start).equals(MARK.subarray(0, partial))) return start;
  }
  return bytes.length;
}

function cutAtMark(bytes: Buffer): Buffer[] {
  const mark = bytes.lastIndexOf(MARK);
  const pieces = mark > 0 ? [bytes.subarray(0, mark), bytes.subarray(mark)] : [bytes];
  return pieces.filter((piece) => piece.length > 0);
}
