import type { RegistryDependencies, RegistryLimits } from "./registry-call.ts";
import { RegistryError } from "./registry-error.ts";
import { PLATFORM_SPACE, type Repository } from "./registry-rules.ts";
import { makeSpaceUsage, type SpaceUsage } from "./space-usage.ts";
import { warning } from "./warning-header.ts";

/** What repositories and spaces may hold. Without a bound nothing is counted. */
export interface RegistryQuota {
  /**
   * Throws DENIED when the repository, or its space, cannot take so many bytes more; content of this digest is not counted
   * twice in a space. To be asked in the repository's turn.
   */
  admit(repository: Repository, moreBytes: number, digest?: string): Promise<void>;
  /** The repository holds this from now on. To be told in the same turn. */
  added(repository: Repository, digest: string, sizeBytes: number): void;
  /** The repository holds less than before. */
  removed(repository: Repository): void;
  /** The value of a `Warning` header for a repository, or a space, that is nearly full. */
  warningOf(repository: Repository): Promise<string | undefined>;
}

/** From this share on whoever pushes is warned. */
const WARN_AT = 0.9;

/** One bound: what it is of, how much there may be, and which setting changes that. */
interface Bound {
  readonly subject: string;
  readonly setting: string;
  readonly mostBytes: number;
  held(): Promise<number>;
}

/** Bytes of a repository are those of its blobs and manifests, whether other repositories hold the same ones or not. */
export function makeRegistryQuota(
  { content, records, now }: Pick<RegistryDependencies, "content" | "records" | "now">,
  { repositoryBytes, spaceBytes }: Pick<RegistryLimits, "repositoryBytes" | "spaceBytes">,
): RegistryQuota {
  const spaces = makeSpaceUsage({ content, records, now });
  const ofRepository = (repository: Repository): readonly Bound[] =>
    repositoryBytes === undefined
      ? []
      : [
          {
            ...{ subject: "repository", setting: "CONIFER_REGISTRY_QUOTA", mostBytes: repositoryBytes },
            held: () => usageOf({ content, records }, repository),
          },
        ];
  const ofSpace = ({ space }: Repository) => boundOfSpace(space, spaceBytes, spaces);
  return {
    async admit(repository, moreBytes, digest) {
      for (const bound of ofRepository(repository)) requireRoom(bound, await bound.held(), moreBytes);
      for (const bound of ofSpace(repository)) {
        const { space } = repository;
        const more = digest === undefined ? moreBytes : await spaces.moreWith(space, digest, moreBytes);
        // What adds nothing may come, however full it is.
        if (more > 0) requireRoom(bound, await bound.held(), more);
      }
    },
    added: ({ space }, digest, sizeBytes) => spaces.added(space, digest, sizeBytes),
    removed: ({ space }) => spaces.changed(space),
    async warningOf(repository) {
      const shares = [];
      for (const bound of [...ofRepository(repository), ...ofSpace(repository)])
        shares.push({ ...bound, share: (await bound.held()) / bound.mostBytes });
      const [fullest] = shares.toSorted((a, b) => b.share - a.share);
      if (!fullest || fullest.share < WARN_AT) return undefined;
      const percent = Math.min(100, Math.floor(fullest.share * 100));
      return warning(
        `This ${fullest.subject} holds ${percent} % of the ${shown(fullest.mostBytes)} it may hold.`,
      );
    },
  };
}

/** The platform's own images are nobody's to bound. */
function boundOfSpace(
  space: string,
  spaceBytes: RegistryLimits["spaceBytes"],
  usage: SpaceUsage,
): readonly Bound[] {
  const mostBytes = space === PLATFORM_SPACE ? undefined : spaceBytes?.(space);
  if (mostBytes === undefined) return [];
  const held = () => usage.bytes(space);
  return [{ subject: "space", setting: "CONIFER_REGISTRY_SPACE_QUOTA", mostBytes, held }];
}

function requireRoom({ subject, setting, mostBytes }: Bound, held: number, moreBytes: number): void {
  if (held + moreBytes <= mostBytes) return;
  throw new RegistryError(
    "DENIED",
    `the ${subject} holds ${shown(held)} and may hold ${shown(mostBytes)}, so ${shown(moreBytes)} more are not ` +
      `taken; delete what is not needed, or have the operator raise ${setting}`,
  );
}

async function usageOf(
  { content, records }: Pick<RegistryDependencies, "content" | "records">,
  repository: Repository,
): Promise<number> {
  let bytes = 0;
  for await (const digest of records.blobs(repository)) bytes += await content.weigh(digest);
  for await (const { sizeBytes } of records.manifests(repository)) bytes += sizeBytes;
  return bytes;
}

/** Bytes as people read them. */
function shown(bytes: number): string {
  const units = ["bytes", "KB", "MB", "GB"];
  const step = Math.min(units.length - 1, Math.floor(Math.log(Math.max(bytes, 1)) / Math.log(1024)));
  const value = bytes / 1024 ** step;
  return `${step === 0 || Number.isInteger(value) ? value : value.toFixed(1)} ${units[step]}`;
}
