import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { createZstdDecompress } from "node:zlib";
import { extract, type Header } from "tar-stream";
import { errorText } from "../../../kernel/index.ts";
import {
  ArchiveDamaged,
  type ArchiveManifest,
  DOCUMENT_BYTES,
  HEAD,
  MANIFEST,
  SectionSums,
  splitName,
} from "./archive-form.ts";

/** A file of an archive. Its content is to be read before the next one comes, or not at all. */
export interface ArchivedFile {
  readonly section: string;
  readonly path: string;
  readonly size: number;
  readonly changedAt: Date;
  readonly content: Readable;
  /** SHA-256 of the content, in hex; known once it was read to its end. */
  digest(): string;
}

export interface ArchiveVisitor {
  /** Judges the first entry, and may throw. */
  readonly head: (head: unknown) => void | Promise<void>;
  /** Whether a file may be there at all. */
  readonly expects: (section: string, path: string) => boolean;
  readonly file: (file: ArchivedFile) => Promise<void>;
}

/**
 * Reads an archive from its beginning to its end, and returns the manifest when all is there as it was written. Throws ArchiveDamaged when not: for one
 * that ends early or was altered, and for one that holds anything but expected files. What a visitor has done with the files
 * until then is its own to undo. Memory does not grow with the archive.
 */
export async function readArchive(file: string, visitor: ArchiveVisitor): Promise<ArchiveManifest> {
  try {
    return await walk(file, visitor);
  } catch (thrown) {
    if (isOfFormat(thrown)) throw new ArchiveDamaged(errorText(thrown), { cause: thrown });
    throw thrown;
  }
}

/** Failures of tar and zstd; the disk's and the visitor's own are told as they are. */
function isOfFormat(thrown: unknown): boolean {
  const { code = "", message = "" } = thrown as NodeJS.ErrnoException;
  return /^(?:ZSTD_|ERR_ZSTD|Z_)/.test(code) || /tar header|header exceeds|end of data|zstd/i.test(message);
}

async function walk(file: string, visitor: ArchiveVisitor): Promise<ArchiveManifest> {
  const tar = extract();
  const source = createReadStream(file, { highWaterMark: 256 * 1024 });
  const feeding = pipeline(source, createZstdDecompress(), tar as unknown as NodeJS.WritableStream);
  feeding.catch((thrown) => tar.destroy(thrown as Error));
  const sums = new SectionSums();
  let manifest: ArchiveManifest | undefined;
  let isFirst = true;
  try {
    for await (const entry of tar) {
      const { header } = entry;
      requirePlain(header);
      if (manifest) throw new ArchiveDamaged("there is more behind its manifest");
      const content = entry as unknown as Readable;
      if (isFirst) await visitor.head(await document(header, content, HEAD));
      else if (header.name === MANIFEST) manifest = asManifest(await document(header, content, MANIFEST));
      else await visit(header, content, { visitor, sums });
      isFirst = false;
    }
    await feeding;
  } finally {
    source.destroy();
  }
  if (isFirst) throw new ArchiveDamaged("it is empty");
  if (!manifest) throw new ArchiveDamaged("it ends before its manifest: it was cut off");
  compare(manifest, sums);
  return manifest;
}

function requirePlain({ type, name }: Header): void {
  if (type !== "file")
    throw new ArchiveDamaged(`${JSON.stringify(name)} is a ${type}; a backup has files only`);
}

async function document(header: Header, content: Readable, name: string): Promise<unknown> {
  if (header.name !== name)
    throw new ArchiveDamaged(`it begins with ${JSON.stringify(header.name)}, not with ${name}`);
  if ((header.size ?? 0) > DOCUMENT_BYTES) throw new ArchiveDamaged(`${name} is too large`);
  try {
    return JSON.parse((await buffer(content)).toString("utf8"));
  } catch (cause) {
    throw new ArchiveDamaged(`${name} cannot be read`, { cause });
  }
}

async function visit(
  header: Header,
  content: Readable,
  { visitor, sums }: { readonly visitor: ArchiveVisitor; readonly sums: SectionSums },
): Promise<void> {
  const named = splitName(header.name);
  if (!named || !visitor.expects(named.section, named.path))
    throw new ArchiveDamaged(`${JSON.stringify(header.name)} does not belong into a backup`);
  const size = header.size ?? 0;
  const hash = createHash("sha256");
  let digest: string | undefined;
  const hashed = Readable.from(hashing(content, hash), { objectMode: false, highWaterMark: 256 * 1024 });
  const finished = () => {
    digest ??= hash.digest("hex");
    return digest;
  };
  await visitor.file({
    ...named,
    size,
    changedAt: header.mtime ?? new Date(0),
    content: hashed,
    digest: finished,
  });
  // What the visitor had no use for counts as well.
  if (!hashed.readableEnded) for await (const _ of hashed);
  sums.add({ ...named, size, digest: finished() });
}

async function* hashing(content: Readable, hash: { update(chunk: Buffer): unknown }): AsyncGenerator<Buffer> {
  for await (const chunk of content as AsyncIterable<Buffer>) {
    hash.update(chunk);
    yield chunk;
  }
}

function asManifest(value: unknown): ArchiveManifest {
  const { sections } = (value ?? {}) as Partial<ArchiveManifest>;
  if (typeof sections !== "object" || sections === null)
    throw new ArchiveDamaged(`${MANIFEST} holds no sums`);
  return value as ArchiveManifest;
}

function compare({ sections }: ArchiveManifest, sums: SectionSums): void {
  const found = sums.sums();
  for (const name of new Set([...Object.keys(sections), ...Object.keys(found)])) {
    const [wanted, is] = [sections[name], found[name]];
    if (wanted?.files !== is?.files)
      throw new ArchiveDamaged(`${name} has ${is?.files ?? 0} files; ${wanted?.files ?? 0} were written`);
    if (wanted?.digest !== is?.digest || wanted?.bytes !== is?.bytes)
      throw new ArchiveDamaged(`what is in ${name} is not what was written`);
  }
}
