import { readdir } from "node:fs/promises";
import { parseRepository, type Repository, repositoryName } from "../delivery/registry/index.ts";
import { BusinessError, type Logger } from "../kernel/index.ts";
import type { Config } from "./config.ts";
import { openRegistryStores, type RegistryStores } from "./registry-stores.ts";

type Stores = Pick<RegistryStores, "content" | "records">;

export interface CopiedImages {
  readonly repositories: number;
  readonly manifests: number;
  /** Content that was sent; what was there is not sent again. */
  readonly blobs: number;
  readonly bytes: number;
}

/**
 * Copies what this disk's repositories hold into the bucket of the settings, with every manifest whether it has a tag or not.
 * Doing it again sends what has come since. Throws when no bucket is set, and S3RequestError.
 */
export async function copyImages(
  config: Config,
  tell: (line: string) => void,
  logger: Logger,
): Promise<CopiedImages> {
  if (!config.registryStorage)
    throw new Error(
      "Name the bucket in CONIFER_REGISTRY_STORAGE, and the store in the CONIFER_S3_ settings.",
    );
  const from = await openRegistryStores({ ...config, registryStorage: undefined }, logger);
  const to = await openRegistryStores(config, logger);
  const sum = { repositories: 0, manifests: 0, blobs: 0, bytes: 0 };
  try {
    for (const space of await readdir(config.home.repositories)) {
      if (!parseRepository(`${space}/x`)) continue;
      for await (const repository of from.records.repositories(space)) {
        const copied = await copyRepository(from, to, repository);
        tell(`${repositoryName(repository)}: ${copied.manifests} manifests, ${copied.blobs} blobs sent`);
        sum.repositories += 1;
        sum.manifests += copied.manifests;
        sum.blobs += copied.blobs;
        sum.bytes += copied.bytes;
      }
    }
    return sum;
  } finally {
    await to.close();
  }
}

/** Blobs come before manifests, and manifests before tags: whatever stops it, nothing names what is not there. */
async function copyRepository(
  from: Stores,
  to: Stores,
  repository: Repository,
): Promise<Omit<CopiedImages, "repositories">> {
  let [manifests, blobs, bytes] = [0, 0, 0];
  const send = async (digest: string) => {
    const sent = await sendContent(from, to, digest);
    if (sent === undefined) return;
    blobs += 1;
    bytes += sent;
  };
  for await (const digest of from.records.blobs(repository)) {
    await send(digest);
    if ((await to.content.sizeOf(digest)) !== undefined) await to.records.holdBlob(repository, digest);
  }
  for await (const manifest of from.records.manifests(repository)) {
    await send(manifest.digest);
    await to.records.holdManifest(repository, manifest);
    manifests += 1;
  }
  for (const tag of (await from.records.tags(repository)) ?? []) {
    const manifest = await from.records.findManifest(repository, tag);
    if (manifest) await to.records.holdManifest(repository, manifest, tag);
  }
  return { manifests, blobs, bytes };
}

/** The bytes that were sent; undefined when they were there, or are not here any more. */
async function sendContent(from: Stores, to: Stores, digest: string): Promise<number | undefined> {
  if ((await to.content.sizeOf(digest)) !== undefined) return undefined;
  try {
    return (await to.content.write(await from.content.read(digest), digest)).sizeBytes;
  } catch (thrown) {
    if (thrown instanceof BusinessError && thrown.id === "not_found") return undefined;
    throw thrown;
  }
}
