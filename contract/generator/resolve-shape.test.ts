import { describe, expect, test } from "vitest";
import type { Description, Shape } from "../src/shape.ts";
import { inlined, lookUp, referenceOf, withNull } from "./resolve-shape.ts";

const description: Description = {
  definitions: {
    app: {
      stability: "production",
      parts: { id: "uuid", name: "string", identity: { anyOf: ["#app/id", "#app/name"] }, "ok?": "boolean" },
      shape: { fields: { id: "#app/id", owner: "#owner?", "ok?": "#app/ok%3F" } },
      readOnly: [],
    },
    owner: { stability: "production", parts: {}, shape: { fields: { email: "email" } }, readOnly: [] },
    verbs: { stability: "production", parts: {}, shape: null, readOnly: [] },
  },
  endpoints: {},
};

describe("referenceOf", () => {
  test.each([
    ["string", null],
    ["#app", { resource: "app", part: null, nullable: false }],
    ["#app/id?", { resource: "app", part: "id", nullable: true }],
    ["#app/ok%3F", { resource: "app", part: "ok?", nullable: false }],
  ])("%s", (text, reference) => {
    expect(referenceOf(text)).toEqual(reference);
  });
});

describe("lookUp", () => {
  test.each(["#gone", "#app/gone", "#verbs"])("%s points nowhere", (reference) => {
    expect(() => lookUp(description, reference)).toThrow(`${reference} points nowhere`);
  });

  test("only references point", () => {
    expect(() => lookUp(description, "string")).toThrow("not a reference");
  });
});

describe("inlined", () => {
  const table: readonly (readonly [Shape, Shape])[] = [
    ["string?", "string?"],
    ["#app/id", "uuid"],
    ["#app/id?", "uuid?"],
    ["#app/identity", { anyOf: ["uuid", "string"] }],
    [{ list: "#app/name" }, { list: "string" }],
    [
      { map: "#app/name", keys: "^a" },
      { map: "string", keys: "^a" },
    ],
    ["#app", { fields: { id: "uuid", owner: { fields: { email: "email" }, null: true }, "ok?": "boolean" } }],
    [{ anyOf: ["#app/identity", "#app/id", "integer"] }, { anyOf: ["uuid", "string", "integer"] }],
  ];

  test.each(table)("%j", (shape, wanted) => {
    expect(inlined(description, shape)).toEqual(wanted);
  });

  test("leaves what it is told to keep", () => {
    const keepWhole = (text: string): boolean => referenceOf(text)?.part === null;
    expect(inlined(description, "#app", keepWhole)).toBe("#app");
    expect(inlined(description, { fields: { a: "#app/id", b: "#owner" } }, keepWhole)).toEqual({
      fields: { a: "uuid", b: "#owner" },
    });
  });
});

describe("withNull", () => {
  const table: readonly (readonly [Shape, Shape])[] = [
    ["string", "string?"],
    ["string?", "string?"],
    ["any", "any"],
    [
      { is: "string", maxLength: 3 },
      { is: "string?", maxLength: 3 },
    ],
    [{ enum: ["a"] }, { enum: ["a", null] }],
    [{ enum: [null] }, { enum: [null] }],
    [{ list: "string" }, { list: "string", null: true }],
    [{ anyOf: ["string"] }, { anyOf: ["string", { enum: [null] }] }],
  ];

  test.each(table)("%j", (shape, wanted) => {
    expect(withNull(shape)).toEqual(wanted);
  });
});
