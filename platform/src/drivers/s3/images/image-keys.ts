import { hexOf } from "../../../delivery/image/index.ts";
import {
  isSubject,
  parseRepository,
  type Repository,
  repositoryName,
} from "../../../delivery/registry/index.ts";

/** Where content lies: `blobs/<hex>/` is the slot of a blob, `data/<id>` the bytes of one of its entries. */
export const BLOBS = "blobs/";
export const DATA = "data/";
export const UPLOADS = "uploads/";
export const REPOSITORIES = "repositories/";
export const NAMES = "names/";
export const LEASE = "sweep-lease.json";

export const blobSlot = (digest: string) => `${BLOBS}${hexOf(digest)}`;
export const dataKey = (id: string) => `${DATA}${id}`;

/** Where the records of a repository lie. Slots are those of blobs and manifests. */
export function repositoryKeys(repository: Repository) {
  const name = repositoryName(repository);
  if (!parseRepository(name)) throw new Error(`"${name}" is not a repository's name`);
  const root = `${REPOSITORIES}${name}/`;
  const referrers = (subject: string) => {
    if (!isSubject(subject)) throw new Error(`"${subject}" is not a digest of a subject`);
    return `${root}referrers/${subject.slice(subject.indexOf(":") + 1)}/`;
  };
  return {
    root,
    blobs: `${root}blobs/`,
    manifests: `${root}manifests/`,
    tags: `${root}tags/`,
    blob: (digest: string) => `${root}blobs/${hexOf(digest)}`,
    manifest: (digest: string) => `${root}manifests/${hexOf(digest)}`,
    tag: (tag: string) => `${root}tags/${tag}`,
    referrers,
    referrer: (subject: string, digest: string) => `${referrers(subject)}${hexOf(digest)}`,
  };
}
