import { type FileHandle, open } from "node:fs/promises";
import { crc32, inflateRawSync } from "node:zlib";

/** Bounds for archives of others; bytes and numbers of files. */
const MOST_FILES = 60_000;
const LARGEST_FILE = 256 * 1024 * 1024;
const LARGEST_WHOLE = 2 * 1024 * 1024 * 1024;

const END_SIZE = 22;
const LONGEST_COMMENT = 0xffff;

/** A file of a zip archive. Folders are not told of. */
export interface ZipFile {
  /** A relative path below the archive's top, without `.`, `..` or empty parts. */
  readonly name: string;
  /** The permission bits that Unix archivers note, 0 where there are none. */
  readonly mode: number;
  readonly content: Buffer;
}

interface Entry {
  readonly name: string;
  readonly mode: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly at: number;
}

/**
 * The files of a zip archive, one after the other in the order of its directory (PKWARE APPNOTE 6.3: stored and
 * deflated files, without encryption and without the 64-bit form). Throws when the archive is damaged, names a file
 * outside itself or the same file twice, or holds more than is sensible. Nothing is written;
 * the content of files that are not wanted is not read.
 */
export async function* readZip(
  file: string,
  isWanted: (name: string) => boolean = () => true,
): AsyncGenerator<ZipFile> {
  const handle = await open(file, "r");
  try {
    const directory = await findDirectory(handle);
    const entries = readDirectory(await readAt(handle, directory), directory.files);
    for (const entry of entries) {
      if (entry.name.endsWith("/") || !isWanted(entry.name)) continue;
      yield { name: entry.name, mode: entry.mode, content: await readContent(handle, entry) };
    }
  } finally {
    await handle.close();
  }
}

interface Span {
  readonly at: number;
  readonly length: number;
}

async function findDirectory(handle: FileHandle): Promise<Span & { readonly files: number }> {
  const { size } = await handle.stat();
  const length = Math.min(size, END_SIZE + LONGEST_COMMENT);
  const tail = await readAt(handle, { at: size - length, length });
  for (let i = tail.length - END_SIZE; i >= 0; i--) {
    if (tail.readUInt32LE(i) !== 0x06054b50) continue;
    const span = {
      at: tail.readUInt32LE(i + 16),
      length: tail.readUInt32LE(i + 12),
      files: tail.readUInt16LE(i + 10),
    };
    if (span.at + span.length > size) break;
    return span;
  }
  throw new Error("the archive is no zip, or was cut off");
}

async function readAt(handle: FileHandle, { at, length }: Span): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, at);
  if (bytesRead !== length) throw new Error("the archive was cut off");
  return buffer;
}

function readDirectory(directory: Buffer, files: number): readonly Entry[] {
  const entries: Entry[] = [];
  const names = new Set<string>();
  let whole = 0;
  for (let i = 0; i + 46 <= directory.length && directory.readUInt32LE(i) === 0x02014b50; ) {
    const lengths = [28, 30, 32].map((at) => directory.readUInt16LE(i + at)) as [number, number, number];
    const entry = readEntry(directory.subarray(i, i + 46 + lengths[0]));
    if (names.has(entry.name)) throw new Error(`the archive holds ${JSON.stringify(entry.name)} twice`);
    names.add(entry.name);
    entries.push(entry);
    whole += entry.size;
    if (entries.length > MOST_FILES || whole > LARGEST_WHOLE) throw new Error("the archive holds too much");
    i += 46 + lengths[0] + lengths[1] + lengths[2];
  }
  if (entries.length !== files) throw new Error("the archive's directory is damaged");
  return entries;
}

function readEntry(record: Buffer): Entry {
  const entry = {
    name: record.toString("utf8", 46),
    mode: (record.readUInt32LE(38) >>> 16) & 0o777,
    method: record.readUInt16LE(10),
    crc: record.readUInt32LE(16),
    packed: record.readUInt32LE(20),
    size: record.readUInt32LE(24),
    at: record.readUInt32LE(42),
  };
  const shown = JSON.stringify(entry.name);
  const parts = entry.name.replace(/\/$/, "").split("/");
  if (parts.some((part) => part === "" || part === "." || part === "..") || /[\0\\]/.test(entry.name)) {
    throw new Error(`the archive names a file that is not below its top: ${shown}`);
  }
  if ((record.readUInt16LE(8) & 1) !== 0) throw new Error(`the archive's ${shown} is encrypted`);
  if (entry.size > LARGEST_FILE || entry.packed > LARGEST_FILE)
    throw new Error(`the archive's ${shown} is too large`);
  return entry;
}

async function readContent(handle: FileHandle, entry: Entry): Promise<Buffer> {
  const header = await readAt(handle, { at: entry.at, length: 30 });
  const start = entry.at + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  const packed = await readAt(handle, { at: start, length: entry.packed });
  const content = unpack(packed, entry);
  if (content?.length !== entry.size || crc32(content) !== entry.crc) {
    throw new Error(`the archive's ${JSON.stringify(entry.name)} is damaged`);
  }
  return content;
}

function unpack(packed: Buffer, { method, size }: Entry): Buffer | undefined {
  if (method === 0) return packed;
  if (method !== 8) return undefined;
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(size, 1) });
  } catch {
    return undefined;
  }
}
