import { describe, expect, test } from "vitest";
import { jsonSchemaOf } from "./json-schema.ts";
import { problemsOf } from "./problems.ts";
import { makeAjv } from "./request-validator.ts";
import type { Shape } from "./shape.ts";

function problems(shape: Shape, value: unknown): readonly string[] {
  const reference = (target: string): never => {
    throw new Error(target);
  };
  const validate = makeAjv(true).compile(jsonSchemaOf(shape, { direction: "response", reference }));
  validate(value);
  return problemsOf(validate.errors ?? []);
}

const one = (shape: Shape): Shape => ({ fields: { a: shape } });

const sentences: readonly (readonly [Shape, unknown, readonly string[]])[] = [
  [one("string"), { a: "x" }, []],
  [one("string"), {}, ["The field a is missing."]],
  [one("string"), { a: "x", b: 1 }, ["The field b is not known here."]],
  [one("string"), { a: 1 }, ["The field a must be a string."]],
  [one("string?"), { a: 1 }, ["The field a must be a string or null."]],
  [one("integer"), { a: 1.5 }, ["The field a must be a whole number."]],
  [one("number"), { a: "1" }, ["The field a must be a number."]],
  [one("boolean"), { a: "true" }, ["The field a must be true or false."]],
  [one("object"), { a: [] }, ["The field a must be an object."]],
  [one({ list: "string" }), { a: {} }, ["The field a must be a list."]],
  [one({ list: "string" }), { a: ["x", 1] }, ["The field a[1] must be a string."]],
  [one({ list: "string", minItems: 1 }), { a: [] }, ["The field a must hold at least 1 item."]],
  [one({ list: "string", unique: true }), { a: ["x", "x"] }, ["The field a holds the same item twice."]],
  [one("uuid"), { a: "x" }, ["The field a must be an id (a UUID)."]],
  [one("date-time"), { a: "x" }, ["The field a must be a time such as 2030-01-31T12:00:00Z."]],
  [one("date"), { a: "x" }, ["The field a must be a date such as 2030-01-31."]],
  [one("uri"), { a: "x y" }, ["The field a must be a URL."]],
  [one("email"), { a: "x" }, ["The field a must be an e-mail address."]],
  [one("ipv4"), { a: "x" }, ["The field a must be an IPv4 address."]],
  [one({ enum: ["x", "y"] }), { a: "z" }, ['The field a must be one of "x", "y".']],
  [one({ enum: ["x", null] }), { a: 3 }, ['The field a must be one of "x", null.']],
  [one({ is: "string", pattern: "^[a-z]+$" }), { a: "A" }, ["The field a must be of the form ^[a-z]+$."]],
  [one({ is: "string", maxLength: 2 }), { a: "xyz" }, ["The field a must be no longer than 2 characters."]],
  [one({ is: "integer", minimum: 3 }), { a: 2 }, ["The field a must be 3 or more."]],
  [
    one({ map: "string", maxKeys: 1 }),
    { a: { x: "", y: "" } },
    ["The field a must hold no more than 1 entry."],
  ],
  [one({ map: "string", keys: "^x" }), { a: { y: "" } }, ["The field a.y is not known here."]],
  [one({ anyOf: ["string", "integer"] }), { a: true }, ["The field a must be a string or a whole number."]],
  [
    one({ anyOf: ["integer", { fields: { id: "string" } }] }),
    { a: { id: 1 } },
    ["The field a.id must be a string."],
  ],
  [
    one({ anyOf: ["integer", { fields: { id: "string" } }] }),
    { a: "x" },
    ["The field a must be a whole number or an object."],
  ],
  [{ list: one("string") }, [{}], ["The field [0].a is missing."]],
  [{ list: "string" }, {}, ["The body must be a list."]],
  [
    one({ fields: { "b/c": "string", "d~e": "string" } }),
    { a: {} },
    ["The field a.b/c is missing.", "The field a.d~e is missing."],
  ],
];

describe("problemsOf", () => {
  test.each(sentences)("%j and %j", (shape, value, wanted) => {
    expect(problems(shape, value)).toEqual(wanted);
  });

  test("tells all problems, each once", () => {
    const shape: Shape = { fields: { a: "string", b: { list: "integer" } } };
    expect(problems(shape, { a: 1, b: ["x", "y"], c: 1 })).toEqual([
      "The field c is not known here.",
      "The field a must be a string.",
      "The field b[0] must be a whole number.",
      "The field b[1] must be a whole number.",
    ]);
  });
});
