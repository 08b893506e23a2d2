import type { Shape } from "../src/shape.ts";
import { typeText } from "./typescript-types.ts";

/** The TypeScript interface that maps a route's key to the type of its body. */
export function requestTypes(shapes: Readonly<Record<string, readonly Shape[]>>): string {
  const typeName = (resource: string): string => {
    throw new Error(`${resource} was not resolved`);
  };
  const rows = Object.entries(shapes).map(([key, choices]) => {
    const texts = choices.map((shape) =>
      isEmpty(shape) ? "NoBody" : typeText(shape, { direction: "request", typeName }, "  "),
    );
    return `  readonly ${JSON.stringify(key)}: ${[...new Set(texts)].join(" | ")};`;
  });
  const noBody =
    "/** The route takes no body; an empty object is fine. */\nexport type NoBody = Readonly<Record<string, never>>;\n";
  return `${noBody}\nexport interface RequestBodies {\n${rows.join("\n")}\n}\n`;
}

function isEmpty(shape: Shape): boolean {
  return typeof shape !== "string" && "fields" in shape && Object.keys(shape.fields).length === 0;
}
