import type { Shape } from "./shape.ts";

/** Tells plainly what a shape allows, for tests to hold the schemas and their compiler to. */
export function allows(
  shape: Shape,
  value: unknown,
  {
    direction = "response",
    lookUp = (name: string): Shape => {
      throw new Error(name);
    },
  }: {
    direction?: "request" | "response";
    lookUp?: (reference: string) => Shape;
  } = {},
): boolean {
  const inside = (inner: Shape, one: unknown): boolean => allows(inner, one, { direction, lookUp });
  if (typeof shape === "string") {
    if (shape.endsWith("?")) return value === null || inside(shape.slice(0, -1), value);
    return shape.startsWith("#") ? inside(lookUp(shape), value) : isScalar(shape, value);
  }
  if ("anyOf" in shape) return shape.anyOf.some((choice) => inside(choice, value));
  if ("enum" in shape) return shape.enum.includes(value as string);
  if ("is" in shape) return inside(shape.is, value) && withinLimits(shape, value);
  if (value === null) return shape.null === true;
  if ("list" in shape) {
    if (!Array.isArray(value) || value.length < (shape.minItems ?? 0)) return false;
    const texts = value.map((one) => JSON.stringify(one));
    return (
      value.every((one) => inside(shape.list, one)) && (!shape.unique || new Set(texts).size === texts.length)
    );
  }
  if (typeof value !== "object" || Array.isArray(value)) return false;
  const given = value as Record<string, unknown>;
  const names = Object.keys(given);
  if ("map" in shape) {
    const keys = shape.keys === undefined ? undefined : new RegExp(shape.keys);
    const known = names.every((name) => keys?.test(name) ?? true);
    return (
      known &&
      names.length <= (shape.maxKeys ?? Infinity) &&
      names.every((name) => inside(shape.map, given[name]))
    );
  }
  const required = shape.required ?? (direction === "response" ? Object.keys(shape.fields) : []);
  return (
    required.every((name) => Object.hasOwn(given, name)) &&
    names.every((name) => {
      const field = Object.hasOwn(shape.fields, name) ? shape.fields[name] : undefined;
      return field === undefined ? shape.open === true : inside(field, given[name]);
    })
  );
}

function withinLimits(shape: Extract<Shape, { is: unknown }>, value: unknown): boolean {
  if (typeof value === "number") return value >= (shape.minimum ?? -Infinity);
  if (typeof value !== "string") return true;
  return (
    [...value].length <= (shape.maxLength ?? Infinity) &&
    (shape.pattern === undefined || new RegExp(shape.pattern).test(value))
  );
}

/** The formats are told by examples only: what the tests make of them is one of a few texts. */
function isScalar(name: string, value: unknown): boolean {
  if (name === "any") return true;
  if (name === "integer") return Number.isInteger(value);
  if (name === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  if (name === "uuid")
    return typeof value === "string" && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value);
  if (name === "date") return typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value);
  return typeof value === name;
}
