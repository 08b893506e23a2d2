import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { MasterKey } from "../kernel/index.ts";
import type { Home } from "./home.ts";
import { readOrMakeSecret } from "./supervisor-home.ts";

/** The file's form: `{"current": 1, "keys": {"1": "<32 bytes, base64>"}}`. */
interface MasterKeyFile {
  readonly current: number;
  readonly keys: Readonly<Record<string, string>>;
}

export function masterKeyFile(home: Home): string {
  return join(home.keys, "master.json");
}

/** Makes the master key at the first start of a home, once; never replaces one. */
export function ensureMasterKey(home: Home): MasterKey {
  const text = readOrMakeSecret(masterKeyFile(home), () => {
    const file: MasterKeyFile = { current: 1, keys: { 1: randomBytes(32).toString("base64") } };
    return `${JSON.stringify(file)}\n`;
  });
  return parseMasterKey(text, masterKeyFile(home));
}

/** The key that wraps every sealed value of this home. Throws when the file is missing or damaged. */
export function readMasterKey(home: Home): MasterKey {
  const file = masterKeyFile(home);
  return parseMasterKey(readFileSync(file, "utf8"), file);
}

/** Parses the file's text; its message never holds key material. */
export function parseMasterKey(text: string, file: string): MasterKey {
  const damaged = (why: string) =>
    new Error(`The master key ${file} cannot be used: ${why}. Restore it from a backup; do not delete it.`);
  let parsed: Partial<MasterKeyFile>;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw damaged("it is not JSON");
  }
  const entries = Object.entries(parsed.keys ?? {}).map(
    ([version, key]) => [Number(version), Buffer.from(String(key), "base64")] as const,
  );
  if (entries.some(([version, key]) => !Number.isInteger(version) || version < 1 || key.length !== 32)) {
    throw damaged("a key does not have 32 bytes");
  }
  const keys = new Map(entries);
  const current = parsed.current;
  if (current === undefined || !keys.has(current)) throw damaged("the current key is missing");
  return { current, keys };
}
