import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readRequestShapes } from "./description.ts";
import type { RequestBodies } from "./generated/request-bodies.ts";
import type { RouteKey } from "./generated/route-keys.ts";
import { routes } from "./generated/routes.ts";
import type { Shape } from "./shape.ts";
import { valuesOf } from "./shape-fixtures.ts";
import { validateRequest } from "./validation.ts";

/** What the stock client was seen to send; `tools/contract-import/client-import.ts` wrote it. */
const requests: Readonly<Record<string, readonly string[]>> = JSON.parse(
  readFileSync(new URL("../fixtures/client-requests.json", import.meta.url), "utf8"),
);
const shapes = readRequestShapes();

/** The route that a request goes to: the one with the most fixed segments in common. */
function routeFor(request: string): RouteKey | undefined {
  const [method, path = ""] = request.split(" ");
  const wanted = path.split("/");
  const fits = routes.filter((route) => {
    const given = route.path.split("/");
    const agrees = (segment: string, index: number): boolean =>
      segment.startsWith("{") || segment === wanted[index];
    return route.method === method && given.length === wanted.length && given.every(agrees);
  });
  return fits.toSorted((a, b) => a.params.length - b.params.length)[0]?.key;
}

/** Whether a shape has a field of that path, such as `updates[].type`. */
function hasField(shape: Shape, [step, ...rest]: readonly string[]): boolean {
  if (step === undefined) return true;
  if (typeof shape === "string") return shape.startsWith("object") || shape === "any";
  if ("anyOf" in shape) return shape.anyOf.some((choice) => hasField(choice, [step, ...rest]));
  if ("list" in shape) return step === "[]" && hasField(shape.list, rest);
  if ("map" in shape) return hasField(shape.map, rest);
  const field = "fields" in shape ? shape.fields[step] : undefined;
  return field !== undefined && hasField(field, rest);
}

function stepsOf(field: string): readonly string[] {
  return field.replaceAll("[]", ".[]").split(".");
}

describe("each request of the stock client", () => {
  test.each(Object.entries(requests))("%s has a route that takes its fields", (request, fields) => {
    const key = routeFor(request);
    expect(key).toBeDefined();
    const possible = shapes[key ?? ""] ?? [];
    const unknown = fields.filter((field) => !possible.some((shape) => hasField(shape, stepsOf(field))));
    expect(unknown).toEqual([]);
  });

  test("may come without a body, or with an empty one, where the client sends none", () => {
    for (const [request, fields] of Object.entries(requests)) {
      if (fields.length > 0 || request.includes("config-vars")) continue;
      const key = routeFor(request);
      if (key === undefined) throw new Error(`${request} has no route`);
      for (const body of [undefined, null, {}]) expect(validateRequest(key, "base", body)).toEqual([]);
    }
  });
});

