import fc from "fast-check";
import { parseSync } from "oxc-parser";
import { describe, expect, test } from "vitest";
import { pickVariant } from "../src/description.ts";
import type { Shape } from "../src/shape.ts";
import { changeFields } from "./apply-supplement.ts";
import { compactJson } from "./compact-json.ts";
import { mergeVariants, sortKeys } from "./merge-variants.ts";
import { pascalCase, typeText } from "./typescript-types.ts";

const json = fc.jsonValue({ maxDepth: 4, noUnicodeString: false }) as fc.Arbitrary<unknown>;

describe("compact JSON", () => {
  test("means what it was made of, and a second printing changes nothing", () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = compactJson(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(compactJson(JSON.parse(text))).toBe(compactJson(JSON.parse(JSON.stringify(value))));
      }),
      { numRuns: 300 },
    );
  });

  test("has no line that is too long, but where one text is", () => {
    const short = fc.stringMatching(/^[a-z]{0,20}$/);
    const value = fc.letrec<{ any: unknown }>((tie) => ({
      any: fc.oneof(
        { depthSize: "medium" },
        short,
        fc.array(tie("any"), { maxLength: 20 }),
        fc.dictionary(short, tie("any")),
      ),
    })).any;
    fc.assert(
      fc.property(value, (one) => {
        for (const line of compactJson(one).split("\n")) expect(line.length).toBeLessThanOrEqual(161);
      }),
      { numRuns: 100 },
    );
  });
});

describe("the tables of two variants", () => {
  const record = fc.dictionary(
    fc.constantFrom("a", "b", "c", "both", "base"),
    fc.integer({ max: 2, min: 0 }),
    { noNullPrototype: true },
  );

  test("give each variant back what it put in, sorted", () => {
    fc.assert(
      fc.property(record, record, (base, sdk) => {
        const merged = mergeVariants(base, sdk);
        expect(pickVariant(merged, "base")).toEqual(base);
        expect(pickVariant(merged, "sdk")).toEqual(sdk);
        expect(Object.keys(merged)).toEqual(Object.keys(merged).toSorted());
        for (const [name, entry] of Object.entries(merged))
          expect("both" in entry).toBe(base[name] === sdk[name]);
      }),
    );
  });

  test("do not depend on the order of the documents", () => {
    fc.assert(
      fc.property(record, (one) => {
        const reversed = Object.fromEntries(Object.entries(one).toReversed());
        expect(JSON.stringify(sortKeys(reversed))).toBe(JSON.stringify(sortKeys(one)));
      }),
    );
  });
});

describe("changes of fields", () => {
  const names = ["a", "b", "c", "d"];
  const some = fc.subarray(names);
  const fields = some.map(
    (chosen): Record<string, Shape> => Object.fromEntries(chosen.map((name) => [name, "string"])),
  );
  const shape = fc.tuple(fields, fc.option(some)).map(([own, required]) => ({
    fields: own,
    ...(required === null ? {} : { required: required.filter((name) => name in own) }),
  }));
  const change = fc.record(
    { set: fields, remove: some, optional: some, mandatory: some },
    { requiredKeys: [] },
  );

  test.each(["request", "response"] as const)(
    "of a %s leave the fields and the duties that were asked for",
    (direction) => {
      fc.assert(
        fc.property(shape, change, (before, asked) => {
          const after = changeFields(before, asked, direction) as {
            fields: Record<string, Shape>;
            required?: string[];
          };
          const dutiesOf = (one: { fields: object; required?: readonly string[] }) =>
            one.required ?? (direction === "response" ? Object.keys(one.fields) : []);
          const duties = dutiesOf(after);
          for (const name of names) {
            const there =
              (name in before.fields || name in (asked.set ?? {})) && !asked.remove?.includes(name);
            expect(name in after.fields).toBe(there);
            const fresh = direction === "response" && !(name in before.fields) && name in (asked.set ?? {});
            const wanted =
              dutiesOf(before).includes(name) || fresh || (asked.mandatory?.includes(name) ?? false);
            expect(duties.includes(name)).toBe(there && wanted && !asked.optional?.includes(name));
          }
        }),
        { numRuns: 500 },
      );
    },
  );
});

describe("the text of a type", () => {
  const name = fc.oneof(
    fc.constantFrom("a", "ca_signed?", "with space", "1st", "class", "__proto__", 'quo"te', "new\nline"),
    fc.string(),
  );
  const shapes = fc.letrec<{ any: Shape }>((tie) => ({
    any: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom<Shape>("string?", "integer", "any?", "object", "uuid", "#app", "#app?"),
      fc
        .uniqueArray(fc.oneof(fc.string(), fc.integer(), fc.constant(null)), { minLength: 1 })
        .map((values) => ({ enum: values })),
      tie("any").map((list) => ({ list, null: true as const })),
      tie("any").map((map) => ({ map })),
      fc.array(tie("any"), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
      fc.record(
        { fields: fc.dictionary(name, tie("any"), { maxKeys: 3 }), open: fc.constant(true as const) },
        { requiredKeys: ["fields"] },
      ),
    ),
  })).any;

  test("is TypeScript, whatever the names and values", () => {
    fc.assert(
      fc.property(shapes, fc.constantFrom("request" as const, "response" as const), (shape, direction) => {
        const source = `type X = ${typeText(shape, { direction, typeName: pascalCase })};`;
        expect({ source, errors: parseSync("x.ts", source).errors }).toEqual({ source, errors: [] });
      }),
      { numRuns: 300 },
    );
  });

  test("tells an array of a choice from a choice of arrays", () => {
    const text = (shape: Shape) => typeText(shape, { direction: "response", typeName: pascalCase });
    expect(text({ list: { anyOf: ["string", "integer"] } })).toBe("ReadonlyArray<string | number>");
    expect(text({ anyOf: [{ list: "string" }, { list: "integer" }] })).toBe(
      "ReadonlyArray<string> | ReadonlyArray<number>",
    );
    expect(text({ anyOf: ["string?", "uuid?"] })).toBe("string | null");
  });
});
