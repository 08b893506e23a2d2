import { describe, expect, test } from "vitest";
import { definitionOf, type JsonSchema, reference, shapeOf } from "./schema-shapes.ts";

const shapes: readonly (readonly [string, JsonSchema, unknown])[] = [
  ["a plain text", { type: ["string"] }, "string"],
  ["a type outside a list", { type: "boolean" }, "boolean"],
  ["a text that may be null", { type: ["null", "string"] }, "string?"],
  ["a format", { type: ["string"], format: "uuid" }, "uuid"],
  ["a format with null", { type: ["string", "null"], format: "date-time" }, "date-time?"],
  ["a format that nobody knows", { type: ["string"], format: "color" }, "string"],
  ["a pattern", { type: ["string"], pattern: "^a$" }, { is: "string", pattern: "^a$" }],
  ["a longest length", { type: ["string"], maxLength: 5 }, { is: "string", maxLength: 5 }],
  ["a smallest number", { type: ["integer"], minimum: 2017 }, { is: "integer", minimum: 2017 }],
  ["a list of values, sorted", { type: ["string"], enum: ["b", "a"] }, { enum: ["a", "b"] }],
  ["values or null", { type: ["string", "null"], enum: ["b", "a"] }, { enum: ["a", "b", null] }],
  ["values with null among them", { type: ["string"], enum: [null, "a"] }, { enum: ["a", null] }],
  ["a list", { type: ["array"], items: { type: ["string"] } }, { list: "string" }],
  ["a list of anything", { type: ["array"] }, { list: "any" }],
  ["a list by its items alone", { items: { type: ["integer"] } }, { list: "integer" }],
  [
    "a list with limits",
    { type: ["array", "null"], items: { type: ["string"] }, minItems: 1, uniqueItems: true },
    { list: "string", minItems: 1, unique: true, null: true },
  ],
  [
    "an object, its fields sorted",
    { type: ["object"], properties: { b: { type: ["string"] }, a: { type: ["integer"] } } },
    { fields: { a: "integer", b: "string" } },
  ],
  [
    "an object with required fields",
    { type: ["object", "null"], properties: { a: { type: ["integer"] } }, required: ["a"] },
    { fields: { a: "integer" }, required: ["a"], null: true },
  ],
  [
    "an object that allows more",
    { type: ["object"], properties: { a: { type: ["integer"] } }, additionalProperties: true },
    { fields: { a: "integer" }, open: true },
  ],
  ["an object of any fields", { type: ["object"] }, "object"],
  ["an object of any fields, or null", { type: ["object", "null"] }, "object?"],
  ["an object of no fields", { type: ["object"], additionalProperties: false }, { fields: {} }],
  [
    "a map by the pattern of its names",
    { type: ["object"], patternProperties: { "^\\w+$": { type: ["string"] } }, maxItems: 20 },
    { map: "string", keys: "^\\w+$", maxKeys: 20 },
  ],
  [
    "a map of any names",
    { type: ["object"], additionalProperties: { type: ["boolean"] } },
    { map: "boolean" },
  ],
  ["a reference", { $ref: "#/definitions/app/definitions/id" }, "#app/id"],
  ["a reference that may be null", { $ref: "#/definitions/app", type: ["object", "null"] }, "#app?"],
  [
    "a choice",
    { anyOf: [{ $ref: "#/definitions/app/definitions/id" }, { type: ["string"] }] },
    { anyOf: ["#app/id", "string"] },
  ],
  ["a choice of exactly one", { oneOf: [{ type: ["string"] }] }, { anyOf: ["string"] }],
  ["nothing said", {}, "any"],
];

describe("shapeOf", () => {
  test.each(shapes)("translates %s", (_, schema, shape) => {
    expect(shapeOf(schema)).toEqual(shape);
  });

  test("refuses two types at once, which the notation has no word for", () => {
    expect(() => shapeOf({ type: ["string", "integer"] })).toThrow("more than one type");
  });
});

describe("reference", () => {
  test.each([
    ["#/definitions/app", "#app"],
    ["#/definitions/app/definitions/id", "#app/id"],
    ["#/definitions/pipeline/definitions/owner/definitions/id", "#pipeline/owner.id"],
    ["#/definitions/sni-endpoint/definitions/ca_signed?", "#sni-endpoint/ca_signed%3F"],
  ])("%s is %s", (pointer, short) => {
    expect(reference(pointer)).toBe(short);
  });
});

describe("definitionOf", () => {
  test("keeps parts, deeper ones under dotted names, and which of them only the server sets", () => {
    const definition = definitionOf({
      stability: "prototype",
      definitions: {
        owner: {
          type: ["object"],
          properties: { id: { $ref: "#/definitions/x/definitions/owner/definitions/id" } },
          definitions: { id: { type: ["string"], format: "uuid", readOnly: true } },
        },
        name: { type: ["string"], readOnly: false },
      },
      properties: { name: { $ref: "#/definitions/x/definitions/name" } },
    });
    expect(definition).toEqual({
      stability: "prototype",
      parts: { name: "string", owner: { fields: { id: "#x/owner.id" } }, "owner.id": "uuid" },
      shape: { fields: { name: "#x/name" } },
      readOnly: ["owner.id"],
    });
  });

  test("has no shape when there are only operations", () => {
    expect(definitionOf({ type: ["object"] })).toEqual({
      stability: "production",
      parts: {},
      shape: null,
      readOnly: [],
    });
  });

  test("prefers its own fields over a reference beside them", () => {
    const definition = definitionOf({
      $ref: "#/definitions/release",
      type: ["object"],
      properties: { id: { type: ["string"] } },
    });
    expect(definition.shape).toEqual({ fields: { id: "string" } });
  });

  test("is another resource when it only refers to it", () => {
    expect(definitionOf({ $ref: "#/definitions/release" }).shape).toBe("#release");
  });
});
