import { createReadStream } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { isPublicAddress } from "../../../delivery/source/index.ts";
import { removeTree, unpackTar } from "../../files/trees/index.ts";
import {
  type ImageOrigin,
  type ImageReference,
  imageInRegistry,
  makeRegistryClient,
  parseShortReference,
  type RegistryClient,
  type RegistryClientOptions,
  RegistryRequestError,
  referenceText,
  registryUrl,
} from "../../registry/client/index.ts";
import { type ImageLayout, readImageLayout } from "../images/index.ts";

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
  let isMissing = false;
  for (const { url, anyAddress } of placesOf(reference.registry, access, access.trusted)) {
    const client: RegistryClient = makeRegistryClient({
      ...{ ...access.client, url },
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

/** The OCI layout that an operator has named: a folder, or a tar of one, which is unpacked into `scratch` first. */
export async function openNamedLayout(path: string, scratch: string): Promise<ImageLayout> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new Error(`${path} is not there`, { cause });
  });
  if (found.isDirectory()) return await readImageLayout(path);
  await removeTree(scratch);
  await mkdir(scratch, { recursive: true });
  const limits = { bytes: 32 * 1024 ** 3, entries: 100_000 };
  await unpackTar(createReadStream(path), scratch, { limits });
  return await readImageLayout(scratch);
}

/** The names under which a layout may hold an image: as it is written, and in full. */
export function namesOf(image: string): readonly string[] {
  return [image, referenceText(parseShortReference(image))];
}

/** Where the layout of an image stands in the layout folder of a build (Platform API 0.15, "Map an image reference to a path"). */
export function layoutPathOf(image: string): string {
  const { registry, repository, tag, digest } = parseShortReference(image);
  const host = registry === "docker.io" ? "index.docker.io" : registry;
  return join(host, repository, ...(digest?.split(":") ?? [tag ?? "latest"]));
}
