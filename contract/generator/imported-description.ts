import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pickVariant, type VariantTable } from "../src/description.ts";
import type { Definition, Description, Endpoint, Variant } from "../src/shape.ts";

/** The imported description of each variant, as `tools/contract-import` wrote it. */
export function readImported(folder: string): Readonly<Record<Variant, Description>> {
  const read = <T>(name: string): VariantTable<T> => JSON.parse(readFileSync(join(folder, name), "utf8"));
  const definitions = read<Definition>("definitions.json");
  const endpoints = read<Endpoint>("endpoints.json");
  const pick = (variant: Variant): Description => ({
    definitions: pickVariant(definitions, variant),
    endpoints: pickVariant(endpoints, variant),
  });
  return { base: pick("base"), sdk: pick("sdk") };
}
