import { describe, expect, test } from "vitest";
import { readDescription } from "./description.ts";
import { hyperSchema } from "./hyper-schema.ts";
import { variants } from "./shape.ts";

interface Link {
  readonly title: string;
  readonly description: string;
  readonly href: string;
  readonly method: string;
  readonly rel: string;
  readonly schema?: object;
  readonly targetSchema?: object;
}

interface Resource {
  readonly description: string;
  readonly definitions: Readonly<Record<string, object>>;
  readonly links: readonly Link[];
  readonly properties?: object;
}

interface Document {
  readonly description: string;
  readonly definitions: Readonly<Record<string, Resource>>;
  readonly properties: Readonly<Record<string, object>>;
}

/** What a pointer such as `#/definitions/app/definitions/id` means in the document. */
function resolve(document: unknown, pointer: string): unknown {
  return pointer
    .split("/")
    .slice(1)
    .reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], document);
}

function references(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (typeof value !== "object" || value === null) return [];
  const own = (value as { $ref?: unknown }).$ref;
  return [...(typeof own === "string" ? [own] : []), ...Object.values(value).flatMap(references)];
}

describe.each(variants)("the document of %s", (variant) => {
  const description = readDescription(variant);
  const document = hyperSchema(description) as unknown as Document;
  const links = Object.values(document.definitions).flatMap((resource) => resource.links);

  test("has a link for every operation", () => {
    const operations = Object.values(description.endpoints).flatMap((endpoint) => endpoint.operations);
    expect(links).toHaveLength(operations.length);
  });

  test("has a property for every resource, as client generators look there", () => {
    expect(Object.keys(document.properties)).toEqual(Object.keys(document.definitions));
  });

  test("points nowhere in vain", () => {
    const broken = references(document).filter((pointer) => resolve(document, pointer) === undefined);
    expect([...new Set(broken)]).toEqual([]);
  });

  test("gives each operation of a resource a name of its own, as a client has a method for each", () => {
    for (const resource of Object.values(document.definitions)) {
      const names = resource.links.map(({ title }) => title.toLowerCase().replaceAll(" ", "_"));
      expect(names).toEqual([...new Set(names)]);
      for (const name of names) expect(name).toMatch(/^[a-z][a-z_0-9]*$/);
    }
  });

  test("encodes parameters so that a generator finds them", () => {
    for (const { href } of links) {
      for (const [parameter] of href.matchAll(/\{[^}]*\}/g)) {
        expect(parameter).toMatch(/^\{\([%/a-zA-Z0-9_-]*\)\}$/);
        const target = resolve(document, decodeURIComponent(parameter.slice(2, -2))) as {
          anyOf?: readonly { $ref?: string }[];
          description?: string;
        };
        expect(target?.description).toBeTypeOf("string");
        for (const choice of target.anyOf ?? []) expect(choice.$ref).toBeTypeOf("string");
      }
    }
  });

  test("says of every link what it does", () => {
    for (const link of links) {
      expect(link.description).toMatch(/^[A-Z].+\.$/);
      expect(link.method).toMatch(/^(GET|POST|PUT|PATCH|DELETE)$/);
    }
  });

  test("marks closed objects in the dialect's way", () => {
    const text = JSON.stringify(document);
    expect(text).toContain('"strictProperties":true');
    expect(text).not.toContain('"additionalProperties":false,"properties"');
    expect(text).not.toMatch(/"type":"(string|object|array|integer|boolean|number|null)"/);
  });

  test("holds no undefined value and survives JSON", () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });
});

test("the two documents differ in what they know", () => {
  const [base, sdk] = variants.map((variant) => hyperSchema(readDescription(variant)) as unknown as Document);
  expect(base?.definitions.capability).toBeUndefined();
  expect(sdk?.definitions.capability).toBeDefined();
  expect(resolve(base, "#/definitions/app/definitions/generation")).toMatchObject({ type: ["object"] });
  expect(resolve(sdk, "#/definitions/app/definitions/generation")).toMatchObject({ type: ["string"] });
});
