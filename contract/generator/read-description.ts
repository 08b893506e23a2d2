import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Definition, Description, Endpoint, Variant } from "../src/shape.ts";

/** What both variants say alike, or what each of those that know it says. */
export type PerVariant<T> = { readonly both: T } | { readonly [variant in Variant]?: T };

/** The imported description of each variant, as `tools/contract-import` wrote it. */
export function readDescription(folder: string): Readonly<Record<Variant, Description>> {
  const read = <T>(name: string): Record<string, PerVariant<T>> =>
    JSON.parse(readFileSync(join(folder, name), "utf8"));
  const definitions = read<Definition>("definitions.json");
  const endpoints = read<Endpoint>("endpoints.json");
  const pick = (variant: Variant): Description => ({
    definitions: pickVariant(definitions, variant),
    endpoints: pickVariant(endpoints, variant),
  });
  return { base: pick("base"), sdk: pick("sdk") };
}

export function pickVariant<T>(
  entries: Readonly<Record<string, PerVariant<T>>>,
  variant: Variant,
): Record<string, T> {
  const picked: Record<string, T> = {};
  for (const [name, entry] of Object.entries(entries)) {
    const value = "both" in entry ? entry.both : entry[variant];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}
