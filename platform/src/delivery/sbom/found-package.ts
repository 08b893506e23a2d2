import type { Component } from "./component.ts";
import { nameIn } from "./package-url.ts";

/** A package that a lock file names, before it is known which file that was. */
export type Found = Omit<Component, "from">;

const LONGEST = 512;

/** The package, in a list; nothing when its name or version cannot be one. */
export function found(
  type: string,
  name: string,
  version: string,
  more: Partial<Pick<Component, "license" | "hash" | "development" | "qualifiers">>,
): readonly Found[] {
  const isPlain = (text: string) => text !== "" && text.length <= LONGEST && !/[\s\p{Cc}]/u.test(text);
  if (!isPlain(name) || !isPlain(version)) return [];
  return [{ development: false, ...more, type, name: nameIn(type, name), version }];
}

const ALGORITHMS = { sha1: "SHA-1", sha256: "SHA-256", sha512: "SHA-512" } as const;

/** Of Subresource Integrity's form, `sha512-<base64>`; the first of a known algorithm. */
export function hashOf(integrity: unknown): Pick<Component, "hash"> {
  const [, name = "", text = ""] =
    /(sha1|sha256|sha512)-([A-Za-z0-9+/]+={0,2})/.exec(String(integrity ?? "")) ?? [];
  const algorithm = ALGORITHMS[name as keyof typeof ALGORITHMS];
  if (!algorithm) return {};
  return { hash: { algorithm, hex: Buffer.from(text, "base64").toString("hex") } };
}

/** The object a JSON text holds. Throws for anything else; the parser's own words may quote the file, so they are left out. */
export function jsonObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error("it is not JSON");
  }
  const object = objectOf(value);
  if (!object) throw new Error("it is no JSON object");
  return object;
}

export function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
}

export function listOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  const all: readonly unknown[] = Array.isArray(value) ? value : [];
  return all.map(objectOf).filter((one) => one !== undefined);
}
