import { join } from "node:path";
import { hexOf, isDigest, type OciDescriptor } from "../../../delivery/image/index.ts";
import {
  type HeldManifest,
  isSubject,
  parseRepository,
  type Repository,
  type RepositoryManagement,
  type RepositoryRecords,
  repositoryName,
} from "../../../delivery/registry/index.ts";
import { namesIn, readIfThere, writeMark, writeWhole } from "./record-files.ts";
import { removeOutright, vouch } from "./vouched-files.ts";

/** Where the records of repositories lie under a root. */
export function repositoryPaths(root: string) {
  const folder = (repository: Repository) => {
    const name = repositoryName(repository);
    if (!parseRepository(name)) throw new Error(`"${name}" is not a repository's name`);
    return join(root, name);
  };
  const referrers = (repository: Repository, subject: string) => {
    if (!isSubject(subject)) throw new Error(`"${subject}" is not a digest of a subject`);
    return join(folder(repository), "referrers", subject.slice(subject.indexOf(":") + 1));
  };
  return {
    folder,
    blob: (repository: Repository, digest: string) => join(folder(repository), "blobs", hexOf(digest)),
    manifest: (repository: Repository, digest: string) =>
      join(folder(repository), "manifests", hexOf(digest)),
    tag: (repository: Repository, tag: string) => join(folder(repository), "tags", tag),
    referrers,
    referrer: (repository: Repository, subject: string, digest: string) =>
      join(referrers(repository, subject), hexOf(digest)),
  };
}

/**
 * What repositories hold, as small files: `<space>/<name>/` with
 * - `blobs/<hex>`, empty: the repository holds this blob;
 * - `manifests/<hex>`: its record;
 * - `tags/<tag>`: the digest it names;
 * - `referrers/<hex of the subject>/<hex>`: the descriptor of a manifest about the subject.
 * Each file appears whole and is replaced whole, so any number of processes may write; a check is one look at the disk. What
 * a check has found is new for the sweep.
 */
export function openDiskRepositories(root: string): RepositoryRecords & RepositoryManagement {
  const at = repositoryPaths(root);
  const findManifest = async (repository: Repository, reference: string) => {
    const digest = isDigest(reference) ? reference : await readIfThere(at.tag(repository, reference));
    if (!digest || (await vouch(at.manifest(repository, digest))) === undefined) return undefined;
    const text = await readIfThere(at.manifest(repository, digest));
    return text ? (JSON.parse(text) as HeldManifest) : undefined;
  };
  return {
    findManifest,
    holdBlob: (repository, digest) => writeMark(at.blob(repository, digest)),
    holdsBlob: async (repository, digest) => (await vouch(at.blob(repository, digest))) !== undefined,
    async holdManifest(repository, manifest, tag) {
      const { digest, subject } = manifest;
      await writeWhole(at.manifest(repository, digest), JSON.stringify(manifest));
      if (subject !== undefined)
        await writeWhole(at.referrer(repository, subject, digest), JSON.stringify(descriptorOf(manifest)));
      if (tag !== undefined) await writeWhole(at.tag(repository, tag), digest);
    },
    async tags(repository) {
      const folder = at.folder(repository);
      const [tags, holds] = await Promise.all([namesIn(join(folder, "tags")), namesIn(folder)]);
      return tags ?? (holds ? [] : undefined);
    },
    async referrers(repository, subject) {
      const folder = at.referrers(repository, subject);
      const texts: OciDescriptor[] = [];
      for (const name of (await namesIn(folder)) ?? []) {
        const text = await readIfThere(join(folder, name));
        if (text) texts.push(JSON.parse(text) as OciDescriptor);
      }
      return texts;
    },
    dropTag: (repository, tag) => removeOutright(at.tag(repository, tag)),
    async dropManifest(repository, digest) {
      const subject = (await findManifest(repository, digest))?.subject;
      for (const tag of (await namesIn(join(at.folder(repository), "tags"))) ?? [])
        if ((await readIfThere(at.tag(repository, tag))) === digest)
          await removeOutright(at.tag(repository, tag));
      if (subject !== undefined) await removeOutright(at.referrer(repository, subject, digest));
      return await removeOutright(at.manifest(repository, digest));
    },
    dropBlob: (repository, digest) => removeOutright(at.blob(repository, digest)),
    async *manifests(repository) {
      for (const name of (await namesIn(join(at.folder(repository), "manifests"))) ?? []) {
        const text = await readIfThere(at.manifest(repository, `sha256:${name}`));
        if (text) yield JSON.parse(text) as HeldManifest;
      }
    },
    async *blobs(repository) {
      for (const name of (await namesIn(join(at.folder(repository), "blobs"))) ?? []) yield `sha256:${name}`;
    },
    async *repositories(space) {
      if (!parseRepository(`${space}/x`)) return;
      for (const name of (await namesIn(join(root, space))) ?? []) {
        const repository = parseRepository(`${space}/${name}`);
        if (repository) yield repository;
      }
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
