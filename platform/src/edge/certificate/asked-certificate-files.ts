import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorText } from "../../kernel/index.ts";
import { type AskedCertificate, type AuthorityTrouble, mayBeAsked } from "./asked-certificate.ts";

/** What one folder keeps: a file for each name, and one for the authority. All of mode 0600, replaced whole. */
export interface AskedCertificates {
  readonly records: readonly AskedCertificate[];
  readonly trouble: AuthorityTrouble | undefined;
  /** Files that could not be read, each with the reason. */
  readonly damaged: readonly string[];
}

const MOST_BYTES = 256 * 1024;

const namesFolder = (folder: string) => join(folder, "names");
const troubleFile = (folder: string) => join(folder, "authority.json");

/** Where the record of a name stands. */
export function recordFile(folder: string, host: string): string {
  return join(namesFolder(folder), `${host}.json`);
}

/** Reads all there is; a folder that is not there is an empty one. */
export async function readAskedCertificates(folder: string): Promise<AskedCertificates> {
  const damaged: string[] = [];
  const reading = async <T>(path: string, parse: (text: string) => T): Promise<T | undefined> => {
    try {
      const text = await readSecret(path);
      return text === undefined ? undefined : parse(text);
    } catch (thrown) {
      damaged.push(`${path}: ${errorText(thrown)}`);
      return undefined;
    }
  };
  const records: AskedCertificate[] = [];
  const names = await namesIn(namesFolder(folder)).catch((thrown) => {
    damaged.push(`${namesFolder(folder)}: ${errorText(thrown)}`);
    return [];
  });
  for (const name of names) {
    const host = name.slice(0, -".json".length);
    if (!name.endsWith(".json") || !mayBeAsked(host)) continue;
    const record = await reading(recordFile(folder, host), (text) => parseRecord(text, host));
    if (record) records.push(record);
  }
  const trouble = await reading(troubleFile(folder), parseTrouble);
  return { records, trouble, damaged };
}

export async function writeRecord(folder: string, record: AskedCertificate): Promise<void> {
  await writeSecret(recordFile(folder, record.host), JSON.stringify(record));
}

export async function removeRecord(folder: string, host: string): Promise<void> {
  await rm(recordFile(folder, host), { force: true });
}

/** Undefined: the authority does what it should. */
export async function writeTrouble(folder: string, trouble: AuthorityTrouble | undefined): Promise<void> {
  if (trouble) await writeSecret(troubleFile(folder), JSON.stringify(trouble));
  else await rm(troubleFile(folder), { force: true });
}

/** A file that only this user may read; undefined where there is none. Throws when it is larger than any of ours. */
export async function readSecret(path: string): Promise<string | undefined> {
  try {
    if ((await stat(path)).size > MOST_BYTES) throw new Error(`it has more than ${MOST_BYTES} bytes`);
    return await readFile(path, "utf8");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw thrown;
  }
}

/** Puts a file of mode 0600 in the place of what is there: it appears whole, and is on the disk when this resolves. One writer at a time. */
export async function writeSecret(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const part = `${path}.part`;
  await rm(part, { force: true });
  const file = await open(part, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(part, path);
  const held = await open(folder, "r");
  await held.sync().finally(() => held.close());
}

/** Throws an Error that says what is wrong with the text. */
export function parseRecord(text: string, host: string): AskedCertificate {
  const parsed: unknown = JSON.parse(text);
  if (!isObject(parsed) || parsed.host !== host) throw new Error(`it is not the record of ${host}`);
  const { current, order, failures, nextAt } = parsed;
  const isWhole =
    isCount(failures) &&
    isTime(nextAt) &&
    (current === undefined || isChain(current)) &&
    (order === undefined || (isObject(order) && areTexts(order, ["key", "authority"])));
  if (!isWhole) throw new Error("it is not whole");
  return parsed as unknown as AskedCertificate;
}

function parseTrouble(text: string): AuthorityTrouble {
  const parsed: unknown = JSON.parse(text);
  if (
    isObject(parsed) &&
    areTexts(parsed, ["authority", "reason"]) &&
    isTime(parsed.until) &&
    isCount(parsed.failures)
  )
    return parsed as unknown as AuthorityTrouble;
  throw new Error("it is not whole");
}

function isChain(value: unknown): boolean {
  return (
    isObject(value) &&
    areTexts(value, ["authority", "chain", "key"]) &&
    isTime(value.from) &&
    isTime(value.to)
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

const areTexts = (value: Readonly<Record<string, unknown>>, names: readonly string[]) =>
  names.every((name) => typeof value[name] === "string");
const isTime = (value: unknown) => typeof value === "number" && Number.isFinite(value);
const isCount = (value: unknown) => Number.isInteger(value) && (value as number) >= 0;

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw thrown;
  }
}
