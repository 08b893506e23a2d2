import { describe, expect, test } from "vitest";
import type { Definition, Description, Shape } from "../src/shape.ts";
import { differingResources, resourceTypes } from "./resource-types.ts";

function definition(shape: Shape | null, parts: Readonly<Record<string, Shape>> = {}): Definition {
  return { stability: "production", parts, shape, readOnly: [] };
}

function describing(definitions: Readonly<Record<string, Definition>>): Description {
  return { definitions, endpoints: {} };
}

const descriptions = {
  base: describing({
    crew: definition({ fields: { ship: "#ship" } }),
    flag: definition("string"),
    only: definition({ fields: { a: "string" } }),
    port: definition({ fields: { name: "string" } }),
    ship: definition({ fields: { kind: "#ship/kind" } }, { kind: "string" }),
    verbs: definition(null),
  }),
  sdk: describing({
    crew: definition({ fields: { ship: "#ship" } }),
    flag: definition("string"),
    port: definition({ fields: { name: "string" } }),
    ship: definition({ fields: { kind: "#ship/kind" } }, { kind: "integer" }),
    verbs: definition(null),
  }),
};

describe("differingResources", () => {
  test("finds what differs itself, or in what it refers to", () => {
    expect([...differingResources(descriptions)]).toEqual(["crew", "ship"]);
  });
});

describe("resourceTypes", () => {
  const { text, names } = resourceTypes(descriptions);

  test("makes one type each, and a second one for what differs", () => {
    expect(names).toEqual(["Crew", "CrewSdk", "Flag", "Only", "Port", "Ship", "ShipSdk"]);
  });

  test("lets the type of a variant refer to types of that variant", () => {
    expect(text).toContain("export interface Crew {\n  readonly ship: Ship;\n}\n");
    expect(text).toContain("export interface CrewSdk {\n  readonly ship: ShipSdk;\n}\n");
    expect(text).toContain("export interface ShipSdk {\n  readonly kind: number;\n}\n");
  });

  test("names what is no object as well", () => {
    expect(text).toContain("export type Flag = string;\n");
  });
});
