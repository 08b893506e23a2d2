import {
  closeSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  openSync,
  readSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { fileNameOf, HEAD_BYTES } from "./cri-entries.ts";
import type { RunFile } from "./run-files.ts";

/** A file of output that is held open: it can be read to its end whatever the node does with its name. */
export interface OpenLogFile {
  readonly run: number;
  /** What names the content on disk: device and inode. */
  readonly place: string;
  /** See `fileNameOf`; undefined while nothing is written. */
  id(): string | undefined;
  size(): number;
  read(buffer: Buffer, offset: number): number;
  close(): void;
}

/** Opens a file; undefined when it is gone. A compressed one is unpacked in `scratch`, where it has no name afterwards. */
export async function openLogFile(
  folder: string,
  file: RunFile,
  scratch: string,
): Promise<OpenLogFile | undefined> {
  const path = join(folder, file.name);
  try {
    const original = openSync(path, "r");
    const place = placeOf(original);
    if (!file.isCompressed) return makeOpenFile(original, file.run, place);
    closeSync(original);
    return makeOpenFile(await unpack(path, scratch), file.run, place);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw thrown;
  }
}

function makeOpenFile(handle: number, run: number, place: string): OpenLogFile {
  let id: string | undefined;
  const readId = () => {
    const head = Buffer.alloc(HEAD_BYTES);
    return fileNameOf(head.subarray(0, readSync(handle, head, 0, HEAD_BYTES, 0)));
  };
  return {
    run,
    place,
    id: () => (id ??= readId()),
    size: () => fstatSync(handle).size,
    read: (buffer, offset) => readSync(handle, buffer, 0, buffer.length, offset),
    close: () => closeSync(handle),
  };
}

async function unpack(path: string, scratch: string): Promise<number> {
  const plain = join(scratch, `unpacked-${process.pid}`);
  try {
    await pipeline(createReadStream(path), createGunzip(), createWriteStream(plain, { mode: 0o600 }));
    return openSync(plain, "r");
  } finally {
    rmSync(plain, { force: true });
  }
}

export function placeOf(handle: number): string {
  const { dev, ino } = fstatSync(handle);
  return `${dev}:${ino}`;
}
