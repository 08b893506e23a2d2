import { promisify } from "node:util";
import { constants, zstdCompress, zstdDecompress } from "node:zlib";
import { type BlockPlace, scanBlocks } from "./segment-format.ts";

/**
 * A sealed segment holds the bytes of the segment it was made from as zstd frames of some 256 KiB each, and behind
 * them an index in a skippable frame (RFC 8878 §3.1.2): `zstd -d` gives the plain segment, a reader opens just the
 * frames it needs. The last 16 bytes of the file are the index's length (4 bytes), four zeros, and a mark.
 */
export interface SealedFrame {
  readonly offset: number;
  readonly bytes: number;
  readonly firstPosition: number;
  readonly lines: number;
}

const FRAME_TEXT_BYTES = 256 * 1024;
const SKIPPABLE = 0x184d2a5c;
const MARK = Buffer.from("CONIFERZ");
export const TRAILER_BYTES = 16;

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 } };

/** Compresses a valid segment. Runs on the thread pool, a frame at a time. */
export async function encodeSealed(segment: Buffer): Promise<Buffer> {
  const parts: Buffer[] = [];
  const frames: SealedFrame[] = [];
  let offset = 0;
  for (const group of groupBlocks(scanBlocks(segment).blocks)) {
    const frame = await compress(segment.subarray(group.start, group.end), LEVEL);
    frames.push({ offset, bytes: frame.length, firstPosition: group.firstPosition, lines: group.lines });
    parts.push(frame);
    offset += frame.length;
  }
  return Buffer.concat([...parts, encodeIndex(frames)]);
}

function groupBlocks(blocks: readonly BlockPlace[]): BlockPlace[] {
  const groups: BlockPlace[] = [];
  for (const block of blocks) {
    const open = groups.at(-1);
    if (open && block.end - open.start <= FRAME_TEXT_BYTES)
      groups[groups.length - 1] = { ...open, lines: open.lines + block.lines, end: block.end };
    else groups.push(block);
  }
  return groups;
}

function encodeIndex(frames: readonly SealedFrame[]): Buffer {
  const index = Buffer.from(JSON.stringify(frames));
  const head = Buffer.alloc(8);
  head.writeUInt32LE(SKIPPABLE, 0);
  head.writeUInt32LE(index.length + TRAILER_BYTES, 4);
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.writeUInt32LE(index.length, 0);
  MARK.copy(trailer, 8);
  return Buffer.concat([head, index, trailer]);
}

/** How many bytes before the trailer the index takes; undefined when this is not a sealed segment's end. */
export function indexBytes(trailer: Buffer): number | undefined {
  if (trailer.length !== TRAILER_BYTES || !trailer.subarray(8).equals(MARK)) return undefined;
  return trailer.readUInt32LE(0);
}

export function decodeIndex(index: Buffer): SealedFrame[] {
  return JSON.parse(index.toString("utf8")) as SealedFrame[];
}

/** The plain bytes of one frame. Throws when they are damaged. */
export async function decodeFrame(frame: Buffer): Promise<Buffer> {
  return await decompress(frame);
}
