import { invalidParams } from "../../kernel/index.ts";

/** An app's config vars. */
export type Config = Readonly<Record<string, string>>;

/** What a change asks for: a value, or null to remove the name. */
export type ConfigChange = Readonly<Record<string, string | null>>;

/** All names and values of an app together (facts: runtime §10). */
export const LARGEST_CONFIG_BYTES = 64 * 1024;
const LONGEST_NAME = 256;

/** Set by the platform for every dyno; a config var of that name would have no effect. */
const RESERVED = new Set(["PORT", "DYNO"]);

export interface ChangedConfig {
  readonly config: Config;
  readonly set: readonly string[];
  readonly removed: readonly string[];
}

/** Applies a change, and tells which names it really changes. Throws invalid_params for a bad name or too much. */
export function changeConfig(before: Config, change: ConfigChange): ChangedConfig {
  const config: Record<string, string> = { ...before };
  const set: string[] = [];
  const removed: string[] = [];
  for (const [name, value] of Object.entries(change)) {
    checkName(name);
    if (value === null) {
      if (Object.hasOwn(config, name)) removed.push(name);
      delete config[name];
    } else {
      if (value.includes("\0"))
        throw invalidParams(`The value of ${name} holds a NUL character, which no environment can carry.`);
      if (config[name] !== value) set.push(name);
      config[name] = value;
    }
  }
  const size = sizeOf(config);
  if (size > LARGEST_CONFIG_BYTES && size > sizeOf(before)) {
    throw invalidParams(
      `Config vars are limited to ${LARGEST_CONFIG_BYTES} bytes in all; this change makes them ${size}. ` +
        "Keep large values in a file or an object store, and their address in a config var.",
    );
  }
  return { config, set, removed };
}

/** How many secrets an image may ask for. */
const MOST_SECRETS = 8;

/**
 * The config with a secret in each of the named vars that is not set; undefined when nothing is missing, or when there is no room.
 * Names that no config var can have are passed over: they come from an image.
 */
export function withSecrets(
  before: Config,
  names: readonly string[],
  makeSecret: () => string,
): ChangedConfig | undefined {
  const missing = names.filter((name) => /^[A-Z][A-Z0-9_]{0,63}$/.test(name) && !RESERVED.has(name));
  const wanted = missing.slice(0, MOST_SECRETS).filter((name) => !Object.hasOwn(before, name));
  if (wanted.length === 0) return undefined;
  const config = { ...before, ...Object.fromEntries(wanted.map((name) => [name, makeSecret()])) };
  return sizeOf(config) > LARGEST_CONFIG_BYTES ? undefined : { config, set: wanted, removed: [] };
}

function checkName(name: string): void {
  if (name.length > LONGEST_NAME || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw invalidParams(
      `"${name.slice(0, 60)}" cannot be the name of a config var: use letters, digits and underscores, with no digit first.`,
    );
  }
  if (RESERVED.has(name))
    throw invalidParams(`${name} is set by Conifer for every dyno and cannot be a config var.`);
}

function sizeOf(config: Config): number {
  return Object.entries(config).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  );
}

/** What a release's history says of a change: `Set A, B config vars`. */
export function describeChange({ set, removed }: Pick<ChangedConfig, "set" | "removed">): string {
  const names = (list: readonly string[]) => [...list].sort().join(", ");
  if (removed.length === 0) return `Set ${names(set)} config vars`;
  if (set.length === 0) return `Remove ${names(removed)} config vars`;
  return `Set ${names(set)} and remove ${names(removed)} config vars`;
}