/** Bodies as the client makes them, typed so that the types are checked with the validators. */
const bodies: { readonly [key in RouteKey]?: readonly RequestBodies[key][] } = {
  "PATCH /apps/{app}/acm": [{ acm_refresh: true }],
  "POST /apps/{app}/acm": [{}],
  "PATCH /apps/{app}/addons/{add_on}": [{ name: "other" }, { plan: { name: "heroku-postgresql:mini" } }],
  "POST /apps/{app}/addons": [
    { plan: "heroku-redis:mini" },
    {
      attachment: {},
      config: { follow: "DATABASE", fork: true },
      plan: { name: "heroku-postgresql:mini" },
    },
  ],
  "PATCH /apps/{app}": [{ build_stack: "cnb" }, { maintenance: true }, { name: "other" }],
  "PATCH /apps/{app}/config-vars": [{ A: "1", B: null, c_3: "" }],
  "PATCH /apps/{app}/formation": [
    { updates: [{ type: "web", quantity: "+1" }] },
    { updates: [{ type: "web", quantity: "2", size: "Standard-1X" }] },
    { updates: [{ type: "web", docker_image: "sha256:0123" }] },
    { updates: [{ type: "web", quantity: 2, dyno_size: { name: "Basic" } }] },
  ],
  "PATCH /apps/{app}/formation/{formation}": [
    { docker_image: null },
    { quantity: 1, dyno_size: { name: "Basic" } },
    { size: "Basic" },
  ],
  "POST /apps/{app}/domains": [
    { hostname: "www.example.com", sni_endpoint: null },
    { hostname: "*.example.com" },
  ],
  "POST /apps/{app}/dynos": [
    { attach: true, command: "bash", env: { TERM: "xterm", COLUMNS: 80, LINES: 24 } },
    { attach: false, command: "rake db:migrate", env: {}, force_no_tty: null, size: "Basic", type: "run" },
  ],
  "POST /apps/{app}/log-sessions": [
    { dyno: "web.1", lines: 100, tail: true, source: "app" },
    { type: "web", source: "app" },
    { dyno_name: "web.1" },
    {},
  ],
  "POST /apps/{app}/releases": [
    { release: "01234567-89ab-cdef-0123-456789abcdef" },
    { release: 12 },
    { description: "Retry of v12" },
    { slug: "01234567-89ab-cdef-0123-456789abcdef", description: "Deploy" },
    { oci_image: "01234567-89ab-cdef-0123-456789abcdef" },
  ],
  "POST /apps": [
    {},
    { name: "example", region: "us", stack: "cnb" },
    { feature_flags: "preboot", region: { name: "us" }, stack: null, space: null, team: null },
  ],
  "POST /teams/apps": [{ name: "example", team: "crew", space: "yard" }],
  "POST /filters/apps": [{ in: { id: ["01234567-89ab-cdef-0123-456789abcdef"] } }, { in: { id: [] } }],
  "POST /oauth/authorizations": [
    { description: "Heroku CLI login from host", expires_in: 2592000, scope: ["global"] },
    { description: "Script", expires_in: "3600" },
    {},
  ],
  "POST /pipelines": [
    {
      generation: { name: "cedar" },
      name: "example",
      owner: { id: "01234567-89ab-cdef-0123-456789abcdef", type: "user" },
    },
  ],
  "DELETE /pipelines/{pipeline}": [{ id: "01234567-89ab-cdef-0123-456789abcdef", name: "example" }],
  "POST /account/keys": [{ public_key: "ssh-ed25519 AAAA" }],
  "PUT /apps/{app}/buildpack-installations": [{ updates: [{ buildpack: "heroku/nodejs" }] }, { updates: [] }],
};

describe("bodies as the client makes them are valid", () => {
  const cases = Object.entries(bodies).flatMap(([key, list]) => list.map((body) => [key, body] as const));

  test.each(cases)("%s %j", (key, body) => {
    expect(validateRequest(key as RouteKey, "base", body)).toEqual([]);
    expect(validateRequest(key as RouteKey, "sdk", body)).toEqual([]);
  });
});

const flaws: readonly (readonly [RouteKey, unknown, string])[] = [
  ["POST /apps", { nmae: "x" }, "The field nmae is not known here."],
  ["POST /apps", { name: 1 }, "The field name must be a string or null."],
  ["POST /apps", { region: 1 }, "The field region must be a string or null or an object."],
  ["POST /apps/{app}/dynos", {}, "The field command is missing."],
  ["POST /apps/{app}/dynos", { command: "a", env: { "A-B": "1" } }, "The field env.A-B is not known here."],
  ["PATCH /apps/{app}/config-vars", { A: 1 }, "The field A must be a string or null."],
  ["PATCH /apps/{app}/formation", {}, "The field updates is missing."],
  ["PATCH /apps/{app}/formation", { updates: [{}] }, "The field updates[0].type is missing."],
  [
    "PATCH /apps/{app}/formation",
    { updates: [{ type: "web", quantity: 1.5 }] },
    "The field updates[0].quantity must be a whole number or a string.",
  ],
  ["POST /filters/apps", { in: { id: ["x"] } }, "The field in.id[0] must be an id (a UUID)."],
  ["POST /apps/{app}/builds", { source_blob: {} }, "The field source_blob.url is missing."],
  [
    "POST /oauth/authorizations",
    { expires_in: "soon" },
    "The field expires_in must be a whole number or null or of the form ^[0-9]+$.",
  ],
];

describe("bodies with a flaw", () => {
  test.each(flaws)("%s %j", (key, body, problem) => {
    expect(validateRequest(key, "base", body)).toEqual([problem]);
  });

  test("a text of the wrong type in any field is told, and by the name of the field", () => {
    const key = "POST /teams/{team}/members";
    const [shape] = shapes[key] ?? [];
    if (shape === undefined) throw new Error(`${key} has no shape`);
    const lookUp = (): Shape => "any";
    fc.assert(
      fc.property(valuesOf(shape, { direction: "request", lookUp }), (body) => {
        const problems = validateRequest(key, "base", { ...(body as object), email: 3 });
        expect(problems).toEqual(["The field email must be a string."]);
      }),
    );
  });
});
