import { sortKeys } from "../../contract/generator/merge-variants.ts";
import type { Definition, ObjectShape, Shape } from "../../contract/src/shape.ts";

/** As much of JSON schema (draft 4, Heroku's dialect) as the documents use. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly enum?: readonly (string | number | null)[];
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly minItems?: number;
  readonly uniqueItems?: boolean;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly required?: readonly string[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
  readonly readOnly?: boolean;
  readonly stability?: string;
}

const formats = new Set(["uuid", "date-time", "date", "uri", "email", "ipv4"]);

/** Translates a schema into a shape. Throws on anything the notation has no word for. */
export function shapeOf(schema: JsonSchema): Shape {
  const nullable = typesOf(schema).includes("null");
  if (schema.$ref !== undefined) return reference(schema.$ref) + (nullable ? "?" : "");
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return { anyOf: choices.map(shapeOf) };
  if (schema.enum !== undefined) return enumShape(schema.enum, nullable);
  const types = typesOf(schema).filter((type) => type !== "null");
  if (types.length > 1) throw new Error(`more than one type: ${JSON.stringify(schema)}`);
  const type = types[0] ?? impliedType(schema);
  if (type === "array") return listShape(schema, nullable);
  if (type === "object") return objectShape(schema, nullable);
  return scalarShape(schema, type, nullable);
}

/** `#/definitions/app/definitions/id` is `#app/id`; deeper parts are joined with dots, and a question mark is `%3F`. */
export function reference(pointer: string): string {
  const steps = pointer.replace(/^#\/definitions\//, "").split("/definitions/");
  const [resource, ...part] = steps.map((step) => step.replaceAll("?", "%3F"));
  return part.length === 0 ? `#${resource}` : `#${resource}/${part.join(".")}`;
}

/** Translates a top-level definition: parts, own shape, and which parts only the server sets. */
export function definitionOf(schema: JsonSchema): Definition {
  const parts: Record<string, Shape> = {};
  const readOnly: string[] = [];
  collectParts(schema.definitions ?? {}, "", parts, readOnly);
  return {
    stability: schema.stability ?? "production",
    parts: sortKeys(parts),
    shape: ownShape(schema),
    readOnly: readOnly.sort(),
  };
}

function collectParts(
  definitions: Readonly<Record<string, JsonSchema>>,
  prefix: string,
  parts: Record<string, Shape>,
  readOnly: string[],
): void {
  for (const [name, schema] of Object.entries(definitions)) {
    parts[prefix + name] = shapeOf(schema);
    if (schema.readOnly === true) readOnly.push(prefix + name);
    collectParts(schema.definitions ?? {}, `${prefix}${name}.`, parts, readOnly);
  }
}

function ownShape(schema: JsonSchema): Shape | null {
  if (schema.$ref !== undefined && schema.properties === undefined) return reference(schema.$ref);
  if (schema.properties === undefined && schema.patternProperties === undefined) return null;
  const { $ref: _, ...rest } = schema;
  return shapeOf(rest);
}

function typesOf(schema: JsonSchema): readonly string[] {
  if (schema.type === undefined) return [];
  return typeof schema.type === "string" ? [schema.type] : schema.type;
}

function impliedType(schema: JsonSchema): string {
  if (schema.items !== undefined) return "array";
  if (schema.properties !== undefined || schema.patternProperties !== undefined) return "object";
  return "any";
}

function enumShape(values: readonly (string | number | null)[], nullable: boolean): Shape {
  const texts = values.filter((value) => value !== null).sort();
  return { enum: nullable || values.includes(null) ? [...texts, null] : texts };
}

function listShape(schema: JsonSchema, nullable: boolean): Shape {
  return {
    list: schema.items === undefined ? "any" : shapeOf(schema.items),
    ...(schema.minItems === undefined ? {} : { minItems: schema.minItems }),
    ...(schema.uniqueItems === true ? { unique: true as const } : {}),
    ...nullMark(nullable),
  };
}

function objectShape(schema: JsonSchema, nullable: boolean): Shape {
  const patterns = Object.entries(schema.patternProperties ?? {});
  const [first] = patterns;
  if (first !== undefined && schema.properties === undefined) {
    const maxKeys = schema.maxProperties ?? schema.maxItems;
    return {
      map: shapeOf(first[1]),
      keys: first[0],
      ...(maxKeys === undefined ? {} : { maxKeys }),
      ...nullMark(nullable),
    };
  }
  if (schema.properties === undefined) {
    if (typeof schema.additionalProperties === "object")
      return { map: shapeOf(schema.additionalProperties), ...nullMark(nullable) };
    if (schema.additionalProperties === false) return { fields: {}, ...nullMark(nullable) };
    return nullable ? "object?" : "object";
  }
  return fieldsShape(schema, nullable);
}

function fieldsShape(schema: JsonSchema, nullable: boolean): ObjectShape {
  const fields: Record<string, Shape> = {};
  for (const [name, property] of Object.entries(schema.properties ?? {})) fields[name] = shapeOf(property);
  return {
    fields: sortKeys(fields),
    ...(schema.required === undefined ? {} : { required: [...schema.required].sort() }),
    ...(schema.additionalProperties === true ? { open: true as const } : {}),
    ...nullMark(nullable),
  };
}

function scalarShape(schema: JsonSchema, type: string, nullable: boolean): Shape {
  const format = schema.format !== undefined && formats.has(schema.format) ? schema.format : type;
  const is = nullable ? `${format}?` : format;
  const { pattern, maxLength, minimum } = schema;
  if (pattern === undefined && maxLength === undefined && minimum === undefined) return is;
  return {
    is,
    ...(pattern === undefined ? {} : { pattern }),
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(minimum === undefined ? {} : { minimum }),
  };
}

function nullMark(nullable: boolean): { null?: true } {
  return nullable ? { null: true } : {};
}
