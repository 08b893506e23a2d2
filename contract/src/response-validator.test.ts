import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readDescription } from "./description.ts";
import type { RouteKey } from "./generated/route-keys.ts";
import { createResponseValidator } from "./response-validator.ts";
import { type Operation, type Shape, variants } from "./shape.ts";
import { valuesOf } from "./shape-fixtures.ts";

const validate = createResponseValidator();

/** One case for each shape of an answer; many routes answer alike. */
function cases() {
  const all = variants.flatMap((variant) =>
    Object.entries(readDescription(variant).endpoints).flatMap(([key, { operations }]) =>
      operations.map((operation) => [key as RouteKey, variant, operation] as const),
    ),
  );
  const nameOf = ([, variant, { list, response }]: (typeof all)[number]): string =>
    `${variant} ${list} ${JSON.stringify(response)}`;
  return [...new Map(all.map((one) => [nameOf(one), one])).values()];
}

const lookUps = {
  base: lookUpIn("base"),
  sdk: lookUpIn("sdk"),
};

function lookUpIn(variant: "base" | "sdk"): (reference: string) => Shape {
  const { definitions } = readDescription(variant);
  return (reference) => {
    const [resource = "", part] = reference.slice(1).replaceAll("%3F", "?").split("/");
    const found = part === undefined ? definitions[resource]?.shape : definitions[resource]?.parts[part];
    if (found === undefined || found === null) throw new Error(`${reference} points nowhere`);
    return found;
  };
}

function answersOf(
  { response, list }: Operation,
  lookUp: (reference: string) => Shape,
): fc.Arbitrary<unknown> {
  if (response === null) return fc.constantFrom(undefined, {}, "");
  return valuesOf(list ? { list: response } : response, { direction: "response", lookUp });
}

describe("every answer", () => {
  test.each(cases())("of %s in %s is accepted when it has the right shape", (key, variant, operation) => {
    fc.assert(
      fc.property(answersOf(operation, lookUps[variant]), (body) => {
        expect(validate({ key, variant, status: operation.status, body })).toEqual([]);
      }),
      { numRuns: 3 },
    );
  });
});

const release = {
  addon_plan_names: [],
  app: { id: "01234567-89ab-4cde-8123-456789abcdef", name: "example" },
  artifacts: [{ id: "01234567-89ab-4cde-8123-456789abcdef", type: "oci-image" }],
  created_at: "2030-01-31T12:00:00Z",
  current: true,
  description: "Initial release",
  eligible_for_rollback: true,
  id: "01234567-89ab-4cde-8123-456789abcdef",
  output_stream_url: null,
  slug: null,
  status: "succeeded",
  updated_at: "2030-01-31T12:00:00Z",
  user: { email: "ada@example.com", id: "01234567-89ab-4cde-8123-456789abcdef" },
  version: 1,
};

const releaseKey = "GET /apps/{app}/releases/{release}";
const listKey = "GET /apps/{app}/releases";

describe("a release", () => {
  const problems = (body: unknown, variant: "base" | "sdk" = "base"): readonly string[] =>
    validate({ key: releaseKey, variant, status: 200, body });

  test("as it should be", () => {
    expect(problems(release)).toEqual([]);
    expect(problems({ ...release, oci_image: null }, "sdk")).toEqual([]);
  });

  const flaws: readonly (readonly [string, object, string])[] = [
    ["a missing field", { slug: undefined }, "The field slug is missing."],
    ["one field too many", { surprise: 1 }, "The field surprise is not known here."],
    ["a wrong type", { version: "1" }, "The field version must be a whole number."],
    ["a wrong format", { id: "one" }, "The field id must be an id (a UUID)."],
    [
      "a time without its zone",
      { created_at: "2030-01-31 12:00" },
      "The field created_at must be a time such as 2030-01-31T12:00:00Z.",
    ],
    ["null where none is allowed", { description: null }, "The field description must be a string."],
    [
      "another value than those listed",
      { status: "done" },
      'The field status must be one of "expired", "failed", "pending", "succeeded".',
    ],
    ["a flaw inside", { user: { email: "ada@example.com" } }, "The field user.id is missing."],
    ["a flaw in a list", { artifacts: [{ id: release.id }] }, "The field artifacts[0].type is missing."],
  ];

  test.each(flaws)("with %s is told", (_, flaw, problem) => {
    expect(problems(JSON.parse(JSON.stringify({ ...release, ...flaw })))).toEqual([problem]);
  });

  test("is no list, and a list is no release", () => {
    expect(problems([release])).toEqual(["The body must be an object."]);
    expect(validate({ key: listKey, variant: "base", status: 200, body: release })).toEqual([
      "The body must be a list.",
    ]);
  });

  test("in 3.sdk has its OCI image", () => {
    expect(problems(release, "sdk")).toEqual(["The field oci_image is missing."]);
  });
});

describe("the status", () => {
  test("must be one of the route's", () => {
    expect(validate({ key: releaseKey, variant: "base", status: 201, body: release })).toEqual([
      "The status is 201, and should be 200.",
    ]);
    expect(validate({ key: "POST /apps", variant: "base", status: 200, body: {} })).toEqual([
      "The status is 200, and should be 201.",
    ]);
  });

  test("may be 206 for a part of a list, and for nothing else", () => {
    expect(validate({ key: listKey, variant: "base", status: 206, body: [release] })).toEqual([]);
    expect(validate({ key: releaseKey, variant: "base", status: 206, body: release })).toEqual([
      "The status is 206, and should be 200.",
    ]);
  });

  test("202 comes without a body", () => {
    const key = "DELETE /apps/{app}/dynos";
    expect(validate({ key, variant: "base", status: 202, body: {} })).toEqual([]);
    expect(validate({ key, variant: "base", status: 202, body: { id: 1 } })).toEqual([
      "There is a body, and there should be none.",
    ]);
  });
});

describe("the variants", () => {
  const lookUp = lookUps.sdk;
  const example = (shape: Shape): unknown =>
    fc.sample(valuesOf(shape, { direction: "response", lookUp }), { numRuns: 1, seed: 1 })[0];

  test("generation is an object in the base version and a text in 3.sdk", () => {
    const app = example("#app") as object;
    const named = { ...app, generation: { id: release.id, name: "cedar" } };
    const plain = { ...app, generation: "cedar" };
    const problems = (variant: "base" | "sdk", body: unknown): readonly string[] =>
      validate({ key: "GET /apps/{app}", variant, status: 200, body });
    expect(problems("sdk", plain)).toEqual([]);
    expect(problems("sdk", named)).toEqual(["The field generation must be a string."]);
    expect(problems("base", plain)).toContain("The field generation must be an object.");
  });

  test("a route that only one of them describes is checked by that one", () => {
    const key = "POST /apps/{app}/dynos/{dyno}";
    expect(validate({ key, variant: "base", status: 201, body: { attach_url: null } })).toEqual([]);
    expect(validate({ key, variant: "sdk", status: 201, body: {} })).toEqual([
      "The field attach_url is missing.",
    ]);
  });

  test("a key that is no route is an error of the caller", () => {
    expect(() =>
      validate({ key: "GET /nowhere" as RouteKey, variant: "base", status: 200, body: {} }),
    ).toThrow("GET /nowhere is not a route");
  });
});
