import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { parse, stringify } from "smol-toml";
import { DESCRIPTORS, requireFields } from "./descriptor-fields.ts";

export type TomlTable = Record<string, unknown>;

/** Reads a TOML file; undefined when there is none. Throws an Error that names the file when it is not TOML. */
export async function readToml(path: string): Promise<TomlTable | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw thrown;
  }
  try {
    return parse(text) as TomlTable;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new Error(`${path} is not valid TOML: ${reason}`, { cause });
  }
}

/** Reads a descriptor like `readToml`, and throws with file and field when a field is not what it has to be. */
export async function readDescriptor(
  path: string,
  kind: keyof typeof DESCRIPTORS,
): Promise<TomlTable | undefined> {
  const file = await readToml(path);
  if (file) requireFields(path, file, DESCRIPTORS[kind]);
  return file;
}

/** Writes a TOML file so that nobody ever reads half of it. */
export async function writeToml(path: string, table: object): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, stringify(withoutNulls(table)));
  await rename(`${path}.new`, path);
}

/** JSON, in which labels and caches keep tables, has no numbers for nan and inf; TOML has no null. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((one) => one !== null).map(withoutNulls);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  const present = Object.entries(value).filter(([, one]) => one !== null && one !== undefined);
  return Object.fromEntries(present.map(([key, one]) => [key, withoutNulls(one)]));
}

/** A list of tables under a key, as `[[key]]` gives it; empty when there is none. */
export function tables(value: unknown): TomlTable[] {
  return Array.isArray(value) ? (value as TomlTable[]) : [];
}

export function table(value: unknown): TomlTable {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as TomlTable) : {};
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
