import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readRequestShapes } from "./description.ts";
import type { RouteKey } from "./generated/route-keys.ts";
import { routes } from "./generated/routes.ts";
import { createRequestValidator } from "./request-validator.ts";
import type { Shape } from "./shape.ts";
import { valuesOf } from "./shape-fixtures.ts";

const shapes = readRequestShapes();
const validate = createRequestValidator(() => shapes);
const options = {
  direction: "request" as const,
  lookUp: (reference: string): Shape => {
    throw new Error(`${reference} was not resolved`);
  },
};

/** A validator for one route of a test. */
function validatorOf(...possible: Shape[]): (body: unknown) => readonly string[] {
  const one = createRequestValidator(() => ({ "POST /apps": possible }));
  return (body) => one("POST /apps", body);
}

describe("every route", () => {
  test.each(routes.map(({ key }) => key))("%s takes every body of its shape", (key) => {
    for (const shape of shapes[key] ?? []) {
      fc.assert(
        fc.property(valuesOf(shape, options), (body) => {
          expect(validate(key, body)).toEqual([]);
        }),
        { numRuns: 10 },
      );
    }
  });

  const closed = routes.filter(({ key }) =>
    shapes[key]?.every((shape) => typeof shape !== "string" && "fields" in shape && !shape.open),
  );

  test("but for maps and what clients send back whole, tells of a field that it does not know", () => {
    for (const { key } of closed)
      expect(validate(key, { no_such_field: 1 })).toContain("The field no_such_field is not known here.");
    expect(routes.length - closed.length).toBeLessThan(8);
  });

  test("that needs a field tells when it is missing", () => {
    const needing = closed.filter(({ key }) =>
      shapes[key]?.every(
        (shape) => typeof shape !== "string" && "fields" in shape && shape.required !== undefined,
      ),
    );
    expect(needing.length).toBeGreaterThan(50);
    for (const { key } of needing) expect(validate(key, {}).join(" ")).toMatch(/The field \S+ is missing\./);
  });

  test("takes a missing body for an empty one", () => {
    for (const { key } of routes) expect(validate(key, undefined)).toEqual(validate(key, {}));
  });

  test("wants an object", () => {
    for (const { key } of routes)
      for (const body of [[], "text", 3, true])
        expect(validate(key, body)).toEqual(["The body must be an object."]);
  });
});

describe("a route that does several things", () => {
  const validateOne = validatorOf(
    { fields: { slug: "string", description: "string" }, required: ["slug"] },
    { fields: { release: "string" }, required: ["release"] },
  );

  test.each([
    [{ slug: "a" }, []],
    [{ release: "a" }, []],
    [{ release: 1 }, ["The field release must be a string."]],
    [{ release: "a", other: 1 }, ["The field other is not known here."]],
    [{ description: "a" }, ["The field slug is missing."]],
    [{}, ["The field slug is missing."]],
  ])("is judged by what the fields of %j mean", (body, problems) => {
    expect(validateOne(body)).toEqual(problems);
  });
});

describe("the cost of a body", () => {
  test("nothing is read before the first check", () => {
    let reads = 0;
    const lazy = createRequestValidator(() => {
      reads += 1;
      return { "POST /apps": [{ fields: {} }] };
    });
    expect(reads).toBe(0);
    lazy("POST /apps", {});
    lazy("POST /apps", {});
    expect(reads).toBe(1);
  });

  test("a large body gets its first problem told, a small one all", () => {
    const validateOne = validatorOf({ fields: { ids: { list: "integer" }, name: "string" } });
    const many = (count: number): unknown => ({ ids: Array.from({ length: count }, () => "x"), name: 3 });
    expect(validateOne(many(3))).toHaveLength(4);
    expect(validateOne(many(5_000))).toHaveLength(1);
  });

  test("no more than twenty problems are told", () => {
    const validateOne = validatorOf({ fields: { ids: { list: "integer" } } });
    expect(validateOne({ ids: Array.from({ length: 100 }, () => "x") })).toHaveLength(20);
  });

  test("deep nesting is no danger", () => {
    let body: unknown = 1;
    for (let depth = 0; depth < 50_000; depth += 1) body = [body];
    expect(validatorOf({ fields: { a: "any" } })({ a: body, b: 1 })).toEqual([
      "The field b is not known here.",
    ]);
  });

  test("names that every object has are unknown fields like others", () => {
    const validateOne = validatorOf({ fields: { name: "string" } });
    expect(validateOne(JSON.parse('{"constructor": 1}'))).toEqual([
      "The field constructor is not known here.",
    ]);
    expect(validateOne(JSON.parse('{"__proto__": 1}'))).toEqual(["The field __proto__ is not known here."]);
  });
});

test("a key that is no route is an error of the caller", () => {
  expect(() => validate("GET /nowhere" as RouteKey, {})).toThrow("GET /nowhere is not a route");
});
