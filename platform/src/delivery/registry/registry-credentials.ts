import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import type { MasterKey } from "../../kernel/index.ts";
import {
  isComponent,
  parseRepository,
  type RegistryPrincipal,
  type RegistryRole,
  type Repository,
  ROLES,
  repositoryName,
} from "./registry-rules.ts";

/** What a client sends as basic authorization. The password is a secret. */
export interface RegistryCredential {
  readonly username: string;
  readonly password: string;
  /** When it ends. */
  readonly expires: Date;
  /** From when on it has a successor and should be replaced by it. */
  readonly renewAt: Date;
}

/**
 * How long an epoch of pull credentials lasts. One is accepted in its epoch and in the next: for 30 to 60 days, in which
 * its holder has to be given the successor.
 */
export const EPOCH_MS = 30 * 24 * 60 * 60 * 1000;

/** How far the clock of who issues may be ahead of ours at the turn of an epoch. */
const SKEW_MS = 5 * 60 * 1000;

/** Life of a token; clients fetch the next one with their credential, unseen. */
export const TOKEN_SECONDS = 300;

/** Derives the keys that sign credentials from the master key, one for each of its versions, as they are at each look (RFC 5869). */
export function registryKeys(master: MasterKey): MasterKey {
  const derived = new WeakMap<Buffer, Buffer>();
  const derive = (key: Buffer) => {
    const known =
      derived.get(key) ?? Buffer.from(hkdfSync("sha256", key, "", "conifer registry credentials", 32));
    derived.set(key, known);
    return known;
  };
  return {
    get current() {
      return master.current;
    },
    get keys() {
      return new Map([...master.keys].map(([version, key]) => [version, derive(key)]));
    },
  };
}

/** The space's credential of this epoch: always the same, so that writing it again changes nothing. */
export function issuePullCredential(space: string, now: Date, keys: MasterKey): RegistryCredential {
  if (!isComponent(space)) throw new Error(`"${space}" cannot be a space's name in the registry`);
  const username = `space+${space}`;
  const epoch = Math.floor(now.getTime() / EPOCH_MS);
  return {
    username,
    password: signed("pull", [username, String(epoch)], keys),
    expires: new Date((epoch + 2) * EPOCH_MS),
    renewAt: new Date((epoch + 1) * EPOCH_MS),
  };
}

/** A credential to push to one repository, until a time (whole seconds). */
export function issuePushCredential(
  repository: Repository,
  until: Date,
  keys: MasterKey,
): RegistryCredential {
  return issueUntil("push", `build+${nameOf(repository)}`, until, keys);
}

/** A credential that does with one repository what a role allows, until a time (whole seconds). */
export function issueRoleCredential(
  role: RegistryRole,
  repository: Repository,
  until: Date,
  keys: MasterKey,
): RegistryCredential {
  return issueUntil("role", `${role}+${nameOf(repository)}`, until, keys);
}

function nameOf(repository: Repository): string {
  const name = repositoryName(repository);
  if (!parseRepository(name)) throw new Error(`"${name}" cannot be a repository of the registry`);
  return name;
}

function issueUntil(purpose: Purpose, username: string, until: Date, keys: MasterKey): RegistryCredential {
  const seconds = Math.floor(until.getTime() / 1000);
  const expires = new Date(seconds * 1000);
  return {
    username,
    password: signed(purpose, [username, String(seconds)], keys),
    expires,
    renewAt: expires,
  };
}

/** Whose credential it is; undefined when it is nobody's, or its time is over. */
export function checkCredential(
  given: { readonly username: string; readonly password: string },
  now: Date,
  keys: MasterKey,
): RegistryPrincipal | undefined {
  const { username, password } = given;
  const when = Number(password.split(".")[1]);
  if (!Number.isSafeInteger(when) || when < 0) return undefined;
  const kind = purposeOf(username);
  if (!verified(kind, [username, String(when)], password, keys)) return undefined;
  const expires = new Date(kind === "pull" ? (when + 2) * EPOCH_MS : when * 1000);
  const begins = kind === "pull" ? when * EPOCH_MS - SKEW_MS : 0;
  if (now >= expires || now.getTime() < begins) return undefined;
  return principalOf(username, expires);
}

