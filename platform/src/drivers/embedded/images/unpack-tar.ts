import { createWriteStream } from "node:fs";
import { chmod, chown, lchown, link, lstat, mkdir, rm, symlink, writeFile } from "node:fs/promises";
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

/** Files up to this size are read whole and written side by side. */
const SMALL = 1024 * 1024;
const SIDE_BY_SIDE = 24;

/**
 * Unpacks a tar into an empty folder of our own. Nothing outside it is ever touched: `..` is refused, a leading `/` is
 * the folder itself, no path may lead through a link, and links are made but never followed. Devices, pipes and
 * sockets are left out; set-user-id bits are not kept. Throws invalid_params for a tar that breaks these rules or the
 * limits; what has been unpacked until then is left to the caller to remove.
 */
export async function unpackTar(content: Readable, into: string, options: UnpackOptions): Promise<void> {
  const unpacking = new Unpacking(into, options);
  const tar = extract();
  const feeding = pipeline(content, tar as unknown as NodeJS.WritableStream);
  feeding.catch((thrown) => tar.destroy(thrown as Error));
  try {
    for await (const entry of tar) await unpacking.add(entry.header, entry as unknown as Readable);
    await feeding;
    await unpacking.finish();
  } finally {
    content.destroy();
    await unpacking.settle();
  }
}

/** One unpacking under way: what is known of the folder so far, and the writes that have not ended. */
class Unpacking {
  readonly #root: string;
  readonly #options: UnpackOptions;
  readonly #folders = new Set<string>([""]);
  /** Files and links. */
  readonly #leaves = new Set<string>();
  readonly #folderModes = new Map<string, number>();
  readonly #pending = new Set<Promise<void>>();
  readonly #umask = process.umask();
  #failure: unknown;
  #bytes = 0;
  #entries = 0;

  constructor(root: string, options: UnpackOptions) {
    this.#root = root;
    this.#options = options;
  }

  async add(header: Header, body: Readable): Promise<void> {
    if (this.#failure) throw this.#failure;
    this.#count(header);
    const path = safePath(header.name);
    await this.#makeFolder(folderOf(path));
    if (!(await this.#options.special?.(path, header))) await this.#make(path, header, body);
    body.resume();
  }

  /** Folders get their modes at the end: until then we must be able to write into them. */
  async finish(): Promise<void> {
    await this.settle();
    if (this.#failure) throw this.#failure;
    for (const [path, mode] of this.#folderModes) await chmod(join(this.#root, path), mode);
  }

  async settle(): Promise<void> {
    await Promise.all(this.#pending);
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
        await this.#makeFolder(path);
        if (path !== "") this.#folderModes.set(path, mode);
        return;
      case "file":
      case "contiguous-file":
        return this.#makeFile(path, { mode, size: header.size }, body);
      case "symlink":
        await this.#clear(path);
        await symlink(header.linkname, join(this.#root, path));
        return this.#own(path, lchown);
      case "link":
        return this.#makeLink(path, safePath(header.linkname));
    }
  }

  async #makeFile(
    path: string,
    { mode, size }: { mode: number; size: number },
    body: Readable,
  ): Promise<void> {
    await this.#clear(path);
    const target = join(this.#root, path);
    if (size > SMALL) {
      await pipeline(body, createWriteStream(target, { flags: "wx", mode }));
      return this.#settleFile(path, mode);
    }
    const content = await contentOf(body);
    await this.#aside(async () => {
      await writeFile(target, content, { flag: "wx", mode });
      await this.#settleFile(path, mode);
    });
  }

  async #settleFile(path: string, mode: number): Promise<void> {
    await this.#own(path, chown);
    if ((mode & this.#umask) !== 0) await chmod(join(this.#root, path), mode);
  }

  /** A hard link to a file of the same tar. */
  async #makeLink(path: string, target: string): Promise<void> {
    await this.settle();
    const found = this.#leaves.has(target) ? await lstat(join(this.#root, target)) : undefined;
    if (!found?.isFile())
      throw invalidParams(`"${path}" is a link to "${target}", which is not in the archive.`);
    await this.#clear(path);
    await link(join(this.#root, target), join(this.#root, path));
  }

  async #makeFolder(path: string): Promise<void> {
    if (this.#folders.has(path)) return;
    if (this.#leaves.has(path)) throw twoKinds(path);
    await this.#makeFolder(folderOf(path));
    await mkdir(join(this.#root, path), { mode: 0o755 });
    await this.#own(path, chown);
    this.#folders.add(path);
  }

  /** A later entry of the same name takes the place of an earlier one, but not of a folder. */
  async #clear(path: string): Promise<void> {
    if (this.#folders.has(path)) throw twoKinds(path);
    if (this.#leaves.has(path)) {
      await this.settle();
      await rm(join(this.#root, path), { force: true });
    }
    this.#leaves.add(path);
  }

  async #own(path: string, change: typeof chown): Promise<void> {
    const { owner } = this.#options;
    if (owner) await change(join(this.#root, path), owner.uid, owner.gid);
  }

  async #aside(work: () => Promise<void>): Promise<void> {
    while (this.#pending.size >= SIDE_BY_SIDE) await Promise.race(this.#pending);
    const running: Promise<void> = work()
      .catch((thrown) => {
        this.#failure ??= thrown;
      })
      .finally(() => this.#pending.delete(running));
    this.#pending.add(running);
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
