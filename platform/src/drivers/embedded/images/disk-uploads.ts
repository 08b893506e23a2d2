import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { hexOf } from "../../../delivery/image/index.ts";
import type { Repository, UploadStore } from "../../../delivery/registry/index.ts";
import { BusinessError, conflict, newId, notFound } from "../../../kernel/index.ts";
import { isMissing, sizeOf, syncFolder } from "./durable-files.ts";

export interface DiskUploadsOptions {
  /** The root of the image store that gets what is finished: uploads lie on the same disk, and become blobs by a rename. */
  readonly images: string;
  /** The largest blob. */
  readonly mostBytes: number;
  /** Uploads of one repository at a time. */
  readonly mostUploads: number;
  /** Throws insufficient_storage when the disk is nearly full, so that none is begun. Default: there is always room. */
  readonly requireRoom?: () => Promise<void>;
}

/** What has arrived so far, hashed. Lost with the process, and then made again from the file. */
interface Progress {
  readonly hash: Hash;
  readonly sizeBytes: number;
}

/** An UploadStore in files `uploads/<space>,<name>,<id>` beside the blobs. A comma is in no name. */
export async function openDiskUploads(options: DiskUploadsOptions): Promise<UploadStore> {
  const folder = join(options.images, "uploads");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return new DiskUploads(options, folder);
}

class DiskUploads implements UploadStore {
  readonly #options: DiskUploadsOptions;
  readonly #folder: string;
  readonly #progress = new Map<string, Progress>();

  constructor(options: DiskUploadsOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
  }

  async begin(repository: Repository): Promise<string> {
    const { mostUploads, requireRoom } = this.#options;
    await requireRoom?.();
    const names = await readdir(this.#folder);
    const mine = names.filter((name) => name.startsWith(prefixOf(repository)));
    if (mine.length >= mostUploads)
      throw conflict(`the repository has ${mostUploads} uploads under way; end some of them first`);
    const id = newId();
    const path = this.#path(repository, id);
    const file = await open(path, "wx", 0o600);
    await file.close();
    this.#progress.set(path, { hash: createHash("sha256"), sizeBytes: 0 });
    return id;
  }

  sizeOf(repository: Repository, id: string): Promise<number | undefined> {
    return sizeOf(this.#path(repository, id));
  }

  async append(repository: Repository, id: string, content: AsyncIterable<Buffer>): Promise<number> {
    const path = this.#path(repository, id);
    const progress = await this.#progressOf(path);
    const file = await open(path, "r+").catch(missingUpload);
    let { sizeBytes } = progress;
    // Bytes are hashed after they are written, so that hash and file agree after any failure.
    try {
      for await (const chunk of content) {
        if (sizeBytes + chunk.length > this.#options.mostBytes) throw tooLarge(this.#options.mostBytes);
        await writeAt(file, chunk, sizeBytes);
        progress.hash.update(chunk);
        sizeBytes += chunk.length;
      }
      return sizeBytes;
    } catch (thrown) {
      const refused = refusalOf(thrown);
      // Half a chunk may lie behind what is hashed.
      if (refused) await this.drop(repository, id);
      else await file.truncate(sizeBytes);
      throw refused ?? thrown;
    } finally {
      if (this.#progress.has(path)) this.#progress.set(path, { hash: progress.hash, sizeBytes });
      await file.close();
    }
  }

  async finish(repository: Repository, id: string, digest: string): Promise<void> {
    const path = this.#path(repository, id);
    const blobs = join(this.#options.images, "blobs", "sha256");
    try {
      const { hash } = await this.#progressOf(path);
      const found = `sha256:${hash.digest("hex")}`;
      if (found !== digest)
        throw new BusinessError("invalid_params", `the content's digest is ${found}, not ${digest}`);
      const file = await open(path, "r").catch(missingUpload);
      try {
        // New for the sweep, however long ago its last byte came.
        const now = new Date();
        await file.utimes(now, now);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(path, join(blobs, hexOf(digest)));
      await syncFolder(blobs);
    } finally {
      await this.drop(repository, id);
    }
  }

  async drop(repository: Repository, id: string): Promise<void> {
    const path = this.#path(repository, id);
    this.#progress.delete(path);
    await rm(path, { force: true });
  }

  async dropOlder(since: Date): Promise<number> {
    let dropped = 0;
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      const found = await stat(path).catch(() => undefined);
      if (!found || found.mtime >= since) continue;
      this.#progress.delete(path);
      await rm(path, { force: true });
      dropped += 1;
    }
    return dropped;
  }

  #path(repository: Repository, id: string): string {
    const name = `${prefixOf(repository)}${id}`;
    if (!/^[a-z0-9._,-]+$/.test(name)) throw new Error(`"${name}" does not name an upload`);
    return join(this.#folder, name);
  }

  async #progressOf(path: string): Promise<Progress> {
    const known = this.#progress.get(path);
    if (known) return known;
    const hash = createHash("sha256");
    let sizeBytes = 0;
    const file = createReadStream(path, { highWaterMark: 256 * 1024 });
    try {
      for await (const chunk of file as AsyncIterable<Buffer>) {
        hash.update(chunk);
        sizeBytes += chunk.length;
      }
    } catch (thrown) {
      missingUpload(thrown);
    }
    const progress = { hash, sizeBytes };
    this.#progress.set(path, progress);
    return progress;
  }
}

function prefixOf({ space, name }: Repository): string {
  return `${space},${name},`;
}

async function writeAt(file: FileHandle, chunk: Buffer, position: number): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done, position + done);
    done += bytesWritten;
  }
}

/** Failures after which the upload cannot go on. */
function refusalOf(thrown: unknown): BusinessError | undefined {
  const { code } = thrown as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT") return diskFull();
  return thrown instanceof BusinessError && thrown.id === "payload_too_large" ? thrown : undefined;
}

function missingUpload(thrown: unknown): never {
  throw isMissing(thrown) ? notFound("upload") : thrown;
}

function tooLarge(mostBytes: number): BusinessError {
  return new BusinessError("payload_too_large", `a blob may have ${mostBytes} bytes`);
}

function diskFull(): BusinessError {
  return new BusinessError("unavailable", "the registry's disk is nearly full; nothing more is taken");
}
