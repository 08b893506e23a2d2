import fc from "fast-check";
import type { ObjectShape, Shape } from "./shape.ts";

/** How a test makes values of a shape. */
export interface ValueOptions {
  readonly direction: "request" | "response";
  /** What a reference points at, as far as the test goes into it. */
  readonly lookUp: (reference: string) => Shape;
}

const scalars: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  any: fc.jsonValue(),
  boolean: fc.boolean(),
  date: fc.constantFrom("2030-01-31", "1999-12-01"),
  "date-time": fc.constantFrom("2030-01-31T12:00:00Z", "1999-12-01T23:59:59Z"),
  email: fc.constantFrom("ada@example.com", "grace.hopper@example.org"),
  integer: fc.integer(),
  ipv4: fc.constantFrom("192.0.2.1", "10.0.0.255"),
  number: fc.double({ noNaN: true, noDefaultInfinity: true }),
  object: fc.dictionary(fc.constantFrom("a", "b"), fc.integer()),
  string: fc.string(),
  uri: fc.constantFrom("https://example.com/", "http://localhost:8080/a?b=c"),
  uuid: fc.uuid(),
};

/** Arbitrary values that the shape allows. */
export function valuesOf(shape: Shape, options: ValueOptions): fc.Arbitrary<unknown> {
  if (typeof shape === "string") return textValues(shape, options);
  if ("anyOf" in shape) return fc.oneof(...shape.anyOf.map((choice) => valuesOf(choice, options)));
  if ("enum" in shape) return fc.constantFrom(...shape.enum);
  if ("is" in shape) {
    if (shape.pattern !== undefined) return matching(shape.pattern, shape.is);
    if (shape.minimum !== undefined) return fc.integer({ min: shape.minimum });
    if (shape.maxLength !== undefined) return fc.string({ maxLength: shape.maxLength });
    return textValues(shape.is, options);
  }
  const values = containerValues(shape, options);
  return shape.null ? fc.option(values) : values;
}

/** Patterns that look ahead are those of names; a format says more than the pattern beside it. */
function matching(pattern: string, is: string): fc.Arbitrary<unknown> {
  const format = is.replace("?", "");
  const values = format === "string" ? undefined : scalars[format];
  if (values !== undefined) return values.filter((value) => new RegExp(pattern).test(String(value)));
  if (pattern.includes("(?!")) return fc.constantFrom("example", "my-example-2");
  return fc.stringMatching(new RegExp(pattern));
}

function textValues(text: string, options: ValueOptions): fc.Arbitrary<unknown> {
  const nullable = text.endsWith("?");
  const name = nullable ? text.slice(0, -1) : text;
  const values = name.startsWith("#") ? valuesOf(options.lookUp(name), options) : scalars[name];
  if (values === undefined) throw new Error(`no values for ${text}`);
  return nullable ? fc.option(values) : values;
}

function containerValues(
  shape: Extract<Shape, { list: unknown } | { map: unknown } | { fields: unknown }>,
  options: ValueOptions,
): fc.Arbitrary<unknown> {
  if ("list" in shape) {
    const limits = { minLength: shape.minItems ?? 0, maxLength: Math.max(2, shape.minItems ?? 0) };
    const item = valuesOf(shape.list, options);
    return shape.unique ? fc.uniqueArray(item, limits) : fc.array(item, limits);
  }
  if ("map" in shape) {
    const keys =
      shape.keys === undefined ? fc.constantFrom("a", "b") : fc.stringMatching(new RegExp(shape.keys));
    const safeKeys = keys.filter((key) => key !== "__proto__");
    return fc.dictionary(safeKeys, valuesOf(shape.map, options), {
      maxKeys: Math.min(2, shape.maxKeys ?? 2),
    });
  }
  return objectValues(shape, options);
}

function objectValues(shape: ObjectShape, options: ValueOptions): fc.Arbitrary<unknown> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {};
  for (const [name, field] of Object.entries(shape.fields)) fields[name] = valuesOf(field, options);
  const requiredKeys = shape.required ?? (options.direction === "response" ? Object.keys(fields) : []);
  return fc.record(fields, { requiredKeys: [...requiredKeys], noNullPrototype: true });
}
