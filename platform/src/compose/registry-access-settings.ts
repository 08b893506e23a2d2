import { readFile, stat } from "node:fs/promises";
import { rootCertificates } from "node:tls";
import { type RegistryAccess, readPullCredentials } from "../drivers/registry/client/index.ts";
import { errorText } from "../kernel/index.ts";
import type { Config } from "./config.ts";

const MOST_BYTES = 1024 * 1024;

/**
 * How the registries are reached that builders come from. Throws an Error that says what to do about a file of credentials
 * that cannot be read.
 */
export async function readRegistryAccess(
  {
    pullRegistries,
    pullCredentials,
    caBundle,
  }: Pick<Config, "pullRegistries" | "pullCredentials" | "caBundle">,
  env: Readonly<Record<string, string | undefined>>,
): Promise<RegistryAccess> {
  const proxy = (name: string) => env[name] ?? env[name.toLowerCase()] ?? "";
  const proxies = { http: proxy("HTTP_PROXY"), https: proxy("HTTPS_PROXY"), none: proxy("NO_PROXY") };
  return {
    registries: pullRegistries,
    credentials: pullCredentials === undefined ? undefined : await readCredentials(pullCredentials),
    client: { proxies, ca: caBundle === undefined ? undefined : await withUsual(caBundle) },
  };
}

/** Registries of the public internet have certificates that an operator's own authority has not signed. */
async function withUsual(bundle: string): Promise<string> {
  return [await readFile(bundle, "utf8"), ...rootCertificates].join("\n");
}

async function readCredentials(path: string) {
  try {
    if ((await stat(path)).size > MOST_BYTES) throw new Error(`it is larger than ${MOST_BYTES} bytes`);
    return readPullCredentials(await readFile(path, "utf8"));
  } catch (cause) {
    throw new Error(
      `CONIFER_PULL_CREDENTIALS names ${path}, which cannot be used: ${errorText(cause)}. ` +
        "It is a file as docker login writes it (config.json), or an auth.json.",
      { cause },
    );
  }
}
