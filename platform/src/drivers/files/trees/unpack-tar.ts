import {
  chmodSync,
  createWriteStream,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { extract, type Header } from "tar-stream";
import { invalidParams } from "../../../kernel/index.ts";

export interface UnpackLimits {
  readonly bytes: number;
  readonly entries: number;
}

export interface UnpackOptions {
  readonly limits: UnpackLimits;
  /** Who shall own what is made; as it comes when missing. Needs to be root. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Called for entries with a special meaning; true when it has dealt with one. */
  readonly special?: (path: string, header: Header) => Promise<boolean>;
}

/** Files up to this size are read whole. */
const SMALL = 1024 * 1024;

/**
 * Unpacks a tar into an empty folder of our own. Nothing outside it is ever touched: `..` is refused, a leading `/` is
 * the folder itself, no path may lead through a link, and links are made but never followed. Devices, pipes and
 * sockets are left out; set-user-id bits are not kept. Throws invalid_params for a tar that breaks these rules or the
 * limits; what has been unpacked until then is left to the caller to remove.
 *
 * Small files are written without promises, which is five times faster; the loop still turns after each piece of
 * the tar, some milliseconds of work.
 */
export async function unpackTar(content: Readable, into: string, options: UnpackOptions): Promise<void> {
  const unpacking = new Unpacking(into, options);
  const tar = extract();
  const feeding = pipeline(content, tar as unknown as NodeJS.WritableStream);
  feeding.catch((thrown) => tar.destroy(thrown as Error));
  try {
    for await (const entry of tar) await unpacking.add(entry.header, entry as unknown as Readable);
    await feeding;
    unpacking.finish();
  } finally {
    content.destroy();
  }
}

/** One unpacking under way: what is known of the folder so far. */
class Unpacking {
  readonly #root: string;
  readonly #options: UnpackOptions;
  readonly #folders = new Set<string>([""]);
  /** Files and links. */
  readonly #leaves = new Set<string>();
  readonly #folderModes = new Map<string, number>();
  readonly #umask = process.umask();
  #bytes = 0;
  #entries = 0;

  constructor(root: string, options: UnpackOptions) {
    this.#root = root;
    this.#options = options;
  }

  async add(header: Header, body: Readable): Promise<void> {
    this.#count(header);
    const path = safePath(header.name);
    this.#makeFolder(folderOf(path));
    if (!(await this.#options.special?.(path, header))) await this.#make(path, header, body);
    body.resume();
  }

  /** Folders get their modes at the end: until then we must be able to write into them. */
  finish(): void {
    for (const [path, mode] of this.#folderModes) chmodSync(join(this.#root, path), mode);
  }

  #count(header: Header): void {
    this.#entries += 1;
    this.#bytes += header.size;
    const { bytes, entries } = this.#options.limits;
    if (this.#entries > entries) throw invalidParams(`The archive has more than ${entries} files.`);
    if (this.#bytes > bytes) throw invalidParams(`The archive unpacks to more than ${bytes} bytes.`);
  }

  async #make(path: string, header: Header, body: Readable): Promise<void> {
    const mode = header.mode & 0o777;
    switch (header.type) {
      case "directory":
        this.#makeFolder(path);
        if (path !== "") this.#folderModes.set(path, mode);
        return;
      case "file":
      case "contiguous-file":
        return this.#makeFile(path, { mode, size: header.size }, body);
      case "symlink":
        symlinkSync(header.linkname, this.#place(path));
        return this.#own(path);
      case "link":
        return this.#makeLink(path, safePath(header.linkname));
    }
  }

  async #makeFile(path: string, file: { mode: number; size: number }, body: Readable): Promise<void> {
    const { mode, size } = file;
    const target = this.#place(path);
    if (size > SMALL) await pipeline(body, createWriteStream(target, { flags: "wx", mode }));
    else writeFileSync(target, await contentOf(body), { flag: "wx", mode });
    this.#own(path);
    if ((mode & this.#umask) !== 0) chmodSync(target, mode);
  }

  /** A hard link to a file of the same tar. */
  #makeLink(path: string, target: string): void {
    const isFile = this.#leaves.has(target) && lstatSync(join(this.#root, target)).isFile();
    if (!isFile) throw invalidParams(`"${path}" is a link to "${target}", which is not in the archive.`);
    if (path !== target) linkSync(join(this.#root, target), this.#place(path));
  }

  #makeFolder(path: string): void {
    if (this.#folders.has(path)) return;
    if (this.#leaves.has(path)) throw twoKinds(path);
    this.#makeFolder(folderOf(path));
    mkdirSync(join(this.#root, path), { mode: 0o755 });
    // An image that is made of it is the same whatever our umask is.
    if ((0o755 & this.#umask) !== 0) chmodSync(join(this.#root, path), 0o755);
    this.#own(path);
    this.#folders.add(path);
  }

  /** Where a file or link is to be made. A later one of the same name takes the place of an earlier. */
  #place(path: string): string {
    if (this.#folders.has(path)) throw twoKinds(path);
    const place = join(this.#root, path);
    if (this.#leaves.has(path)) rmSync(place, { force: true });
    this.#leaves.add(path);
    return place;
  }

  #own(path: string): void {
    const { owner } = this.#options;
    if (owner) lchownSync(join(this.#root, path), owner.uid, owner.gid);
  }
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash === -1 ? "" : path.slice(0, slash);
}

function twoKinds(path: string): Error {
  return invalidParams(`"${path}" is a folder and a file or link at once.`);
}

/** The path within the folder, without `.` and doubled slashes. Throws for one that would leave it. */
export function safePath(name: string): string {
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes(".."))
    throw invalidParams(`"${name}" leads out of the archive. Paths may not hold "..".`);
  if (name.includes("\0") || name.includes("\uFFFD"))
    throw invalidParams(`The file name "${name}" is not UTF-8. Rename the file.`);
  return parts.join("/");
}

async function contentOf(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
