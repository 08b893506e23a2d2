import { crc32 } from "node:zlib";

/**
 * A segment is text a person can read: blocks of log lines, each under a header line
 *
 *     #<position of its first line> <number of lines> <bytes of text> <checksum, 8 hex digits>
 *     2026-01-02T03:04:05.678000+00:00 app[web.1]: …
 *
 * Lines hold no control characters and begin with a digit, so neither can be taken for the other. The checksum covers
 * the text and the header's numbers; a block is valid only as a whole. A block of no lines holds marks: how far the
 * streams were taken whose lines come before it.
 */
export interface Block {
  readonly firstPosition: number;
  readonly lines: number;
  /** The lines, each with its line break. */
  readonly text: string;
}

export interface BlockPlace {
  readonly firstPosition: number;
  readonly lines: number;
  /** Offsets in the segment: the header, its text, and the end of the block. */
  readonly start: number;
  readonly textStart: number;
  readonly end: number;
}

const HEADER = /^#(\d{1,16}) (\d{1,10}) (\d{1,10}) ([0-9a-f]{8})\n/;
const HEADER_BYTES = 50;

export function encodeBlock({ firstPosition, lines, text }: Block): Buffer {
  const body = Buffer.from(text);
  const numbers = `${firstPosition} ${lines} ${body.length}`;
  return Buffer.concat([Buffer.from(`#${numbers} ${checksum(numbers, body)}\n`), body]);
}

/** The valid blocks at the start of a segment, and how far they reach: what follows is torn or foreign. */
export function scanBlocks(segment: Buffer): { blocks: BlockPlace[]; validBytes: number } {
  const blocks: BlockPlace[] = [];
  let start = 0;
  for (let block = blockAt(segment, start); block; block = blockAt(segment, start)) {
    blocks.push(block);
    start = block.end;
  }
  return { blocks, validBytes: start };
}

function blockAt(segment: Buffer, start: number): BlockPlace | undefined {
  const found = HEADER.exec(segment.toString("latin1", start, start + HEADER_BYTES));
  if (!found) return undefined;
  const [header, firstPosition = "", lines = "", bytes = "", sum = ""] = found;
  const textStart = start + header.length;
  const end = textStart + Number(bytes);
  if (end > segment.length) return undefined;
  const body = segment.subarray(textStart, end);
  if (checksum(`${firstPosition} ${lines} ${bytes}`, body) !== sum) return undefined;
  return { firstPosition: Number(firstPosition), lines: Number(lines), start, textStart, end };
}

/** The block's lines, in order, without line breaks; none of a block of marks. */
export function blockLines(segment: Buffer, { lines, textStart, end }: BlockPlace): string[] {
  if (lines === 0) return [];
  return segment.toString("utf8", textStart, Math.max(textStart, end - 1)).split("\n");
}

/** The texts of the marks in a segment, in order. */
export function blockMarks(segment: Buffer): string[] {
  return scanBlocks(segment)
    .blocks.filter(({ lines }) => lines === 0)
    .map(({ textStart, end }) => segment.toString("utf8", textStart, end));
}

function checksum(numbers: string, body: Buffer): string {
  return crc32(body, crc32(numbers)).toString(16).padStart(8, "0");
}
