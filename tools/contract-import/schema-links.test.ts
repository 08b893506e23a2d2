import { describe, expect, test } from "vitest";
import { endpointsOf, pathOf, type SchemaDocument, type SchemaLink } from "./schema-links.ts";

const parameter = (pointer: string): string => `{(${encodeURIComponent(pointer)})}`;
const appIdentity = parameter("#/definitions/app/definitions/identity");

describe("pathOf", () => {
  test("names a parameter after the resource that it identifies", () => {
    expect(
      pathOf(
        `/apps/${appIdentity}/log-drains/${parameter("#/definitions/log-drain/definitions/query_identity")}`,
      ),
    ).toEqual({
      path: "/apps/{app}/log-drains/{log_drain}",
      params: { app: "#app/identity", log_drain: "#log-drain/query_identity" },
    });
  });

  test("names it after the part when that is not an identity", () => {
    expect(pathOf(`/archives/${parameter("#/definitions/archive/definitions/year")}`)).toEqual({
      path: "/archives/{year}",
      params: { year: "#archive/year" },
    });
  });

  test("never uses a name twice", () => {
    expect(pathOf(`/a/${appIdentity}/b/${appIdentity}/c/${appIdentity}`).path).toBe(
      "/a/{app}/b/{app_2}/c/{app_3}",
    );
  });

  test("leaves a path without parameters alone", () => {
    expect(pathOf("/users/~/apps")).toEqual({ path: "/users/~/apps", params: {} });
  });
});

function documentWith(...links: SchemaLink[]): SchemaDocument {
  return { definitions: { app: { links } } };
}

describe("endpointsOf", () => {
  const rels: readonly (readonly [unknown, number, boolean, string | null])[] = [
    ["self", 200, false, "#app"],
    ["instances", 200, true, "#app"],
    ["create", 201, false, "#app"],
    ["update", 200, false, "#app"],
    ["destroy", 200, false, "#app"],
    ["empty", 202, false, null],
    [undefined, 200, false, "#app"],
    [{ $ref: "#/definitions/app" }, 200, false, "#app"],
  ];

  test.each(rels)("the rel %j means status %d", (rel, status, list, response) => {
    const { "GET /apps": endpoint } = endpointsOf(documentWith({ href: "/apps", method: "GET", rel }));
    expect(endpoint?.operations).toMatchObject([{ status, list, response, resource: "app" }]);
  });

  test("the target decides what is answered, and whether it is a list", () => {
    const { "GET /apps": endpoint } = endpointsOf(
      documentWith({ href: "/apps", rel: "self", targetSchema: { items: { $ref: "#/definitions/dyno" } } }),
    );
    expect(endpoint?.operations).toMatchObject([{ list: true, response: "#dyno" }]);
  });

  test("corrects how a method is spelled", () => {
    expect(Object.keys(endpointsOf(documentWith({ href: "/apps", method: "Get", rel: "self" })))).toEqual([
      "GET /apps",
    ]);
  });

  test("puts links with the same method and path together, in order", () => {
    const { "POST /releases": endpoint } = endpointsOf(
      documentWith(
        {
          href: "/releases",
          method: "POST",
          rel: "create",
          schema: { properties: { slug: { type: ["string"] } } },
        },
        {
          href: "/releases",
          method: "POST",
          rel: "create",
          schema: { properties: { release: { type: ["string"] } } },
        },
      ),
    );
    expect(endpoint?.operations.map(({ request }) => request)).toEqual([
      { fields: { slug: "string" } },
      { fields: { release: "string" } },
    ]);
  });
});
