import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import {
  makeRegistryClient,
  parseImageReference,
  type RegistryClient,
  registryUrl,
} from "../../platform/src/drivers/registry/client/index.ts";
import { errorText } from "../../platform/src/kernel/index.ts";
import { ImageError } from "../images/image-error.ts";
import type { RegistryWishes } from "./conifer-image-arguments.ts";

/** A place for an image in a registry, with who can reach it. */
export interface RemoteImage {
  readonly client: RegistryClient;
  readonly repository: string;
  /** A tag or a digest. */
  readonly name: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Opens the registry of a reference, does work with it, and closes it. What the registry refuses comes as an ImageError.
 * @throws ImageError `usage` when the reference or the password's file is not good
 */
export async function withRegistry<T>(
  reference: string,
  { plainHttp, login }: RegistryWishes,
  {
    environment,
    work,
  }: { readonly environment: Environment; readonly work: (at: RemoteImage) => Promise<T> },
): Promise<T> {
  const { registry, repository, tag, digest } = parse(reference);
  const client = makeRegistryClient({
    url: registryUrl(registry, plainHttp),
    login: login && { username: login.user, password: await readPassword(login.passwordFile) },
    proxies: proxiesOf(environment),
  });
  try {
    return await work({ client, repository, name: digest ?? tag ?? "latest" });
  } catch (thrown) {
    if (!(thrown instanceof Error) || thrown.name !== "RegistryRequestError") throw thrown;
    throw new ImageError("failed", hinted(thrown, plainHttp), { cause: thrown });
  } finally {
    await client.close();
  }
}

function hinted({ message }: Error, plainHttp: boolean): string {
  return /plain http/.test(message) && !plainHttp ? `${message} Say --plain-http.` : message;
}

function parse(reference: string) {
  try {
    return parseImageReference(reference);
  } catch (thrown) {
    throw new ImageError("usage", errorText(thrown), { cause: thrown });
  }
}

async function readPassword(file: string): Promise<string> {
  const content = file === "-" ? text(process.stdin) : readFile(file, "utf8");
  const password = await content.catch((cause: Error) => {
    throw new ImageError("usage", `The password cannot be read: ${cause.message}.`, { cause });
  });
  return password.replace(/\r?\n$/, "");
}

/** As other programs read them; the names in lower case come first. */
export function proxiesOf(environment: Environment) {
  const read = (name: string) => environment[name] ?? environment[name.toUpperCase()] ?? "";
  return {
    http: read("http_proxy"),
    https: read("https_proxy") || read("http_proxy"),
    none: read("no_proxy"),
  };
}
