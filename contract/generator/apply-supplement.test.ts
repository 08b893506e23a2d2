import { describe, expect, test } from "vitest";
import { type Description, type Operation, type Shape, type Variant, variants } from "../src/shape.ts";
import { applySupplement, changeFields } from "./apply-supplement.ts";
import type { Supplement } from "./supplement-entry.ts";

const source = "a test";
const nothing: Supplement = {
  addedDefinitions: [],
  addedEndpoints: [],
  operations: [],
  parameters: [],
  parts: [],
  resources: [],
};

function operation(change: Partial<Operation> = {}): Operation {
  return {
    resource: "ship",
    rel: "self",
    status: 200,
    list: false,
    response: "#ship",
    request: null,
    ...change,
  };
}

const imported: Description = {
  definitions: {
    ship: {
      stability: "production",
      parts: { id: "uuid", name: "string" },
      shape: { fields: { id: "#ship/id", name: "#ship/name" } },
      readOnly: ["id"],
    },
  },
  endpoints: {
    "GET /ships/{boat}": {
      method: "GET",
      path: "/ships/{boat}",
      params: { boat: "#ship/id" },
      operations: [operation()],
    },
    "POST /ships": {
      method: "POST",
      path: "/ships",
      params: {},
      operations: [
        operation({
          rel: "create",
          status: 201,
          request: { fields: { name: "string" }, required: ["name"] },
        }),
        operation({ rel: "create", status: 201, request: { fields: { twin: "uuid" } } }),
      ],
    },
  },
};

function apply(change: Partial<Supplement>): Record<Variant, Description> {
  return applySupplement({ base: imported, sdk: imported }, { ...nothing, ...change });
}

describe("applySupplement", () => {
  test("changes nothing when there is nothing to change", () => {
    expect(apply({})).toEqual({ base: imported, sdk: imported });
  });

  test("adds definitions and endpoints, to the variants that it names", () => {
    const definition = { stability: "development", parts: {}, shape: "object", readOnly: [] };
    const result = apply({
      addedDefinitions: [{ name: "crew", definition, source }],
      addedEndpoints: [
        {
          key: "GET /ships/{ship}/crew",
          params: { ship: "#ship/id" },
          operation: operation(),
          source,
          variants: ["sdk"],
        },
      ],
    });
    for (const variant of variants) expect(result[variant].definitions.crew).toEqual(definition);
    expect(result.base.endpoints["GET /ships/{ship}/crew"]).toBeUndefined();
    expect(result.sdk.endpoints["GET /ships/{ship}/crew"]).toEqual({
      method: "GET",
      path: "/ships/{ship}/crew",
      params: { ship: "#ship/id" },
      operations: [operation()],
    });
  });

  test("corrects parts and resources", () => {
    const { base } = apply({
      parts: [{ part: "#ship/name", shape: "string?", source }],
      resources: [{ resource: "ship", set: { flag: "string" }, optional: ["flag"], source }],
    });
    expect(base.definitions.ship?.parts.name).toBe("string?");
    expect(base.definitions.ship?.shape).toEqual({
      fields: { flag: "string", id: "#ship/id", name: "#ship/name" },
      required: ["id", "name"],
    });
  });

  test("corrects one operation of several, or all", () => {
    const { base } = apply({
      operations: [
        { key: "POST /ships", change: { status: 200 }, source },
        {
          key: "POST /ships",
          operation: 0,
          request: { set: { flag: "string" }, optional: ["name"] },
          source,
        },
      ],
    });
    const operations = base.endpoints["POST /ships"]?.operations;
    expect(operations?.map(({ status }) => status)).toEqual([200, 200]);
    expect(operations?.map(({ request }) => request)).toEqual([
      { fields: { flag: "string", name: "string" } },
      { fields: { twin: "uuid" } },
    ]);
  });

  test("names a parameter anew, in the path, the key and the list", () => {
    const { base } = apply({
      parameters: [{ key: "GET /ships/{boat}", param: "boat", name: "ship", part: "#ship/name", source }],
    });
    expect(Object.keys(base.endpoints)).toEqual(["GET /ships/{ship}", "POST /ships"]);
    expect(base.endpoints["GET /ships/{ship}"]).toMatchObject({
      path: "/ships/{ship}",
      params: { ship: "#ship/name" },
    });
  });

  test("drops an operation that two resources list alike", () => {
    const twice: Description = {
      ...imported,
      endpoints: {
        "GET /ships": {
          method: "GET",
          path: "/ships",
          params: {},
          operations: [operation(), operation({ resource: "fleet" }), operation({ status: 201 })],
        },
      },
    };
    const { base } = applySupplement({ base: twice, sdk: twice }, nothing);
    expect(base.endpoints["GET /ships"]?.operations).toEqual([operation(), operation({ status: 201 })]);
  });

  const misses: readonly (readonly [string, Partial<Supplement>])[] = [
    ["GET /gone", { operations: [{ key: "GET /gone", change: {}, source }] }],
    ["GET /lost", { parameters: [{ key: "GET /lost", param: "a", name: "b", source }] }],
    ["raft", { resources: [{ resource: "raft", source }] }],
    ["canoe", { parts: [{ part: "#canoe/id", shape: "uuid", source }] }],
  ];

  test.each(misses)("refuses to correct %s, which is not there", (name, change) => {
    expect(() => apply(change)).toThrow(`the supplement corrects what is not there: ${name}`);
  });
});

describe("changeFields", () => {
  const shape: Shape = { fields: { a: "string", b: "string" } };

  test("a response requires new fields too, a request does not", () => {
    const change = { set: { c: "string" } };
    expect(changeFields(shape, change, "response")).toEqual({
      fields: { a: "string", b: "string", c: "string" },
    });
    expect(changeFields({ ...shape, required: ["a"] }, change, "request")).toEqual({
      fields: { a: "string", b: "string", c: "string" },
      required: ["a"],
    });
  });

  test("fields become optional, mandatory or vanish", () => {
    expect(changeFields(shape, { optional: ["b"] }, "response")).toEqual({ ...shape, required: ["a"] });
    expect(changeFields(shape, { mandatory: ["b"] }, "request")).toEqual({ ...shape, required: ["b"] });
    expect(changeFields(shape, { remove: ["b"] }, "response")).toEqual({ fields: { a: "string" } });
    expect(changeFields({ ...shape, required: ["a"] }, { mandatory: ["b", "z"] }, "response")).toEqual(shape);
  });

  test("only an object has fields to change", () => {
    expect(changeFields("string", {}, "request")).toBe("string");
    expect(() => changeFields("string", { remove: ["a"] }, "request")).toThrow("no fields to change");
  });
});
