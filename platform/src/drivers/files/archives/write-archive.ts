import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { access, link, open, readdir, rename, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress } from "node:zlib";
import { pack } from "tar-stream";
import { HEAD, MANIFEST, type SectionSum, SectionSums, splitName } from "./archive-form.ts";

/** A file to be added: a name, and what is in it, of exactly this size. */
export interface FileToAdd {
  readonly section: string;
  readonly path: string;
  readonly size: number;
  /** Its time of change. Default: now. */
  readonly changedAt?: Date;
  readonly content: AsyncIterable<Buffer> | Iterable<Buffer>;
}

/** An archive that is being written. One call at a time. */
export interface ArchiveWriter {
  /** Returns the SHA-256 of what was added, in hex. */
  add(file: FileToAdd): Promise<string>;
  /** Writes the sums, and gives the archive its name once all of it is on the disk. */
  finish(
    details: unknown,
  ): Promise<{ readonly bytes: number; readonly sections: Record<string, SectionSum> }>;
  /** Removes what has been written. Nothing happens after `finish`. */
  abandon(): Promise<void>;
}

/**
 * Begins an archive: a tar in zstd, for this user only. It is written aside, in the same folder, and has its name only when it is
 * whole; what a killed writer left there is removed by the next one. Throws when the name is taken.
 */
export async function createArchive(target: string, head: unknown): Promise<ArchiveWriter> {
  const place = resolve(target);
  await requireFree(place);
  await removeAbandoned(dirname(place));
  const part = join(dirname(place), partName(process.pid, beginningOf(process.pid) ?? "0"));
  const tar = pack();
  const zstd = createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  const file = (await open(part, "wx", 0o600)).createWriteStream({ flush: true });
  const written = pipeline(tar as unknown as NodeJS.ReadableStream, zstd, file);
  // A disk that is full is told to whoever adds next, or finishes.
  written.catch(() => {});
  const sums = new SectionSums();
  let isOver = false;
  const put = (name: string, { size, content, changedAt }: Omit<FileToAdd, "section" | "path">) => {
    const added = addEntry(tar, { name, size, mtime: changedAt ?? new Date() }, content);
    return Promise.race([added, written.then(() => added)]);
  };
  const putDocument = (name: string, value: unknown) => {
    const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
    return put(name, { size: bytes.length, content: [bytes] });
  };
  const abandon = async () => {
    if (isOver) return;
    isOver = true;
    tar.destroy();
    await written.catch(() => {});
    await rm(part, { force: true });
  };
  try {
    await putDocument(HEAD, head);
  } catch (thrown) {
    await abandon();
    throw thrown;
  }
  return {
    add: async ({ section, path, ...rest }) => {
      const name = `${section}/${path}`;
      if (!splitName(name)) throw new Error(`"${name}" cannot be a name in an archive`);
      const digest = await put(name, rest);
      sums.add({ section, path, size: rest.size, digest });
      return digest;
    },
    finish: async (details) => {
      const sections = sums.sums();
      await putDocument(MANIFEST, { sections, details });
      tar.finalize();
      await written;
      const { size } = await stat(part);
      await giveName(part, place);
      isOver = true;
      return { bytes: size, sections };
    },
    abandon,
  };
}

async function requireFree(place: string): Promise<void> {
  const there = await access(place).then(
    () => true,
    () => false,
  );
  if (there) throw new Error(`${place} is there already. Choose another name, or remove it.`);
  const folder = await stat(dirname(place)).catch(() => undefined);
  if (!folder?.isDirectory()) throw new Error(`The folder ${dirname(place)} is not there. Make it first.`);
}

type Tar = ReturnType<typeof pack>;

async function addEntry(
  tar: Tar,
  { name, size, mtime }: { readonly name: string; readonly size: number; readonly mtime: Date },
  content: AsyncIterable<Buffer> | Iterable<Buffer>,
): Promise<string> {
  const hash = createHash("sha256");
  const ended = Promise.withResolvers<void>();
  // One that is destroyed while nobody waits for it any more has told its reason already.
  ended.promise.catch(() => {});
  const sink = tar.entry({ name, size, mtime, mode: 0o600, type: "file" }, (failure) =>
    failure ? ended.reject(failure) : ended.resolve(),
  );
  const drained = () =>
    new Promise<void>((go) => {
      sink.once("drain", go).once("close", go);
    });
  sink.on("error", ended.reject);
  try {
    for await (const chunk of content) {
      hash.update(chunk);
      if (!sink.write(chunk)) await drained();
    }
  } catch (thrown) {
    sink.destroy(thrown as Error);
    throw thrown;
  }
  sink.end(undefined);
  await ended.promise;
  return hash.digest("hex");
}

/** Nobody else's archive is replaced, also when it came meanwhile. File systems without links have a rename for it. */
async function giveName(part: string, place: string): Promise<void> {
  try {
    await link(part, place);
    await rm(part);
  } catch (thrown) {
    const { code = "" } = thrown as NodeJS.ErrnoException;
    if (code === "EEXIST") await requireFree(place);
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(code)) throw thrown;
    await rename(part, place);
  }
  const folder = await open(dirname(place), "r");
  await folder.sync().finally(() => folder.close());
}

const PART = /^\.conifer-backup~([^~]+)~(\d+)~(\d+)\.part$/;

function partName(pid: number, began: string): string {
  return `.conifer-backup~${hostname()}~${pid}~${began}.part`;
}

/** Those of processes of this machine that are gone: of others nobody here can tell. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const [, host, pid, began] = PART.exec(name) ?? [];
    if (host === hostname() && beginningOf(Number(pid)) !== began)
      await rm(join(folder, name), { force: true });
  }
}

/** When a process began, in the kernel's ticks (proc(5), field 22 of stat); undefined when there is none of this id. */
function beginningOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
