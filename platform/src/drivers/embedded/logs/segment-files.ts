import { type FileHandle, mkdir, open, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  decodeFrame,
  decodeIndex,
  encodeSealed,
  indexBytes,
  type SealedFrame,
  TRAILER_BYTES,
} from "./sealed-segment.ts";
import type { SegmentFacts } from "./segment-retention.ts";

/** One segment on disk. `<first position>.log` is plain, `<first position>.<lines>.zst` is sealed. */
export interface Segment extends SegmentFacts {
  readonly firstPosition: number;
  readonly sealed: boolean;
  readonly file: string;
}

const PLAIN = /^(\d{16})\.log$/;
const SEALED = /^(\d{16})\.(\d+)\.zst$/;

export function plainName(firstPosition: number): string {
  return `${String(firstPosition).padStart(16, "0")}.log`;
}

function sealedName(firstPosition: number, lines: number): string {
  return `${String(firstPosition).padStart(16, "0")}.${lines}.zst`;
}

/**
 * An app's segments, oldest first; none when it has no folder. Removes what an interrupted sealing left: half-made
 * files, and plain segments whose sealed form is complete (it gets its name only when it is). A plain segment's lines
 * are not counted here (0).
 */
export async function listSegments(folder: string): Promise<Segment[]> {
  const names = await readdir(folder).catch(ignoreMissing([] as string[]));
  const sealed = new Set(
    names.map((name) => SEALED.exec(name)?.[1]).filter((digits) => digits !== undefined),
  );
  const segments: Segment[] = [];
  for (const name of names) {
    const file = join(folder, name);
    const found = SEALED.exec(name) ?? PLAIN.exec(name);
    if (!found || (PLAIN.test(name) && sealed.has(found[1] ?? ""))) {
      await rm(file, { force: true, recursive: true });
      continue;
    }
    const facts = await stat(file).catch(ignoreMissing(undefined));
    if (!facts) continue;
    segments.push({
      file,
      firstPosition: Number(found[1]),
      sealed: SEALED.test(name),
      bytes: facts.size,
      lines: Number(found[2] ?? 0),
      lastTime: facts.mtimeMs,
    });
  }
  return segments.sort((a, b) => a.firstPosition - b.firstPosition);
}

/**
 * Makes a plain segment's sealed form beside it. The new file has its name only when it is whole and on disk; removing
 * the plain one is the caller's, once readers are told of the other.
 */
export async function sealSegment(segment: Segment): Promise<Segment> {
  const plain = await readPlain(segment.file);
  const sealed = await encodeSealed(plain);
  const file = join(dirname(segment.file), sealedName(segment.firstPosition, segment.lines));
  const half = `${file}.half`;
  const handle = await open(half, "w", 0o600);
  try {
    await handle.writeFile(sealed);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await utimes(half, new Date(), new Date(segment.lastTime));
  await rename(half, file);
  await syncFolder(dirname(file));
  return { ...segment, file, sealed: true, bytes: sealed.length };
}

/** The whole of a plain segment; empty when it is no longer there. */
export async function readPlain(file: string): Promise<Buffer> {
  const handle = await open(file, "r").catch(ignoreMissing(undefined));
  if (!handle) return Buffer.alloc(0);
  try {
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** Yields the plain bytes of a sealed segment a frame at a time, the newest first; nothing when it is no longer there. */
export async function* readSealedBackward(file: string): AsyncGenerator<Buffer> {
  const handle = await open(file, "r").catch(ignoreMissing(undefined));
  if (!handle) return;
  try {
    for (const frame of (await readIndex(handle, file)).reverse())
      yield await decodeFrame(await readAt(handle, frame.offset, frame.bytes));
  } finally {
    await handle.close();
  }
}

async function readIndex(handle: FileHandle, file: string): Promise<SealedFrame[]> {
  const { size } = await handle.stat();
  const length = indexBytes(await readAt(handle, Math.max(0, size - TRAILER_BYTES), TRAILER_BYTES));
  if (length === undefined || length > size) throw new Error(`${file} is not a sealed log segment`);
  return decodeIndex(await readAt(handle, size - TRAILER_BYTES - length, length));
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}

export async function makeFolder(folder: string): Promise<void> {
  const made = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (made !== undefined) await syncFolder(dirname(made));
}

/** Makes a file's content durable, whoever wrote it; nothing when it is no longer there. */
export async function syncFile(file: string): Promise<void> {
  const handle = await open(file, "r").catch(ignoreMissing(undefined));
  await handle?.datasync().finally(() => handle.close());
}

/** Makes the names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  await handle.sync().finally(() => handle.close());
}

/** For `catch`: a missing file is the given value, every other failure stays one. */
export function ignoreMissing<T>(value: T): (thrown: unknown) => T {
  return (thrown) => {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return value;
    throw thrown;
  };
}
