import { pushLayout } from "@conifer/platform/platform-images";
import { makeRegistryClient } from "@conifer/platform/registry-client";
import { issuePushCredential, parseRepository, registryKeys } from "@conifer/platform/registry-credentials";
import { CliError } from "../cli-error.ts";
import { KEYS } from "../installation/installation-names.ts";

export interface PlatformImage {
  /** An OCI layout. */
  readonly folder: string;
  /** `conifer/run`. */
  readonly repository: string;
  /** The installation's `master.json`, from which credentials are made. */
  readonly masterKey: string;
  /** Where the registry is reached. */
  readonly url: string;
}

/** Large images over a slow line take their time. */
const LOGIN_MS = 6 * 3_600_000;

/** Pushes an image into an installation's registry and returns its digest. @throws CliError that says what to do */
export async function pushPlatformImage({
  folder,
  repository,
  masterKey,
  url,
}: PlatformImage): Promise<string> {
  const parsed = parseRepository(repository);
  if (!parsed) throw new CliError("usage", `${repository} is no repository.`);
  const keys = registryKeys(readMasterKey(masterKey));
  const { username, password } = issuePushCredential(parsed, new Date(Date.now() + LOGIN_MS), keys);
  const client = makeRegistryClient({ url, login: { username, password } });
  try {
    return await pushLayout(folder, repository, client);
  } catch (thrown) {
    throw new CliError("failed", `${repository} could not be pushed: ${(thrown as Error).message}`, {
      cause: thrown,
    });
  } finally {
    await client.close();
  }
}

/** A parser's own words would quote the key. */
function readMasterKey(text: string) {
  try {
    const { current, keys } = JSON.parse(text) as { current: number; keys: Record<string, string> };
    const entries = Object.entries(keys).map(
      ([version, key]) => [Number(version), Buffer.from(key, "base64")] as const,
    );
    return { current, keys: new Map(entries) };
  } catch {
    throw new CliError("failed", `The installation's master key (Secret ${KEYS}) is damaged.`);
  }
}
