import type { ObjectShape, Shape } from "../src/shape.ts";
import { variants } from "../src/shape.ts";
import { sortKeys } from "./merge-variants.ts";
import { inlined } from "./resolve-shape.ts";
import type { Descriptions } from "./resource-types.ts";

/**
 * For each route the shapes its body may have, one an operation, with every reference resolved. Requests are the same
 * in both variants: a client may use the fields of either, and must send what both demand.
 */
export function requestShapes(descriptions: Descriptions): Record<string, readonly Shape[]> {
  const merged: Record<string, readonly Shape[]> = {};
  for (const variant of variants) {
    const description = descriptions[variant];
    for (const [key, { operations }] of Object.entries(description.endpoints)) {
      const shapes = operations.map(({ request }) =>
        lenient(inlined(description, request ?? { fields: {} })),
      );
      merged[key] = mergeAll(merged[key], shapes);
    }
  }
  return sortKeys(Object.fromEntries(Object.entries(merged).map(([key, shapes]) => [key, distinct(shapes)])));
}

/** Choices between texts are one text, so that a wrong one is told by what it names and not by its form. */
export function lenient(shape: Shape): Shape {
  if (typeof shape === "string") return shape;
  if ("anyOf" in shape) return lenientChoice(shape.anyOf.map(lenient));
  if ("list" in shape) return { ...shape, list: lenient(shape.list) };
  if ("map" in shape) return { ...shape, map: lenient(shape.map) };
  if (!("fields" in shape)) return shape;
  const fields = Object.entries(shape.fields).map(([name, field]) => [name, lenient(field)] as const);
  return { ...shape, fields: Object.fromEntries(fields) };
}

function lenientChoice(choices: readonly Shape[]): Shape {
  const texts = choices.filter(isText);
  if (texts.length < 2)
    return choices.length === 1 && choices[0] !== undefined ? choices[0] : { anyOf: choices };
  const text = texts.some(allowsNull) ? "string?" : "string";
  const others = choices.filter((choice) => !isText(choice));
  return others.length === 0 ? text : { anyOf: [text, ...others] };
}

const nonTexts = new Set(["integer", "number", "boolean", "object", "any"]);

function isText(shape: Shape): boolean {
  if (typeof shape === "string") return !nonTexts.has(shape.replace("?", ""));
  if ("is" in shape) return isText(shape.is);
  return "enum" in shape && shape.enum.every((value) => typeof value === "string");
}

function allowsNull(shape: Shape): boolean {
  if (typeof shape === "string") return shape.endsWith("?");
  return "is" in shape && shape.is.endsWith("?");
}

function mergeAll(known: readonly Shape[] | undefined, more: readonly Shape[]): readonly Shape[] {
  if (known === undefined) return more;
  if (known.length !== more.length) return [...known, ...more];
  return known.map((shape, index) => merge(shape, more[index] ?? shape));
}

/** An object with the fields of both that requires what both require; the first of two shapes of another kind. */
function merge(one: Shape, other: Shape): Shape {
  if (typeof one === "string" || typeof other === "string" || !("fields" in one) || !("fields" in other))
    return one;
  const required = (one.required ?? []).filter((name) => other.required?.includes(name));
  const { required: _, ...rest } = one;
  const merged: ObjectShape = { ...rest, fields: sortKeys({ ...other.fields, ...one.fields }) };
  return required.length === 0 ? merged : { ...merged, required };
}

function distinct(shapes: readonly Shape[]): readonly Shape[] {
  return [...new Map(shapes.map((shape) => [JSON.stringify(shape), shape])).values()];
}
