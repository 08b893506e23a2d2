import { randomBytes } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { open, rename, rm, writeFile } from "node:fs/promises";
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

/**
 * The same key as it is at each look: a file that was replaced is read anew, so that every process of a home seals with a new version
 * as soon as there is one, and opens what others have sealed with it. While the file cannot be read, what it held
 * last stands. A look at an unchanged file takes microseconds.
 */
export function openMasterKey(home: Home): MasterKey {
  const file = masterKeyFile(home);
  let known = readMasterKey(home);
  let seen = markOf(file);
  const look = () => {
    const mark = markOf(file);
    if (mark === undefined || mark === seen) return known;
    try {
      known = readMasterKey(home);
      seen = mark;
    } catch {
      // Somebody has put something else in its place; what was sealed can still be opened.
    }
    return known;
  };
  return {
    get current() {
      return look().current;
    },
    get keys() {
      return look().keys;
    },
  };
}

/** Tells a file from the one that takes its place. */
function markOf(file: string): string | undefined {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false });
  return found && `${found.ino} ${found.mtimeNs} ${found.size}`;
}

/** Puts a key in the place of the one that is there; it appears whole, and is on the disk when this resolves. */
export async function replaceMasterKey(home: Home, { current, keys }: MasterKey): Promise<void> {
  const texts = [...keys].map(([version, key]) => [version, key.toString("base64")] as const);
  const text = `${JSON.stringify({ current, keys: Object.fromEntries(texts) } satisfies MasterKeyFile)}\n`;
  const file = masterKeyFile(home);
  const part = `${file}.new`;
  await rm(part, { force: true });
  await writeFile(part, text, { mode: 0o600, flush: true });
  await rename(part, file);
  const folder = await open(home.keys, "r");
  await folder.sync().finally(() => folder.close());
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
