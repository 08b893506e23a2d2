import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import {
  type FileHandle,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import {
  hexOf,
  type ImageStore,
  isDigest,
  makeIndex,
  type OciDescriptor,
  parseIndex,
  vouchForTree,
} from "../../../delivery/image/index.ts";
import type { ByteRange, ServedContent } from "../../../delivery/registry/index.ts";
import { BusinessError, notFound } from "../../../kernel/index.ts";
import { isMissing, sizeOf, syncFolder } from "./durable-files.ts";
import { putBack, vouch } from "./vouched-files.ts";

const REF_NAME = "org.opencontainers.image.ref.name";

/** What the disk's store can do beside: names are given and forgotten in one process only. */
export interface NamedImages {
  /** The digests of all that has a name. */
  named(): Promise<readonly string[]>;
  /** Forgets all names `<app id>:<tag>`. What they named stays until it is collected. */
  forget(appId: string): Promise<void>;
}

export type DiskImageStore = ImageStore & ServedContent & NamedImages;

/**
 * An ImageStore that is an OCI image layout on disk (image-spec, "Image Layout"): any tool that reads layouts reads it.
 * Blobs are written aside, fsynced and renamed, so that a name never shows half a blob. Any number of processes may
 * write blobs; names are to be given by one process only (the index is read and replaced as a whole). What it has said to
 * have, taken or named is new for the sweep, which keeps it for its grace.
 */
export async function openDiskImageStore(root: string): Promise<DiskImageStore> {
  const blobs = join(root, "blobs", "sha256");
  const ingest = join(root, "ingest");
  await mkdir(blobs, { recursive: true });
  await mkdir(ingest, { recursive: true });
  await removeAbandoned(ingest);
  await writeMissing(join(root, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  await writeMissing(join(root, "index.json"), JSON.stringify(makeIndex([])));
  const pathOf = (digest: string) => join(blobs, hexOf(digest));
  const index = makeIndexFile(root, ingest);
  const has = async (digest: string) => (await vouch(pathOf(digest))) !== undefined;
  const read = async (digest: string, range?: ByteRange) => {
    const handle = await openBlob(pathOf(digest));
    return createReadStream("", { fd: handle, highWaterMark: 256 * 1024, ...range });
  };
  const vouchFor = (digest: string) => vouch(pathOf(digest));
  return {
    has,
    sizeOf: vouchFor,
    weigh: async (digest) => (await sizeOf(pathOf(digest))) ?? 0,
    read,
    async write(content, expected) {
      // What is there needs no second copy, only the proof that the caller has it.
      if (expected === undefined || !(await has(expected)))
        return await ingestBlob(content, expected, { blobs, ingest });
      const held = await verifyBlob(content, expected);
      if (await has(expected)) return held;
      // It was removed while its content came, which a store that keeps what is new does in no such time.
      if (Buffer.isBuffer(content)) return await ingestBlob(content, expected, { blobs, ingest });
      throw new Error(`the blob ${expected} was removed while it was written; write it again`);
    },
    async tag(name, digest) {
      const document = await vouchForTree(digest, { sizeOf: vouchFor, read });
      if (!document) throw notFound("image");
      const { mediaType, size } = document;
      const named = { mediaType, digest, size, annotations: { [REF_NAME]: name } };
      await index.change((all) => [...all.filter((m) => m.annotations?.[REF_NAME] !== name), named]);
    },
    async remove(digest) {
      await rm(pathOf(digest), { force: true });
      await index.change((all) =>
        all.some((m) => m.digest === digest) ? all.filter((m) => m.digest !== digest) : undefined,
      );
    },
    named: async () => (await index.read()).map((one) => one.digest),
    forget: (appId) =>
      index.change((all) => all.filter((one) => !one.annotations?.[REF_NAME]?.startsWith(`${appId}:`))),
    async *list() {
      for (const name of await readdir(blobs)) {
        const digest = `sha256:${name}`;
        const sizeBytes = isDigest(digest) ? await sizeOf(pathOf(digest)) : undefined;
        if (sizeBytes !== undefined) yield { digest, sizeBytes };
      }
    },
  };
}

async function verifyBlob(content: Readable | Buffer, expected: string) {
  const held = await hashInto(undefined, readableOf(content));
  requireDigest(held.digest, expected);
  return held;
}

function requireDigest(digest: string, expected: string): void {
  if (expected !== digest)
    throw new BusinessError("invalid_params", `the content's digest is ${digest}, not ${expected}`);
}

function readableOf(content: Readable | Buffer): Readable {
  return Buffer.isBuffer(content) ? Readable.from([content]) : content;
}

async function ingestBlob(
  content: Readable | Buffer,
  expected: string | undefined,
  { blobs, ingest }: { blobs: string; ingest: string },
): Promise<{ digest: string; sizeBytes: number }> {
  const aside = join(ingest, `${process.pid}-${randomUUID()}`);
  const handle = await open(aside, "wx", 0o600);
  try {
    const written = await hashInto(handle, readableOf(content));
    if (expected !== undefined) requireDigest(written.digest, expected);
    const now = new Date();
    await handle.utimes(now, now);
    await handle.sync();
    await rename(aside, join(blobs, hexOf(written.digest)));
    await syncFolder(blobs);
    return written;
  } finally {
    await handle.close();
    await rm(aside, { force: true });
  }
}

async function hashInto(
  handle: FileHandle | undefined,
  content: Readable,
): Promise<{ digest: string; sizeBytes: number }> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  for await (const chunk of content as AsyncIterable<Buffer>) {
    hash.update(chunk);
    await handle?.writeFile(chunk);
    sizeBytes += chunk.length;
  }
  return { digest: `sha256:${hash.digest("hex")}`, sizeBytes };
}

/** What the index names after a change; undefined when nothing changes. */
type IndexEdit = (all: readonly OciDescriptor[]) => OciDescriptor[] | undefined;

/** Changes of index.json, one after the other. */
function makeIndexFile(root: string, ingest: string) {
  const path = join(root, "index.json");
  let last: Promise<unknown> = Promise.resolve();
  const apply = async (edit: IndexEdit) => {
    const { manifests } = parseIndex(await readFile(path));
    const next = edit(manifests);
    if (!next) return;
    const aside = join(ingest, `${process.pid}-${randomUUID()}`);
    await writeFile(aside, JSON.stringify(makeIndex(next)), { flush: true });
    await rename(aside, path);
    await syncFolder(root);
  };
  return {
    read: async () => parseIndex(await readFile(path)).manifests,
    change(edit: IndexEdit): Promise<void> {
      const mine = last.then(() => apply(edit));
      last = mine.catch(() => {});
      return mine;
    },
  };
}

/** Removes what writers that no longer run have left. */
async function removeAbandoned(ingest: string): Promise<void> {
  for (const name of await readdir(ingest)) {
    if (!runs(Number(name.split("-")[0]))) await rm(join(ingest, name), { force: true });
  }
}

function runs(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Several processes may open a new store at once: the first file stays, and what it names by then with it. */
async function writeMissing(path: string, text: string): Promise<void> {
  if ((await sizeOf(path)) !== undefined) return;
  const aside = `${path}.${randomUUID()}`;
  try {
    await writeFile(aside, text, { flush: true });
    await link(aside, path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
  } finally {
    await rm(aside, { force: true });
  }
}

async function openBlob(path: string): Promise<FileHandle> {
  for (;;) {
    try {
      return await open(path, "r");
    } catch (thrown) {
      if (!isMissing(thrown) || !(await putBack(path)))
        return missingAsNotFound(thrown as NodeJS.ErrnoException);
    }
  }
}

function missingAsNotFound(thrown: NodeJS.ErrnoException): never {
  if (thrown.code === "ENOENT") throw notFound("image");
  throw thrown;
}
