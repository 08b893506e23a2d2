import { describe, expect, test } from "vitest";
import type { Shape } from "../src/shape.ts";
import { pascalCase, typeText } from "./typescript-types.ts";

const typeName = (resource: string): string => pascalCase(resource);

const table: readonly (readonly [Shape, string])[] = [
  ["string", "string"],
  ["uuid?", "string | null"],
  ["date-time", "string"],
  ["integer", "number"],
  ["boolean?", "boolean | null"],
  ["object", "Readonly<Record<string, unknown>>"],
  ["any", "unknown"],
  ["#add-on", "AddOn"],
  ["#add-on?", "AddOn | null"],
  [{ is: "string?", pattern: "^a" }, "string | null"],
  [{ enum: ["a", 3, null] }, '"a" | 3 | null'],
  [{ list: "string" }, "ReadonlyArray<string>"],
  [{ list: { anyOf: ["string", "integer"] }, null: true }, "ReadonlyArray<string | number> | null"],
  [{ map: "string?" }, "Readonly<Record<string, string | null>>"],
  [{ anyOf: ["string", "uuid", "integer"] }, "string | number"],
  [{ fields: {} }, "Readonly<Record<string, never>>"],
  [{ fields: { a: "string", "b-c": "integer" } }, '{\n  readonly a: string;\n  readonly "b-c": number;\n}'],
  [
    { fields: { a: { fields: { b: "string" } } }, required: [], null: true },
    "{\n  readonly a?: {\n    readonly b: string;\n  };\n} | null",
  ],
  [
    { fields: { a: "string" }, open: true },
    "{\n  readonly a: string;\n  readonly [field: string]: unknown;\n}",
  ],
];

describe("typeText", () => {
  test.each(table)("%j", (shape, text) => {
    expect(typeText(shape, { direction: "response", typeName })).toBe(text);
  });

  test("a request may leave out what it does not require", () => {
    const shape: Shape = { fields: { a: "string", b: "string" }, required: ["b"] };
    expect(typeText(shape, { direction: "request", typeName })).toBe(
      "{\n  readonly a?: string;\n  readonly b: string;\n}",
    );
  });

  test("refuses a part that was not put in", () => {
    expect(() => typeText("#app/id", { direction: "response", typeName })).toThrow(
      "#app/id was not resolved",
    );
  });
});

test.each([
  ["app", "App"],
  ["add-on-attachment", "AddOnAttachment"],
  ["sms_number", "SmsNumber"],
])("%s is the type %s", (name, type) => {
  expect(pascalCase(name)).toBe(type);
});
