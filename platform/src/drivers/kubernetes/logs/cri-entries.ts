/** One entry of a file that the node's container runtime writes: a line of a process's output, or a part of one. */
export interface CriEntry {
  /** When it was written, milliseconds since the epoch. */
  readonly ms: number;
  readonly pipe: "stdout" | "stderr";
  /** Its line goes on in the pipe's next entry. */
  readonly isPartial: boolean;
  readonly content: Buffer;
  /** Where the entry ends in the bytes that were read. */
  readonly end: number;
}

const NEWLINE = 10;
const SPACE = 32;
const PARTIAL = 80;

/** Reads entries: `<RFC 3339 time> <stdout|stderr> <P|F>[:…] <content>` and a line break each. */
export interface CriReader {
  /**
   * Calls `each` for every whole entry and returns where the last one ends. What is no entry, such as what a lost node
   * left half-written, becomes one of the time before it.
   */
  read(bytes: Buffer, each: (entry: CriEntry) => void): number;
}

export function makeCriReader(): CriReader {
  const timeOf = makeTimeReader();
  let lastMs = 0;
  return {
    read(bytes, each) {
      let start = 0;
      for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
        const fields = findFields(bytes, start, end);
        const ms = fields && timeOf(bytes, start, fields.pipe - 1);
        if (fields && ms !== undefined && !Number.isNaN(ms)) {
          lastMs = ms;
          each({
            ms,
            pipe: bytes[fields.pipe + 3] === 0x6f ? "stdout" : "stderr",
            isPartial: bytes[fields.tags] === PARTIAL,
            content: bytes.subarray(fields.content, end),
            end: end + 1,
          });
        } else {
          const content = bytes.subarray(start, end);
          each({ ms: lastMs, pipe: "stdout", isPartial: false, content, end: end + 1 });
        }
        start = end + 1;
      }
      return start;
    },
  };
}

/** Where the parts of an entry begin; undefined when it is none. */
function findFields(bytes: Buffer, start: number, end: number) {
  const pipe = bytes.indexOf(SPACE, start) + 1;
  if (pipe <= start || pipe + 8 > end) return undefined;
  const name = bytes.toString("latin1", pipe, pipe + 7);
  if (name !== "stdout " && name !== "stderr ") return undefined;
  const tags = pipe + 7;
  const tag = bytes[tags];
  if (tag !== PARTIAL && tag !== 0x46) return undefined;
  const content = bytes.indexOf(SPACE, tags) + 1;
  // The space before no content is there too, but who writes it may be somebody else.
  if (content <= tags || content > end)
    return bytes[tags + 1] === NEWLINE ? { pipe, tags, content: end } : undefined;
  return { pipe, tags, content };
}

const SECONDS = "2026-11-21T10:00:00".length;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/** Most entries are of the second of the one before: only what follows is looked at then. */
function makeTimeReader() {
  let known = "";
  let knownMs = 0;
  let knownZone = "";
  return (bytes: Buffer, start: number, end: number): number | undefined => {
    const text = bytes.toString("latin1", start, end);
    if (!text.startsWith(known) || known === "" || !text.endsWith(knownZone)) {
      if (!TIME.test(text)) return undefined;
      known = text.slice(0, SECONDS);
      knownZone = text.endsWith("Z") ? "Z" : text.slice(-6);
      knownMs = Date.parse(`${known}${knownZone}`);
    }
    let ms = knownMs;
    if (text[SECONDS] === ".")
      for (let i = 1, weight = 100; i <= 3; i++, weight /= 10) {
        const digit = text.charCodeAt(SECONDS + i) - 48;
        if (digit < 0 || digit > 9) break;
        ms += digit * weight;
      }
    return ms;
  };
}

/** The time at the beginning of a file's first entry, which names the file; undefined until that has been written. */
export function fileNameOf(head: Buffer): string | undefined {
  const space = head.indexOf(SPACE);
  if (space > 0) return head.toString("latin1", 0, space);
  // No entry, and never will be one: the bytes themselves are the name.
  return head.length >= HEAD_BYTES ? head.subarray(0, HEAD_BYTES).toString("hex") : undefined;
}

/** How much of a file's beginning names it. */
export const HEAD_BYTES = 48;
