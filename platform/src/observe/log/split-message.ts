/** Longest message in bytes of UTF-8; a longer one becomes several lines (facts: observability §1). */
export const MESSAGE_BYTES = 10_000;

/** Control characters but for tab, and halves of surrogate pairs. */
const UNSAFE = /[^\P{Cc}\t]|\p{Cs}/u;
const UNSAFE_EACH = /[^\P{Cc}\t]|\p{Cs}/gu;
/** A color or style of a terminal (SGR), the only escape sequence that may pass. */
const STYLE = /^\[[\d;:]{0,32}m/;
const STYLE_LENGTH = 35;
const ESCAPE = "\u001b";

/**
 * Makes messages for log lines out of any text: one for each of its lines, none longer than 10,000 bytes, without
 * characters that could break a line or move a terminal's cursor (they become U+FFFD). Tabs and colors stay. A line
 * break at the end adds no empty line; carriage returns count as line breaks.
 */
export function splitMessage(text: string): string[] {
  if (!UNSAFE.test(text)) return cutLong(text);
  const lines = text.split(/\r*\n|\r+(?!\n|$)/);
  if (lines.length > 1 && lines.at(-1)?.replace(/\r+$/, "") === "") lines.pop();
  return lines.flatMap((line) => cutLong(makeSafe(line.replace(/\r+$/, ""))));
}

function makeSafe(line: string): string {
  return line.replace(UNSAFE_EACH, (found, at: number) =>
    found === ESCAPE && STYLE.test(line.slice(at + 1, at + STYLE_LENGTH)) ? found : "\ufffd",
  );
}

function cutLong(line: string): string[] {
  if (line.length * 3 <= MESSAGE_BYTES) return [line];
  const bytes = Buffer.from(line);
  const pieces: string[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = beforeStyle(bytes, start, cutBefore(bytes, start, MESSAGE_BYTES));
    pieces.push(bytes.toString("utf8", start, end));
    start = end;
  }
  return pieces;
}

/** Moves an end that would cut a color's sequence in two to before that sequence. */
function beforeStyle(bytes: Buffer, start: number, end: number): number {
  const found = bytes.lastIndexOf(ESCAPE, end - 1);
  const isNear = found > start && end - found < STYLE_LENGTH && end < bytes.length;
  return isNear && !STYLE.test(bytes.toString("latin1", found + 1, end)) ? found : end;
}

/** Where a piece of at most `limit` bytes from `start` ends so that no character of UTF-8 is cut in two. */
export function cutBefore(bytes: Uint8Array, start: number, limit: number): number {
  if (bytes.length - start <= limit) return bytes.length;
  const isInside = (at: number) => ((bytes[at] ?? 0) & 0xc0) === 0x80;
  let end = start + limit;
  // A character has at most four bytes: more bytes of that kind in a row are not UTF-8 and may be cut anywhere.
  for (let back = 0; back < 3 && isInside(end); back++) end--;
  return isInside(end) ? start + limit : end;
}
