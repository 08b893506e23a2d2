import type { Shape } from "../src/shape.ts";
import { variants } from "../src/shape.ts";
import { mergeVariants } from "./merge-variants.ts";
import type { PerVariant } from "./read-description.ts";
import { inlined } from "./resolve-shape.ts";
import type { Descriptions } from "./resource-types.ts";
import { typeText } from "./typescript-types.ts";

/** For each route the shapes its body may have, one an operation, with every reference resolved. */
export function requestShapes(descriptions: Descriptions): Record<string, PerVariant<readonly Shape[]>> {
  const [base, sdk] = variants.map((variant) => {
    const description = descriptions[variant];
    const shapes: Record<string, readonly Shape[]> = {};
    for (const [key, { operations }] of Object.entries(description.endpoints))
      shapes[key] = distinct(
        operations.map(({ request }) => resolved(request, (one) => inlined(description, one))),
      );
    return shapes;
  });
  return mergeVariants(base ?? {}, sdk ?? {});
}

/** The TypeScript interface that maps a route's key to the type of its body. */
export function requestTypes(shapes: Readonly<Record<string, PerVariant<readonly Shape[]>>>): string {
  const typeName = (resource: string): string => {
    throw new Error(`${resource} was not resolved`);
  };
  const rows = Object.entries(shapes).map(([key, entry]) => {
    const all = "both" in entry ? entry.both : [...(entry.base ?? []), ...(entry.sdk ?? [])];
    const texts = all.map((shape) => typeText(shape, { direction: "request", typeName }, "  "));
    return `  readonly ${JSON.stringify(key)}: ${[...new Set(texts)].join(" | ")};`;
  });
  return `export interface RequestBodies {\n${rows.join("\n")}\n}\n`;
}

function resolved(request: Shape | null, inline: (shape: Shape) => Shape): Shape {
  return request === null ? { fields: {} } : inline(request);
}

function distinct(shapes: readonly Shape[]): readonly Shape[] {
  return [...new Map(shapes.map((shape) => [JSON.stringify(shape), shape])).values()];
}
