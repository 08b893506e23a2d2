import { isPublicAddress } from "../../../delivery/source/index.ts";
import { type ImageReference, registryUrl } from "./image-reference.ts";
import { loginFor, type PullCredentials } from "./pull-credentials.ts";
import { type ImageOrigin, imageInRegistry } from "./pull-image.ts";
import { makeRegistryClient, type RegistryClient, type RegistryClientOptions } from "./registry-client.ts";
import { RegistryRequestError } from "./registry-request-error.ts";

/** What an operator says of a registry. */
export interface PullRegistry {
  /** As references name it: `docker.io`, `registry.example.com:5000`. */
  readonly host: string;
  /** Where it is asked in its place, or `http://…` for itself without TLS; itself when missing. */
  readonly url?: string;
}

export interface RegistryAccess {
  /** Registries that the operator lists: apps' builders may come from them although their addresses are private. */
  readonly registries: readonly PullRegistry[];
  /** The operator's users and passwords; whoever names an image that one of them opens may pull it. */
  readonly credentials?: PullCredentials | undefined;
  readonly client?: Pick<RegistryClientOptions, "ca" | "proxies" | "persistence">;
}

/** Addresses at which a registry is asked, one after the other, and whether any address is good there. */
export function placesOf(
  registry: string,
  { registries }: Pick<RegistryAccess, "registries">,
  trusted: boolean,
): readonly { readonly url: string; readonly anyAddress: boolean }[] {
  const listed = registries.filter(({ host }) => host === registry);
  const mirrors = listed.flatMap(({ url }) => (url === undefined ? [] : [{ url, anyAddress: true }]));
  const itself = { url: registryUrl(registry), anyAddress: trusted || listed.length > 0 };
  const isPlain = mirrors.some(({ url }) => url === `http://${registry}`);
  return isPlain ? mirrors : [...mirrors, itself];
}

/** How the operator's credentials call a place: the registry itself by its name in references, a mirror by its own. */
function nameOfPlace(registry: string, url: string): string {
  const isItself = url === registryUrl(registry) || url === registryUrl(registry, true);
  return isItself ? registry : new URL(url).host;
}

/**
 * Does something with an image of a registry, asked at its mirrors first. Undefined when none has the image. Throws what
 * says most of why it cannot be had: what may pass, else an answer, else why there was none.
 */
export async function withRegistryImage<T>(
  reference: ImageReference,
  access: RegistryAccess & { readonly trusted: boolean; readonly signal: AbortSignal },
  work: (origin: ImageOrigin) => Promise<T | undefined>,
): Promise<T | undefined> {
  const failures: RegistryRequestError[] = [];
  const { registry, repository } = reference;
  let isMissing = false;
  for (const { url, anyAddress } of placesOf(registry, access, access.trusted)) {
    const client: RegistryClient = makeRegistryClient({
      ...{ ...access.client, url },
      login: loginFor(access.credentials, nameOfPlace(registry, url), repository),
      ...(anyAddress ? {} : { isAllowed: isPublicAddress }),
    });
    try {
      const done = await work(imageInRegistry(client, reference, access.signal));
      if (done !== undefined) return done;
      isMissing = true;
    } catch (thrown) {
      access.signal.throwIfAborted();
      if (!(thrown instanceof RegistryRequestError)) throw thrown;
      failures.push(thrown);
    } finally {
      await client.close();
    }
  }
  const passing = failures.find((failure) => failure.passing);
  if (isMissing && !passing) return undefined;
  const failure = passing ?? failures.find(({ status }) => status !== 0) ?? failures[0];
  if (failure) throw failure;
  return undefined;
}