/** What a client carries after it has shown its credential: the same rights, for a short time. */
export function issueToken(principal: RegistryPrincipal, now: Date, keys: MasterKey) {
  const ends = Math.min(now.getTime() + TOKEN_SECONDS * 1000, principal.expires.getTime());
  const seconds = Math.floor(ends / 1000);
  const username = usernameOf(principal);
  const name = Buffer.from(username).toString("base64url");
  return {
    token: `${name}.${signed("token", [username, String(seconds)], keys)}`,
    seconds: Math.max(0, seconds - Math.floor(now.getTime() / 1000)),
  };
}

/** Whose token it is; undefined when it is nobody's, or its time is over. */
export function checkToken(token: string, now: Date, keys: MasterKey): RegistryPrincipal | undefined {
  const dot = token.indexOf(".");
  const username = Buffer.from(token.slice(0, Math.max(dot, 0)), "base64url").toString();
  const rest = token.slice(dot + 1);
  const seconds = Number(rest.split(".")[1]);
  if (!Number.isSafeInteger(seconds) || seconds < 0) return undefined;
  if (!verified("token", [username, String(seconds)], rest, keys)) return undefined;
  const expires = new Date(seconds * 1000);
  return now < expires ? principalOf(username, expires) : undefined;
}

/** The content of a `.dockerconfigjson` file or Secret, for every name under which the registry is reached. */
export function dockerConfigJson(credential: RegistryCredential, hosts: readonly string[]): string {
  const { username, password } = credential;
  const auth = Buffer.from(`${username}:${password}`).toString("base64");
  return JSON.stringify({
    auths: Object.fromEntries(hosts.map((host) => [host, { username, password, auth }])),
  });
}

function principalOf(username: string, expires: Date): RegistryPrincipal | undefined {
  const plus = username.indexOf("+");
  const [kind, name] = [username.slice(0, Math.max(plus, 0)), username.slice(plus + 1)];
  if (kind === "space") return isComponent(name) ? { kind, space: name, expires } : undefined;
  const repository = parseRepository(name);
  if (!repository) return undefined;
  if (kind === "build") return { kind, repository, expires };
  const role = ROLES.find((one) => one === kind);
  return role && { kind: "member", role, repository, expires };
}

function usernameOf(principal: RegistryPrincipal): string {
  if (principal.kind === "space") return `space+${principal.space}`;
  const role = principal.kind === "member" ? principal.role : "build";
  return `${role}+${repositoryName(principal.repository)}`;
}

type Purpose = "pull" | "push" | "role" | "token";

function purposeOf(username: string): Purpose {
  if (username.startsWith("space+")) return "pull";
  return username.startsWith("build+") ? "push" : "role";
}

/** Form: `<version of the key>.<last part>.<HMAC-SHA-256 of purpose and parts>`. */
function signed(purpose: Purpose, parts: readonly string[], keys: MasterKey, version = keys.current): string {
  const key = keys.keys.get(version);
  if (!key) throw new Error(`version ${version} of the registry's key is not available`);
  const mac = createHmac("sha256", key)
    .update([purpose, ...parts].join("\n"))
    .digest("base64url");
  return `${version}.${parts.at(-1)}.${mac}`;
}

function verified(purpose: Purpose, parts: readonly string[], given: string, keys: MasterKey): boolean {
  const version = Number(given.split(".")[0]);
  if (!keys.keys.has(version)) return false;
  const wanted = Buffer.from(signed(purpose, parts, keys, version));
  const bytes = Buffer.from(given);
  return bytes.length === wanted.length && timingSafeEqual(bytes, wanted);
}
