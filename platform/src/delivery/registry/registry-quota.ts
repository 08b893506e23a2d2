import type { RegistryDependencies, RegistryLimits } from "./registry-call.ts";
import { RegistryError } from "./registry-error.ts";
import type { Repository } from "./registry-rules.ts";
import { warning } from "./warning-header.ts";

/** What repositories may hold. Without a bound nothing is counted. */
export interface RegistryQuota {
  /** Throws DENIED when the repository cannot take so many bytes more. To be asked in the repository's turn. */
  admit(repository: Repository, moreBytes: number): Promise<void>;
  /** The value of a `Warning` header for a repository that is nearly full. */
  warningOf(repository: Repository): Promise<string | undefined>;
}

/** From this share on whoever pushes is warned. */
const WARN_AT = 0.9;

/** Bytes of a repository are those of its blobs and manifests, whether other repositories hold the same ones or not. */
export function makeRegistryQuota(
  { content, records }: Pick<RegistryDependencies, "content" | "records">,
  { repositoryBytes }: Pick<RegistryLimits, "repositoryBytes">,
): RegistryQuota {
  if (repositoryBytes === undefined) return { admit: async () => {}, warningOf: async () => undefined };
  const usage = async (repository: Repository) => {
    let bytes = 0;
    for await (const digest of records.blobs(repository)) bytes += await content.weigh(digest);
    for await (const { sizeBytes } of records.manifests(repository)) bytes += sizeBytes;
    return bytes;
  };
  return {
    async admit(repository, moreBytes) {
      const held = await usage(repository);
      if (held + moreBytes <= repositoryBytes) return;
      throw new RegistryError(
        "DENIED",
        `the repository holds ${shown(held)} and may hold ${shown(repositoryBytes)}, so ${shown(moreBytes)} more are not ` +
          "taken; delete what is not needed, or have the operator raise CONIFER_REGISTRY_QUOTA",
      );
    },
    async warningOf(repository) {
      const share = (await usage(repository)) / repositoryBytes;
      if (share < WARN_AT) return undefined;
      const percent = Math.min(100, Math.floor(share * 100));
      return warning(`This repository holds ${percent} % of the ${shown(repositoryBytes)} it may hold.`);
    },
  };
}

/** Bytes as people read them. */
function shown(bytes: number): string {
  const units = ["bytes", "KB", "MB", "GB"];
  const step = Math.min(units.length - 1, Math.floor(Math.log(Math.max(bytes, 1)) / Math.log(1024)));
  const value = bytes / 1024 ** step;
  return `${step === 0 || Number.isInteger(value) ? value : value.toFixed(1)} ${units[step]}`;
}
