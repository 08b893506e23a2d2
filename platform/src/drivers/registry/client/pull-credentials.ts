import type { RegistryLogin } from "./registry-requests.ts";

/** Users and passwords by `<registry>` or `<registry>/<beginning of a repository>`, as an operator's file names them. */
export type PullCredentials = ReadonlyMap<string, RegistryLogin>;

/** How old clients call Docker's own registry in such files. */
const DOCKER = new Set(["index.docker.io/v1", "index.docker.io", "registry-1.docker.io", "docker.io"]);
const KEY = /^[a-z0-9.-]+(?::\d{1,5})?(?:\/[a-z0-9._-]+)*$/i;

/**
 * Reads a file of credentials in the form of docker's `config.json` and containers' `auth.json`: `auths`, each with `auth`
 * (Base64 of `<user>:<password>`), or `username` and `password`. A key may go on after the registry: it is then for
 * repositories below. Throws an Error that says what is wrong, and quotes nothing secret.
 */
export function readPullCredentials(text: string): PullCredentials {
  const auths = tableIn(parsed(text), "auths");
  if (!auths) throw new Error('it has no object "auths", as docker login writes it');
  return new Map(Object.entries(auths).map(([key, entry]) => [nameOf(key), loginOf(key, entry)] as const));
}

/** Whose credentials open a repository of a registry: those of the longest name that fits; nobody's when none does. */
export function loginFor(
  credentials: PullCredentials | undefined,
  registry: string,
  repository: string,
): RegistryLogin | undefined {
  const parts = `${registry}/${repository}`.split("/");
  for (let length = parts.length; length > 0; length -= 1) {
    const login = credentials?.get(parts.slice(0, length).join("/"));
    if (login) return login;
  }
  return undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("it is not JSON");
  }
}

function nameOf(key: string): string {
  const name = key.replace(/^https?:\/\//, "").replace(/\/+$/, "");
  if (DOCKER.has(name)) return "docker.io";
  if (KEY.test(name)) return name;
  throw new Error(`"${key}" names no registry`);
}

function loginOf(key: string, entry: unknown): RegistryLogin {
  const { auth, username, password, identitytoken } = (entry ?? {}) as Record<string, unknown>;
  if (typeof username === "string" && typeof password === "string") return { username, password };
  if (identitytoken !== undefined)
    throw new Error(`the entry of "${key}" is an identity token; give a user and password`);
  const pair = typeof auth === "string" ? Buffer.from(auth, "base64").toString() : "";
  const colon = pair.indexOf(":");
  if (colon > 0) return { username: pair.slice(0, colon), password: pair.slice(colon + 1) };
  throw new Error(
    `the entry of "${key}" has neither a user and password nor an "auth" of both; credential helpers are not asked`,
  );
}

function tableIn(value: unknown, name: string): Record<string, unknown> | undefined {
  const found = (value as Record<string, unknown> | null)?.[name];
  return typeof found === "object" && found !== null && !Array.isArray(found)
    ? (found as Record<string, unknown>)
    : undefined;
}
