import type { ObjectShape, Shape } from "./shape.ts";

export type JsonSchema = Readonly<Record<string, unknown>>;

export interface TranslateOptions {
  /** Decides what an object without a list of required fields requires: all of them, or none. */
  readonly direction: "request" | "response";
  /** How a `#resource` or `#resource/part` is written. */
  readonly reference: (target: string) => JsonSchema;
}

const scalarTypes = new Set(["string", "integer", "number", "boolean", "object"]);

/** Translates a shape into a JSON schema that allows exactly what the shape allows: no field it does not list. */
export function jsonSchemaOf(shape: Shape, options: TranslateOptions): JsonSchema {
  if (typeof shape === "string") return textSchema(shape, options);
  if ("anyOf" in shape) return { anyOf: shape.anyOf.map((choice) => jsonSchemaOf(choice, options)) };
  if ("enum" in shape) return enumSchema(shape.enum);
  if ("is" in shape) {
    const { is, ...limits } = shape;
    return { ...textSchema(is, options), ...limits };
  }
  if ("list" in shape)
    return {
      type: typeOf("array", shape.null),
      items: jsonSchemaOf(shape.list, options),
      ...(shape.minItems === undefined ? {} : { minItems: shape.minItems }),
      ...(shape.unique ? { uniqueItems: true } : {}),
    };
  if ("map" in shape) {
    const values = jsonSchemaOf(shape.map, options);
    return {
      type: typeOf("object", shape.null),
      ...(shape.keys === undefined
        ? { additionalProperties: values }
        : { patternProperties: { [shape.keys]: values }, additionalProperties: false }),
      ...(shape.maxKeys === undefined ? {} : { maxProperties: shape.maxKeys }),
    };
  }
  return objectSchema(shape, options);
}

/** The types are said as well: a validator compares texts faster when it knows that they are texts. */
function enumSchema(values: readonly (string | number | null)[]): JsonSchema {
  const types = [...new Set(values.map((value) => (value === null ? "null" : typeof value)))];
  return { type: types.length === 1 ? types[0] : types, enum: values };
}

function textSchema(text: string, { reference }: TranslateOptions): JsonSchema {
  const nullable = text.endsWith("?");
  const name = nullable ? text.slice(0, -1) : text;
  if (name.startsWith("#"))
    return nullable ? { anyOf: [reference(name), { type: "null" }] } : reference(name);
  if (name === "any") return {};
  if (scalarTypes.has(name)) return { type: typeOf(name, nullable) };
  return { type: typeOf("string", nullable), format: name };
}

function objectSchema(shape: ObjectShape, options: TranslateOptions): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  for (const [name, field] of Object.entries(shape.fields)) properties[name] = jsonSchemaOf(field, options);
  const required = shape.required ?? (options.direction === "response" ? Object.keys(shape.fields) : []);
  return {
    type: typeOf("object", shape.null),
    properties,
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: shape.open ?? false,
  };
}

function typeOf(name: string, nullable: boolean | undefined): string | readonly string[] {
  return nullable ? [name, "null"] : name;
}
