import { describe, expect, test } from "vitest";
import { once, pickVariant, readDescription, readRequestShapes } from "./description.ts";
import { type Shape, variants } from "./shape.ts";

describe("pickVariant", () => {
  const table = { alike: { both: 1 }, different: { base: 2, sdk: 3 }, old: { base: 4 }, fresh: { sdk: 5 } };

  test("takes what both say, and what the variant says itself", () => {
    expect(pickVariant(table, "base")).toEqual({ alike: 1, different: 2, old: 4 });
    expect(pickVariant(table, "sdk")).toEqual({ alike: 1, different: 3, fresh: 5 });
  });
});

describe("once", () => {
  test("makes a value at the first call only, undefined included", () => {
    let made = 0;
    const value = once(() => {
      made += 1;
      return undefined;
    });
    expect(made).toBe(0);
    value();
    value();
    expect(made).toBe(1);
  });
});

/** Every reference in a shape. */
function references(shape: Shape): string[] {
  if (typeof shape === "string") return shape.startsWith("#") ? [shape] : [];
  if ("anyOf" in shape) return shape.anyOf.flatMap(references);
  if ("list" in shape) return references(shape.list);
  if ("map" in shape) return references(shape.map);
  return "fields" in shape ? Object.values(shape.fields).flatMap(references) : [];
}

describe.each(variants)("the description of %s", (variant) => {
  const { definitions, endpoints } = readDescription(variant);
  const pointsSomewhere = (reference: string): boolean => {
    const [resource = "", part] = reference.slice(1).replace(/\?$/, "").split("/");
    const definition = definitions[resource];
    if (part === undefined) return (definition?.shape ?? null) !== null;
    return definition?.parts[part.replaceAll("%3F", "?")] !== undefined;
  };

  test("refers only to what is there", () => {
    const shapes = [
      ...Object.values(definitions).flatMap(({ shape, parts }) => [shape, ...Object.values(parts)]),
      ...Object.values(endpoints).flatMap((one) =>
        one.operations.flatMap(({ request, response }) => [request, response]),
      ),
    ];
    const all = shapes.flatMap((shape) => (shape === null ? [] : references(shape)));
    expect(all.length).toBeGreaterThan(1_000);
    expect([...new Set(all.filter((reference) => !pointsSomewhere(reference)))]).toEqual([]);
  });

  test("says what each parameter is", () => {
    for (const { path, params } of Object.values(endpoints)) {
      expect([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)).toEqual(Object.keys(params));
      for (const part of Object.values(params)) expect(pointsSomewhere(part)).toBe(true);
    }
  });

  test("requires only fields that it has", () => {
    for (const { shape } of Object.values(definitions)) {
      if (shape === null || typeof shape === "string" || !("fields" in shape)) continue;
      for (const name of shape.required ?? []) expect(shape.fields).toHaveProperty([name]);
    }
  });
});

test("the shapes of requests need no description beside them", () => {
  const all = Object.values(readRequestShapes()).flat();
  expect(all.flatMap(references)).toEqual([]);
});
