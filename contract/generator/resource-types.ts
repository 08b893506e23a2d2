import type { Description, Shape, Variant } from "../src/shape.ts";
import { variants } from "../src/shape.ts";
import { inlined, referenceOf } from "./resolve-shape.ts";
import { objectText, pascalCase, typeText } from "./typescript-types.ts";

export type Descriptions = Readonly<Record<Variant, Description>>;

const isWhole = (text: string): boolean => referenceOf(text)?.part === null;

/** The names of the resources whose answer differs between the variants. */
export function differingResources(descriptions: Descriptions): ReadonlySet<string> {
  const names = Object.keys(descriptions.base.definitions).filter(
    (name) => name in descriptions.sdk.definitions,
  );
  const texts = (variant: Variant, name: string): string => {
    const shape = descriptions[variant].definitions[name]?.shape ?? null;
    return shape === null ? "" : JSON.stringify(inlined(descriptions[variant], shape));
  };
  return new Set(names.filter((name) => texts("base", name) !== texts("sdk", name)));
}

/** The name of a resource's type as a variant answers it. */
export function resourceTypeName(resource: string, variant: Variant, differing: ReadonlySet<string>): string {
  return pascalCase(resource) + (variant === "sdk" && differing.has(resource) ? "Sdk" : "");
}

/** The TypeScript of all resources: one type each, and a second one where `3.sdk` answers something else. */
export function resourceTypes(descriptions: Descriptions): { text: string; names: readonly string[] } {
  const differing = differingResources(descriptions);
  const blocks = new Map<string, string>();
  for (const variant of variants) {
    const description = descriptions[variant];
    const typeName = (resource: string): string => resourceTypeName(resource, variant, differing);
    for (const [resource, { shape }] of Object.entries(description.definitions)) {
      if (shape === null || blocks.has(typeName(resource))) continue;
      const flat = inlined(description, shape, isWhole);
      blocks.set(typeName(resource), declaration(typeName(resource), flat, typeName));
    }
  }
  const names = [...blocks.keys()].sort();
  return { text: names.map((name) => blocks.get(name)).join("\n"), names };
}

function declaration(name: string, shape: Shape, typeName: (resource: string) => string): string {
  const options = { direction: "response" as const, typeName };
  if (typeof shape !== "string" && "fields" in shape && !shape.null && Object.keys(shape.fields).length > 0)
    return `export interface ${name} ${objectText(shape, options, "")}\n`;
  return `export type ${name} = ${typeText(shape, options)};\n`;
}
