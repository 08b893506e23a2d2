import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lenient } from "../generator/request-shapes.ts";
import { inlined, withNull } from "../generator/resolve-shape.ts";
import { readDescription } from "./description.ts";
import { jsonSchemaOf } from "./json-schema.ts";
import { problemsOf } from "./problems.ts";
import { createRequestValidator, makeAjv } from "./request-validator.ts";
import { type ObjectShape, type Shape, variants } from "./shape.ts";
import { valuesOf } from "./shape-fixtures.ts";
import { allows } from "./shape-model-fixtures.ts";
import { validateRequest } from "./validation.ts";

const names = fc.constantFrom(
  "a",
  "b",
  "odd.name",
  "with space",
  "constructor",
  "toString",
  "a/b",
  "~c",
  "ca_signed?",
);
const nullable = fc.constantFrom<{ null?: true }>({}, { null: true });
const enumValue = fc.constantFrom<string | number | null>("x", "y", 1, null);

/** Arbitrary shapes, three levels deep. */
const shapes = fc.letrec<{ any: Shape; object: ObjectShape }>((tie) => ({
  object: fc
    .record({
      fields: fc.dictionary(names, tie("any"), { maxKeys: 3, noNullPrototype: true }),
      null: nullable,
      open: fc.boolean(),
      chosen: fc.option(fc.array(fc.boolean(), { maxLength: 3 })),
    })
    .map(({ fields, chosen, open, null: orNull }) => ({
      fields,
      ...(chosen === null ? {} : { required: Object.keys(fields).filter((_, i) => chosen[i]) }),
      ...(open ? { open: true as const } : {}),
      ...orNull,
    })),
  any: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom<Shape>(
      "string",
      "string?",
      "integer",
      "number?",
      "boolean",
      "boolean?",
      "object",
      "any",
      "uuid",
      "date?",
    ),
    fc.uniqueArray(enumValue, { minLength: 1 }).map((values) => ({ enum: values })),
    fc.constantFrom<Shape>(
      { is: "string", pattern: "^a*$" },
      { is: "string?", maxLength: 2 },
      { is: "integer", minimum: 1 },
    ),
    fc
      .record({ list: tie("any"), minItems: fc.constantFrom(0, 1, 2), unique: fc.boolean(), null: nullable })
      .map(({ list, minItems, unique, null: orNull }) => ({
        list,
        minItems,
        ...(unique ? { unique: true as const } : {}),
        ...orNull,
      })),
    fc
      .record({
        map: tie("any"),
        limits: fc.constantFrom<object>({}, { keys: "^[a-c]$" }, { maxKeys: 1 }),
        null: nullable,
      })
      .map(({ map, limits, null: orNull }) => ({ map, ...limits, ...orNull })),
    fc.array(tie("any"), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
    tie("object"),
  ),
}));

/** Values that are often nearly what some shape allows. */
const bodies = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<unknown>(
      "x",
      "y",
      "",
      "aa",
      "😀😀",
      0,
      1,
      -1,
      1.5,
      true,
      null,
      "2030-01-31",
      "01234567-89ab-4cde-8123-456789abcdef",
    ),
    fc.array(tie("any"), { maxLength: 3 }),
    fc
      .dictionary(fc.oneof(names, fc.constant("__proto__")), tie("any"), { maxKeys: 3 })
      .map((one) => JSON.parse(JSON.stringify(one))),
  ),
})).any;

const ajv = makeAjv(true);
const noReference = (target: string): never => {
  throw new Error(target);
};
function problems(
  shape: Shape,
  value: unknown,
  direction: "request" | "response" = "response",
): readonly string[] {
  const validate = ajv.compile(jsonSchemaOf(shape, { direction, reference: noReference }));
  return validate(value) ? [] : problemsOf(validate.errors ?? []);
}

