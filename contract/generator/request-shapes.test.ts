import { describe, expect, test } from "vitest";
import type { Description, Shape } from "../src/shape.ts";
import { lenient, requestShapes } from "./request-shapes.ts";

function describing(...requests: readonly (Shape | null)[]): Description {
  const operation = { resource: "ship", rel: "create", status: 201, list: false, response: "#ship" };
  return {
    definitions: { ship: { stability: "production", parts: { name: "string" }, shape: null, readOnly: [] } },
    endpoints: {
      "POST /ships": {
        method: "POST",
        path: "/ships",
        params: {},
        operations: requests.map((request) => ({ ...operation, request })),
      },
    },
  };
}

function merged(
  base: readonly (Shape | null)[],
  sdk: readonly (Shape | null)[],
): readonly Shape[] | undefined {
  return requestShapes({ base: describing(...base), sdk: describing(...sdk) })["POST /ships"];
}

describe("requestShapes", () => {
  test("a route that takes nothing takes an empty object", () => {
    expect(merged([null], [null])).toEqual([{ fields: {} }]);
  });

  test("resolves references", () => {
    const request: Shape = { fields: { name: "#ship/name" } };
    expect(merged([request], [request])).toEqual([{ fields: { name: "string" } }]);
  });

  test("has the fields of both variants, and demands what both demand", () => {
    const base: Shape = { fields: { a: "string", b: "string" }, required: ["a", "b"] };
    const sdk: Shape = { fields: { b: "string", c: "string" }, required: ["b", "c"] };
    expect(merged([base], [sdk])).toEqual([
      { fields: { a: "string", b: "string", c: "string" }, required: ["b"] },
    ]);
  });

  test("keeps operations apart, and merges each with its own like", () => {
    const create: Shape = { fields: { slug: "string" }, required: ["slug"] };
    const easier: Shape = { fields: { slug: "string" } };
    const rollback: Shape = { fields: { release: "string" }, required: ["release"] };
    expect(merged([create, rollback], [easier, rollback])).toEqual([easier, rollback]);
  });

  test("takes either when one variant does more", () => {
    const one: Shape = { fields: { a: "string" } };
    const other: Shape = { fields: { b: "string" } };
    expect(merged([one], [one, other])).toEqual([one, other]);
  });
});

describe("lenient", () => {
  const table: readonly (readonly [Shape, Shape])[] = [
    [{ anyOf: ["uuid", { is: "string", pattern: "^a" }] }, "string"],
    [{ anyOf: ["email", "uuid", { enum: ["~"] }] }, "string"],
    [{ anyOf: ["uuid?", "string"] }, "string?"],
    [{ anyOf: ["uuid", "string", "integer"] }, { anyOf: ["string", "integer"] }],
    [{ anyOf: ["uuid"] }, "uuid"],
    [{ anyOf: ["integer", "uuid"] }, { anyOf: ["integer", "uuid"] }],
    [{ list: { anyOf: ["uuid", "string"] } }, { list: "string" }],
    [{ map: { anyOf: ["uuid", "string"] } }, { map: "string" }],
    [{ fields: { a: { anyOf: ["uuid", "string"] } } }, { fields: { a: "string" } }],
    ["uuid", "uuid"],
    [{ enum: ["a", "b"] }, { enum: ["a", "b"] }],
  ];

  test.each(table)("%j", (shape, wanted) => {
    expect(lenient(shape)).toEqual(wanted);
  });
});
