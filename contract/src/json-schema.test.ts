import { describe, expect, test } from "vitest";
import { type JsonSchema, jsonSchemaOf } from "./json-schema.ts";
import type { Shape } from "./shape.ts";

const reference = (target: string): JsonSchema => ({ $ref: target });
const translate = (shape: Shape, direction: "request" | "response" = "response"): JsonSchema =>
  jsonSchemaOf(shape, { direction, reference });

const table: readonly (readonly [Shape, JsonSchema])[] = [
  ["string", { type: "string" }],
  ["string?", { type: ["string", "null"] }],
  ["uuid", { type: "string", format: "uuid" }],
  ["date-time?", { type: ["string", "null"], format: "date-time" }],
  ["integer?", { type: ["integer", "null"] }],
  ["any", {}],
  ["object", { type: "object" }],
  ["#app/id", { $ref: "#app/id" }],
  ["#app?", { anyOf: [{ $ref: "#app" }, { type: "null" }] }],
  [
    { is: "string?", pattern: "^a" },
    { type: ["string", "null"], pattern: "^a" },
  ],
  [{ enum: ["a", "b"] }, { type: "string", enum: ["a", "b"] }],
  [{ enum: ["a", null] }, { type: ["string", "null"], enum: ["a", null] }],
  [{ anyOf: ["string", "#app"] }, { anyOf: [{ type: "string" }, { $ref: "#app" }] }],
  [
    { list: "uuid", minItems: 1, unique: true, null: true },
    { type: ["array", "null"], items: { type: "string", format: "uuid" }, minItems: 1, uniqueItems: true },
  ],
  [{ map: "string" }, { type: "object", additionalProperties: { type: "string" } }],
  [
    { map: "string?", keys: "^\\w+$", maxKeys: 20 },
    {
      type: "object",
      patternProperties: { "^\\w+$": { type: ["string", "null"] } },
      additionalProperties: false,
      maxProperties: 20,
    },
  ],
  [{ fields: {} }, { type: "object", properties: {}, additionalProperties: false }],
  [
    { fields: { a: "string" }, required: [], open: true, null: true },
    { type: ["object", "null"], properties: { a: { type: "string" } }, additionalProperties: true },
  ],
];

describe("jsonSchemaOf", () => {
  test.each(table)("%j", (shape, schema) => {
    expect(translate(shape)).toEqual(schema);
  });

  test("an answer needs every field, a request none, unless the shape says which", () => {
    const fields = { a: "string", b: "string" } as const;
    expect(translate({ fields }, "response").required).toEqual(["a", "b"]);
    expect(translate({ fields }, "request").required).toBeUndefined();
    for (const direction of ["request", "response"] as const)
      expect(translate({ fields, required: ["b"] }, direction).required).toEqual(["b"]);
  });
});
