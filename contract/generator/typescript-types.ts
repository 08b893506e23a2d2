import type { ObjectShape, Shape } from "../src/shape.ts";
import { referenceOf } from "./resolve-shape.ts";

export interface TypeTextOptions {
  /** Decides what an object without a list of required fields requires: all of them, or none. */
  readonly direction: "request" | "response";
  /** The name of the type of a whole resource. */
  readonly typeName: (resource: string) => string;
}

const scalarTypes: Readonly<Record<string, string>> = {
  integer: "number",
  number: "number",
  boolean: "boolean",
  object: "Readonly<Record<string, unknown>>",
  any: "unknown",
};

/** The TypeScript type of a shape in which only references to whole resources are left. */
export function typeText(shape: Shape, options: TypeTextOptions, indent = ""): string {
  if (typeof shape === "string") return scalarText(shape, options);
  if ("anyOf" in shape)
    return unique(shape.anyOf.map((choice) => typeText(choice, options, indent))).join(" | ");
  if ("enum" in shape) return shape.enum.map((value) => JSON.stringify(value)).join(" | ");
  if ("is" in shape) return scalarText(shape.is, options);
  const text = containerText(shape, options, indent);
  return shape.null ? `${text} | null` : text;
}

function containerText(
  shape: Exclude<Shape, string | { anyOf: unknown } | { enum: unknown } | { is: unknown }>,
  options: TypeTextOptions,
  indent: string,
): string {
  if ("list" in shape) return `ReadonlyArray<${typeText(shape.list, options, indent)}>`;
  if ("map" in shape) return `Readonly<Record<string, ${typeText(shape.map, options, indent)}>>`;
  return objectText(shape, options, indent);
}

/** The body of an interface. */
export function objectText(shape: ObjectShape, options: TypeTextOptions, indent: string): string {
  const inner = `${indent}  `;
  const isRequired = (name: string): boolean =>
    shape.required?.includes(name) ?? options.direction === "response";
  const rows = Object.entries(shape.fields).map(
    ([name, field]) =>
      `${inner}readonly ${propertyName(name)}${isRequired(name) ? "" : "?"}: ${typeText(field, options, inner)};`,
  );
  if (shape.open) rows.push(`${inner}readonly [field: string]: unknown;`);
  return rows.length === 0 ? "Readonly<Record<string, never>>" : `{\n${rows.join("\n")}\n${indent}}`;
}

/** `add-on-attachment` is `AddOnAttachment`. */
export function pascalCase(name: string): string {
  return name
    .split(/[-_.]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
}

function scalarText(text: string, options: TypeTextOptions): string {
  const target = referenceOf(text);
  if (target !== null) {
    if (target.part !== null) throw new Error(`${text} was not resolved`);
    const name = options.typeName(target.resource);
    return target.nullable ? `${name} | null` : name;
  }
  const nullable = text.endsWith("?");
  const name = scalarTypes[nullable ? text.slice(0, -1) : text] ?? "string";
  return nullable && name !== "unknown" ? `${name} | null` : name;
}

function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
