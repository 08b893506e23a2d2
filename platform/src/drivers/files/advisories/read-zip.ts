import { type FileHandle, open } from "node:fs/promises";
import { promisify } from "node:util";
import { inflateRaw } from "node:zlib";
import { errorText } from "../../../kernel/index.ts";

export type ZipEntry =
  | { readonly name: string; readonly content: Buffer }
  | { readonly name: string; readonly problem: string };

export interface ZipWanted {
  readonly isWanted: (name: string) => boolean;
  /** Of one file when it is unpacked; a larger one is told and passed over. */
  readonly mostBytes: number;
}

const inflate = promisify(inflateRaw);
/** Signatures and sizes of the records (APPNOTE.TXT 6.3.10, §4.3). */
const END = { signature: 0x06054b50, bytes: 22 } as const;
const LOCATOR = { signature: 0x07064b50, bytes: 20 } as const;
const END64 = { signature: 0x06064b50, bytes: 56 } as const;
const CENTRAL = { signature: 0x02014b50, bytes: 46 } as const;
const LOCAL = { signature: 0x04034b50, bytes: 30 } as const;
const LONGEST_COMMENT = 65_535;
const MOST_DIRECTORY = 256 * 1024 * 1024;

/**
 * Reads files of a zip archive one after the other, ZIP64 too, stored or deflated. Nothing is written anywhere, so names may be
 * what they like. Throws when it is no zip archive; a damaged file in it is told.
 */
export async function* readZip(path: string, wanted: ZipWanted): AsyncGenerator<ZipEntry> {
  const file = await open(path, "r");
  try {
    const directory = await readDirectory(file);
    for (let at = 0; at + CENTRAL.bytes <= directory.length; ) {
      if (directory.readUInt32LE(at) !== CENTRAL.signature) throw new Error("its directory is damaged");
      const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) =>
        directory.readUInt16LE(at + field),
      );
      const name = directory.toString("utf8", at + CENTRAL.bytes, at + CENTRAL.bytes + (nameBytes ?? 0));
      const header = directory.subarray(at, at + CENTRAL.bytes);
      at += CENTRAL.bytes + (nameBytes ?? 0) + (extraBytes ?? 0) + (commentBytes ?? 0);
      if (!wanted.isWanted(name)) continue;
      try {
        yield { name, content: await readEntry(file, header, wanted.mostBytes) };
      } catch (thrown) {
        yield { name, problem: errorText(thrown) };
      }
    }
  } finally {
    await file.close();
  }
}

async function readDirectory(file: FileHandle): Promise<Buffer> {
  const { size } = await file.stat();
  const tailBytes = Math.min(size, END.bytes + LONGEST_COMMENT);
  const tail = await readAt(file, size - tailBytes, tailBytes);
  let end = tail.length - END.bytes;
  while (end >= 0 && tail.readUInt32LE(end) !== END.signature) end -= 1;
  if (end < 0) throw new Error("it is no zip archive");
  let [bytes, offset] = [tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16)];
  const locator = end - LOCATOR.bytes;
  if (locator >= 0 && tail.readUInt32LE(locator) === LOCATOR.signature) {
    const record = await readAt(file, Number(tail.readBigUInt64LE(locator + 8)), END64.bytes);
    if (record.readUInt32LE(0) !== END64.signature) throw new Error("its directory is damaged");
    [bytes, offset] = [Number(record.readBigUInt64LE(40)), Number(record.readBigUInt64LE(48))];
  }
  if (bytes > MOST_DIRECTORY) throw new Error("its directory is larger than any database's");
  return await readAt(file, offset, bytes);
}

async function readEntry(file: FileHandle, header: Buffer, mostBytes: number): Promise<Buffer> {
  const [flags, method] = [header.readUInt16LE(8), header.readUInt16LE(10)];
  const [packed, offset] = [header.readUInt32LE(20), header.readUInt32LE(42)];
  if ((flags & 1) !== 0) throw new Error("it is encrypted");
  if (packed > mostBytes || packed === 0xffffffff) throw new Error(`it has more than ${mostBytes} bytes`);
  if (offset === 0xffffffff) throw new Error("it lies behind the first 4 GB, which are read");
  const local = await readAt(file, offset, LOCAL.bytes);
  if (local.readUInt32LE(0) !== LOCAL.signature) throw new Error("it is damaged");
  const begin = offset + LOCAL.bytes + local.readUInt16LE(26) + local.readUInt16LE(28);
  const content = await readAt(file, begin, packed);
  if (method === 0) return content;
  if (method !== 8) throw new Error(`it is packed by method ${method}, which is not read`);
  return await inflate(content, { maxOutputLength: mostBytes });
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, position);
  if (bytesRead !== length) throw new Error("it breaks off");
  return bytes;
}
