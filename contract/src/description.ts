import { readFileSync } from "node:fs";
import type { Definition, Description, Endpoint, Shape, Variant } from "./shape.ts";

/** What both variants say alike, or what each of those that know it says. */
export type PerVariant<T> = { readonly both: T } | { readonly [variant in Variant]?: T };

export type VariantTable<T> = Readonly<Record<string, PerVariant<T>>>;

/** The entries that a variant knows. */
export function pickVariant<T>(table: VariantTable<T>, variant: Variant): Record<string, T> {
  const picked: Record<string, T> = {};
  for (const [name, entry] of Object.entries(table)) {
    const value = "both" in entry ? entry.both : entry[variant];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}

/** The whole API of a variant, corrected and completed, as the generator left it. Reads a file at each call. */
export function readDescription(variant: Variant): Description {
  const { definitions, endpoints } = readGenerated<{
    readonly definitions: VariantTable<Definition>;
    readonly endpoints: VariantTable<Endpoint>;
  }>("description.json");
  return { definitions: pickVariant(definitions, variant), endpoints: pickVariant(endpoints, variant) };
}

/** For each route the shapes that its body may have. Reads a file at each call. */
export function readRequestShapes(): Readonly<Record<string, readonly Shape[]>> {
  return readGenerated<{ readonly requests: Record<string, readonly Shape[]> }>("requests.json").requests;
}

function readGenerated<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`generated/${name}`, import.meta.url), "utf8"));
}

/** Makes a value at the first call and gives the same one at every other. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
