import { describe, expect, test } from "vitest";
import { type RouteDescription, routes, type Variant } from "./index.ts";

const fromSchema = routes.filter(({ origin }) => origin === "schema");
const knownTo = (variant: Variant): readonly RouteDescription[] =>
  fromSchema.filter(({ variants }) => variants.includes(variant));

describe("the route table", () => {
  test("has every endpoint of the published schemas", () => {
    expect(fromSchema).toHaveLength(340);
    expect(knownTo("base")).toHaveLength(301);
    expect(knownTo("sdk")).toHaveLength(334);
  });

  test("has what clients use beyond them", () => {
    const added = routes.filter(({ origin }) => origin === "supplement").map(({ key }) => key);
    expect(added.toSorted()).toEqual([
      "DELETE /account/keys/{key}",
      "DELETE /oauth/sessions/{session}",
      "GET /accounts/{account}/actions/get-quota",
      "GET /addons/{add_on}/config/{credential}",
      "GET /advisories/{advisory}/releases",
      "GET /apps/{app}/releases/{release}/advisories",
      "GET /apps/{app}/releases/{release}/attestations",
      "GET /apps/{app}/releases/{release}/attestations/{attestation}",
      "GET /oauth/sessions",
      "GET /pipelines/{pipeline}/repo",
      "GET /pipelines/{pipeline}/repo/branches/{branch}",
      "GET /pipelines/{pipeline}/webhooks",
      "GET /signing-keys",
      "GET /spaces/{space}/dynos",
      "POST /account/keys",
      "PUT /apps/{app}/pre-authorizations",
    ]);
  });

  test("names no route twice, also when parameters are left unnamed", () => {
    const bare = routes.map(({ method, path }) => `${method} ${path.replaceAll(/\{\w+\}/g, "{}")}`);
    expect(new Set(bare).size).toBe(routes.length);
  });

  test.each(routes)("$key agrees with itself", ({ key, method, path, params, variants, operations }) => {
    expect(key).toBe(`${method} ${path}`);
    expect([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)).toEqual(params);
    expect(new Set(params).size).toBe(params.length);
    expect(variants.length).toBeGreaterThan(0);
    expect(operations.length).toBeGreaterThan(0);
    for (const { title, rel, status, response } of operations) {
      expect(title).toMatch(/^[A-Z][^.]+$/);
      expect(rel).toMatch(/^(self|instances|create|update|destroy|empty)$/);
      expect([200, 201, 202]).toContain(status);
      expect(response === null).toBe(status === 202);
    }
  });

  test("one place in a path has one name, whatever the method", () => {
    const names = new Map<string, string>();
    for (const { path } of routes) {
      const segments = path.split("/");
      segments.forEach((segment, index) => {
        if (!segment.startsWith("{")) return;
        const place = segments
          .slice(0, index)
          .join("/")
          .replaceAll(/\{\w+\}/g, "{}");
        expect(names.get(place) ?? segment).toBe(segment);
        names.set(place, segment);
      });
    }
  });
});

describe("corrected slips", () => {
  const route = (key: string): RouteDescription => {
    const found = routes.find((one) => one.key === key);
    if (found === undefined) throw new Error(`${key} is no route`);
    return found;
  };

  test.each([
    ["GET /identity-providers/{identity_provider}/certificates/{certificate}", "self", false],
    ["GET /generations/{generation}", "self", false],
    ["GET /spaces/{space}/peerings", "instances", true],
    ["GET /apps/{app}/available-dyno-sizes", "instances", true],
    ["GET /apps/{app}/oci-images/{oci_image}", "self", true],
    ["POST /actions/addons/resolve", "instances", true],
    ["PATCH /enterprise-accounts/{enterprise_account}", "update", false],
    ["DELETE /review-apps/{review_app}", "destroy", false],
    ["DELETE /apps/{app}/acm", "destroy", false],
    ["GET /apps/{app}/pipeline-couplings", "self", false],
  ])("%s", (key, rel, list) => {
    for (const operation of route(key).operations) expect(operation).toMatchObject({ rel, list });
  });

  test.each([
    ["POST /apps/{app}/releases", 2],
    ["PATCH /teams/apps/{app}", 3],
    ["GET /teams/{team}/addons", 1],
    ["GET /spaces/{space}/peering-info", 1],
  ])("%s does %d things", (key, count) => {
    expect(route(key).operations).toHaveLength(count);
  });
});