describe("any shape", () => {
  test.each(["request", "response"] as const)(
    "has a schema of a %s that takes exactly what it allows",
    (direction) => {
      fc.assert(
        fc.property(shapes.any, bodies, (shape, body) => {
          expect(problems(shape, body, direction).length === 0).toBe(allows(shape, body, { direction }));
        }),
        { numRuns: 150 },
      );
    },
  );

  test("takes the values that are made for it, and so does the model", () => {
    const options = { direction: "response" as const, lookUp: noReference };
    // Two items that differ only by a field that is undefined are one in JSON.
    const valued = shapes.any.filter((shape) => !JSON.stringify(shape).includes('"unique"'));
    const pairs = valued.chain((shape) => fc.tuple(fc.constant(shape), valuesOf(shape, options)));
    fc.assert(
      fc.property(pairs, ([shape, value]) => {
        const sent = JSON.parse(JSON.stringify(value));
        expect({ problems: problems(shape, sent), allowed: allows(shape, sent) }).toEqual({
          problems: [],
          allowed: true,
        });
      }),
      { numRuns: 150 },
    );
  });

  test("tells of each problem in a whole sentence that names the place", () => {
    fc.assert(
      fc.property(shapes.any, bodies, (shape, body) => {
        for (const sentence of problems(shape, body)) {
          expect(sentence).toMatch(
            /^(The body|The field .+) (must \S.*|is missing|is not known here|holds the same item twice)\.$/s,
          );
          expect(sentence).not.toMatch(/undefined|must \.|be valid \(| or \./);
        }
      }),
      { numRuns: 150 },
    );
  });

  test("is allowed more, never less, once choices between texts are one text", () => {
    fc.assert(
      fc.property(shapes.any, bodies, (shape, body) => {
        const wider = lenient(shape);
        if (allows(shape, body)) expect(allows(wider, body)).toBe(true);
        expect(lenient(wider)).toEqual(wider);
      }),
      { numRuns: 150 },
    );
  });

  test("takes null and nothing else besides when null is added", () => {
    fc.assert(
      fc.property(shapes.any, bodies, (shape, body) => {
        expect(allows(withNull(shape), body)).toBe(body === null || allows(shape, body));
        expect(problems(withNull(shape), null)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  test("means the same when what it refers to is put in its place", () => {
    const parts = { name: "string", list: { list: "#thing/name" }, none: "integer?" } satisfies Record<
      string,
      Shape
    >;
    const referring = fc.constantFrom<Shape>(
      "#thing",
      "#thing?",
      "#thing/name?",
      "#thing/list",
      { anyOf: ["#thing/none", "#thing"] },
      { map: "#thing/list" },
    );
    fc.assert(
      fc.property(shapes.object, referring, bodies, (own, shape, body) => {
        const description = {
          definitions: { thing: { stability: "", parts, shape: own, readOnly: [] } },
          endpoints: {},
        };
        const lookUp = (reference: string): Shape => {
          const part = reference.split("/")[1] as keyof typeof parts | undefined;
          return part === undefined ? own : parts[part];
        };
        const whole = inlined(description, shape);
        expect(JSON.stringify(whole)).not.toContain("#thing");
        expect(allows(whole, body)).toBe(allows(shape, body, { lookUp }));
      }),
      { numRuns: 100 },
    );
  });
});

test("items are the same when they say the same, whatever the order of their fields and the names of them", () => {
  const shape: Shape = { list: "any", unique: true };
  const twice = ["The body holds the same item twice."];
  expect(
    problems(shape, [
      { a: 1, b: [{}] },
      { b: [{}], a: 1 },
    ]),
  ).toEqual(twice);
  expect(
    problems(shape, [{}, { toString: "x" }, { valueOf: 1 }, [], ["a"], "a", null, "null", 0, false]),
  ).toEqual([]);
  expect(problems(shape, [{ a: 1 }, [{ "a:": 1 }]])).toEqual([]);
  expect(problems(shape, [1, 1.0])).toEqual(twice);
  const many = Array.from({ length: 20_000 }, (_, i) => ({ i }));
  const started = performance.now();
  expect(problems(shape, many)).toEqual([]);
  expect(performance.now() - started).toBeLessThan(2000);
});

describe("a request", () => {
  test("is never read through the prototype", () => {
    const validate = createRequestValidator(() => ({
      "POST /apps": [{ fields: { name: "string" }, required: ["name"] }],
    }));
    const check = (text: string) => validate("POST /apps", JSON.parse(text));
    expect(check('{"__proto__":{"name":"x"}}')).toEqual([
      "The field name is missing.",
      "The field __proto__ is not known here.",
    ]);
    for (const name of ["constructor", "toString", "hasOwnProperty"])
      expect(check(`{"name":"x","${name}":1}`)).toEqual([`The field ${name} is not known here.`]);
  });

  /** Each body that the documents of a variant allow, as they stand, must pass: clients are made from either. */
  test.each(variants)("that the documents of %s allow passes", (variant) => {
    const description = readDescription(variant);
    for (const [key, { operations }] of Object.entries(description.endpoints)) {
      for (const { request } of operations) {
        if (request === null) continue;
        const values = valuesOf(inlined(description, request), { direction: "request", lookUp: noReference });
        for (const body of fc.sample(values, { numRuns: 6, seed: 11 }))
          expect({ key, body, problems: validateRequest(key as never, variant, body) }).toEqual({
            key,
            body,
            problems: [],
          });
      }
    }
  });
});
