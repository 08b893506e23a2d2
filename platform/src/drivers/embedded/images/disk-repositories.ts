import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hexOf, isDigest, type OciDescriptor } from "../../../delivery/image/index.ts";
import {
  type HeldManifest,
  parseRepository,
  type Repository,
  type RepositoryRecords,
  repositoryName,
} from "../../../delivery/registry/index.ts";
import { isMissing, sizeOf, syncFolder } from "./durable-files.ts";

/**
 * What repositories hold, as small files: `<space>/<name>/` with
 * - `blobs/<hex>`, empty: the repository holds this blob;
 * - `manifests/<hex>`: its record;
 * - `tags/<tag>`: the digest it names;
 * - `referrers/<hex of the subject>/<hex>`: the descriptor of a manifest about the subject.
 * Each file appears whole and is replaced whole, so any number of processes may write; a check is one look at the disk.
 */
export function openDiskRepositories(root: string): RepositoryRecords {
  const folderOf = (repository: Repository) => {
    const name = repositoryName(repository);
    if (!parseRepository(name)) throw new Error(`"${name}" is not a repository's name`);
    return join(root, name);
  };
  const blobPath = (repository: Repository, digest: string) =>
    join(folderOf(repository), "blobs", hexOf(digest));
  const manifestPath = (repository: Repository, digest: string) =>
    join(folderOf(repository), "manifests", hexOf(digest));
  const referrersFolder = (repository: Repository, subject: string) =>
    join(folderOf(repository), "referrers", hexOf(subject));
  return {
    holdBlob: (repository, digest) => writeMark(blobPath(repository, digest)),
    holdsBlob: async (repository, digest) => (await sizeOf(blobPath(repository, digest))) !== undefined,
    async holdManifest(repository, manifest, tag) {
      const { digest, subject } = manifest;
      await writeWhole(manifestPath(repository, digest), JSON.stringify(manifest));
      if (subject !== undefined)
        await writeWhole(
          join(referrersFolder(repository, subject), hexOf(digest)),
          JSON.stringify(descriptorOf(manifest)),
        );
      if (tag !== undefined) await writeWhole(join(folderOf(repository), "tags", tag), digest);
    },
    async findManifest(repository, reference) {
      const digest = isDigest(reference)
        ? reference
        : await readIfThere(join(folderOf(repository), "tags", reference));
      const text = digest && (await readIfThere(manifestPath(repository, digest)));
      return text ? (JSON.parse(text) as HeldManifest) : undefined;
    },
    async tags(repository) {
      const folder = folderOf(repository);
      const [tags, holds] = await Promise.all([namesIn(join(folder, "tags")), namesIn(folder)]);
      return tags ?? (holds ? [] : undefined);
    },
    async referrers(repository, subject) {
      const folder = referrersFolder(repository, subject);
      const texts: OciDescriptor[] = [];
      for (const name of (await namesIn(folder)) ?? []) {
        const text = await readIfThere(join(folder, name));
        if (text) texts.push(JSON.parse(text) as OciDescriptor);
      }
      return texts;
    },
  };
}

/** What a list of referrers shows. */
function descriptorOf(manifest: HeldManifest): OciDescriptor {
  const { mediaType, digest, sizeBytes, artifactType, annotations } = manifest;
  return {
    mediaType,
    digest,
    size: sizeBytes,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

/** An empty file, which is there or not. */
async function writeMark(path: string): Promise<void> {
  await makeFolder(dirname(path));
  const file = await open(path, "a", 0o600);
  await file.close();
  await syncFolder(dirname(path));
}

/** Names that begin with a dot are no digests and no tags: they are on their way, or were left by a kill. */
async function writeWhole(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  await makeFolder(folder);
  const aside = join(folder, `.${randomUUID()}`);
  try {
    await writeFile(aside, text, { mode: 0o600, flush: true });
    await rename(aside, path);
  } finally {
    await rm(aside, { force: true });
  }
  await syncFolder(folder);
}

/** A new folder is durable in its parents too. */
async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

async function readIfThere(path: string): Promise<string | undefined> {
  return await readFile(path, "utf8").catch((thrown) => {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  });
}

async function namesIn(folder: string): Promise<string[] | undefined> {
  const names = await readdir(folder).catch((thrown) => {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  });
  return names?.filter((name) => !name.startsWith("."));
}
