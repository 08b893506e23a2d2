import { describe, expect, test } from "vitest";
import { readDescription } from "../src/description.ts";
import { routes } from "../src/generated/routes.ts";
import type { RouteKey, Variant } from "../src/index.ts";
import { variants } from "../src/shape.ts";
import { validateRequest, validateResponse } from "../src/validation.ts";
import { addedDefinitions } from "./added-definitions.ts";
import { addedEndpoints } from "./added-endpoints.ts";
import { operationCorrections } from "./operation-corrections.ts";
import { parameterCorrections } from "./parameter-corrections.ts";
import { partCorrections } from "./part-corrections.ts";
import { supplement } from "./supplement.ts";

const uuid = "01234567-89ab-4cde-8123-456789abcdef";
const time = "2030-01-31T12:00:00Z";
const descriptions = { base: readDescription("base"), sdk: readDescription("sdk") };
const routeOf = (key: string) => routes.find((route) => route.key === key);

/** What a client that asks for a code at each call, or lists what it may, reads from answers no document describes. */
const answers: readonly (readonly [RouteKey, number, unknown, readonly (readonly [unknown, string])[]])[] = [
  [
    "GET /oauth/sessions",
    200,
    [{ created_at: time, description: "CLI", expires_in: null, id: uuid, updated_at: time }],
    [
      [
        [{ created_at: time, description: "CLI", expires_in: "1", id: uuid, updated_at: time }],
        "expires_in must be a whole number or null",
      ],
      [{ id: uuid }, "The body must be a list."],
    ],
  ],
  [
    "GET /accounts/{account}/actions/get-quota",
    200,
    { account_quota: 3_600_000, apps: [{ app_uuid: uuid, quota_used: 1 }], quota_used: 1 },
    [
      [{ account_quota: 1, apps: [], quota_used: 1.5 }, "quota_used must be a whole number"],
      [
        { account_quota: 1, apps: [{ app_uuid: "a", quota_used: 1 }], quota_used: 1 },
        "apps[0].app_uuid must be an id (a UUID)",
      ],
      [{ account_quota: 1, quota_used: 1 }, "apps is missing"],
    ],
  ],
  [
    "PUT /apps/{app}/pre-authorizations",
    200,
    { app: { id: uuid, name: "example" }, expires_at: time },
    [[{ app: { id: uuid }, expires_at: time }, "app.name is missing"]],
  ],
  [
    "GET /spaces/{space}/dynos",
    200,
    [{ app_name: "example", dynos: [] }],
    [[[{ dynos: [] }], "[0].app_name is missing"]],
  ],
  [
    "GET /pipelines/{pipeline}/repo",
    200,
    { full_name: "team/app" },
    [[{ full_name: null }, "full_name must be a string"]],
  ],
  [
    "GET /pipelines/{pipeline}/repo/branches/{branch}",
    200,
    { name: "main" },
    [[{ name: "main", sha: "a" }, "sha is not known here"]],
  ],
  [
    "GET /pipelines/{pipeline}/webhooks",
    200,
    [
      {
        created_at: time,
        id: uuid,
        include: ["api:app"],
        level: "notify",
        pipeline: { id: uuid },
        updated_at: time,
        url: "https://example.com",
      },
    ],
    [[[{ id: uuid }], "is missing"]],
  ],
  ["PUT /users/~/capabilities", 200, { capabilities: [] }, [[[], "The body must be an object."]]],
  ["GET /teams/{team}/usage", 200, { apps: [] }, [[[], "The body must be an object."]]],
  ["PATCH /apps/{app}/config-vars", 200, { A: "1" }, [[{ A: 1 }, "The field A must be a string."]]],
  [
    "GET /pipelines/{pipeline}/stage/{stage}/config-vars",
    200,
    {},
    [[{ A: null }, "The field A must be a string."]],
  ],
];

describe.each(answers)("%s", (key, status, good, bad) => {
  test("answers as clients read it", () => {
    expect(validateResponse(key, "sdk", status, good)).toEqual([]);
  });
  test.each(bad)("not with %j", (body, says) => {
    expect(validateResponse(key, "sdk", status, body).join("\n")).toContain(says);
  });
});

describe.each(addedEndpoints)("the added $key", ({ key, params = {}, operation }) => {
  const names = [...key.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);

  test("is a route of both variants, marked as an addition", () => {
    expect(routeOf(key)).toMatchObject({ origin: "supplement", variants: ["base", "sdk"], params: names });
    expect(routeOf(key)?.operations).toMatchObject([
      { rel: operation.rel, status: operation.status, list: operation.list },
    ]);
  });

  test("says what each parameter identifies, and that is there", () => {
    expect(Object.keys(params)).toEqual(names);
    for (const target of Object.values(params)) {
      const [resource = "", part = ""] = target.slice(1).split("/");
      for (const variant of variants)
        expect(descriptions[variant].definitions[resource]?.parts, target).toHaveProperty([part]);
    }
  });

  test("takes the body it says, and no other", () => {
    if (operation.request !== null)
      expect(validateRequest(key as RouteKey, "base", {})).toEqual(["The field public_key is missing."]);
    expect(validateRequest(key as RouteKey, "base", { surprise: 1 }).join(" ")).toContain(
      "surprise is not known here",
    );
  });
});

describe("corrections of operations", () => {
  /** Parameters are renamed after operations are corrected, so a key may have another name in the end. */
  const endpointOf = (key: string, variant: Variant) => {
    const plain = (text: string) => text.replaceAll(/\{\w+\}/g, "{}");
    return Object.entries(descriptions[variant].endpoints).find(
      ([known]) => plain(known) === plain(key),
    )?.[1];
  };

  test.each(operationCorrections)("$key: $change", ({ key, change = {}, variants: only = variants }) => {
    const operations = only.flatMap((variant) => endpointOf(key, variant)?.operations ?? []);
    expect(operations.length).toBeGreaterThan(0);
    for (const operation of operations) expect(operation).toMatchObject(change);
  });

  test("leave no operation without a rel that has a meaning", () => {
    const rels = new Set(["create", "destroy", "instances", "self", "update", "empty"]);
    const odd = variants.flatMap((variant) =>
      Object.entries(descriptions[variant].endpoints).flatMap(([key, { operations }]) =>
        operations.filter(({ rel }) => !rels.has(rel)).map(({ rel }) => `${key}: ${rel}`),
      ),
    );
    expect(odd).toEqual([]);
  });

  test("let no list be a single resource's rel, or the other way round", () => {
    const odd = variants.flatMap((variant) =>
      Object.entries(descriptions[variant].endpoints).flatMap(([key, { operations }]) =>
        operations
          .filter(
            ({ rel, list }) => (rel === "instances") !== list && (rel === "self" || rel === "instances"),
          )
          .map(({ rel, list }) => `${key}: ${rel} ${list}`),
      ),
    );
    // The documents promise the images of one digest as a list.
    const images = "GET /apps/{app}/oci-images/{oci_image}: self true";
    expect(odd.filter((one) => one !== images)).toEqual([]);
  });
});

test.each(parameterCorrections)("$key: {$param} is named {$name}", ({ key, param, name, part }) => {
  const [method] = key.split(" ");
  const renamed = routes.filter((route) => route.method === method && route.params.includes(name));
  expect(
    routes.some((route) => route.path === key.split(" ")[1] && route.params.includes(param as never)),
  ).toBe(false);
  const targets = renamed.map(
    (route) =>
      (descriptions.base.endpoints[route.key] ?? descriptions.sdk.endpoints[route.key])?.params[name],
  );
  if (part !== undefined) expect(targets).toContain(part);
});

describe("corrected parts", () => {
  /** A route whose body is one field of the part. */
  const fields: readonly (readonly [
    RouteKey,
    Record<string, unknown>,
    string,
    readonly unknown[],
    readonly unknown[],
  ])[] = [
    ["POST /apps/{app}/domains", {}, "hostname", ["www.example.com", "*.example.com"], [3, null]],
    [
      "POST /spaces",
      { name: "yard", team: "crew" },
      "cidr",
      ["10.0.0.0/16", "172.16.0.0/16", "172.31.0.0/16", "192.168.0.0/16"],
      [
        "11.0.0.0/16",
        "172.15.0.0/16",
        "172.32.0.0/16",
        "10.0.0.0/8",
        "x10.0.0.0/16",
        "10.0.0.0/16x",
        "10.a.0.0/16",
      ],
    ],
    [
      "PATCH /apps/{app}/formation",
      {},
      "updates",
      [
        [{ type: "web", quantity: "+1" }],
        [{ type: "web", dyno_size: { name: "Basic" } }],
        [{ type: "web", docker_image: null }],
      ],
      [[{ quantity: 1 }], [{ type: "web", quantity: [] }]],
    ],
    [
      "POST /apps/{app}/dynos",
      { command: "bash" },
      "env",
      [{}, { COLUMNS: 80, A_1: "x", N: null }],
      [{ "a-b": "x" }, { A: true }, "A=1", { "": "x" }],
    ],
  ];

  test.each(fields)("%s with %j and %s", (key, rest, field, taken, refused) => {
    for (const value of taken)
      expect({ value, problems: validateRequest(key, "base", { ...rest, [field]: value }) }).toEqual({
        value,
        problems: [],
      });
    for (const value of refused)
      expect({
        value,
        problems: validateRequest(key, "base", { ...rest, [field]: value }).length > 0,
      }).toEqual({ value, problems: true });
  });

  test("the pattern of networks takes no long time over a long text", () => {
    const started = performance.now();
    const problems = validateRequest("POST /spaces", "base", {
      name: "yard",
      team: "crew",
      cidr: `10.${"0.".repeat(100_000)}x`,
    });
    expect(problems).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test.each(partCorrections)("$part is what it is said to be", ({ part, shape }) => {
    const [resource = "", name = ""] = part.slice(1).split("/");
    const known = variants
      .map((variant) => descriptions[variant].definitions[resource]?.parts[name])
      .filter(Boolean);
    expect(known.length).toBeGreaterThan(0);
    for (const one of known) expect(one).toEqual(shape);
  });
});

test("each added definition is in the variants it is for, and only those", () => {
  for (const { name, variants: only = variants, definition } of addedDefinitions)
    for (const variant of variants)
      expect(descriptions[variant].definitions[name]?.shape, `${name} ${variant}`).toEqual(
        only.includes(variant) ? definition.shape : undefined,
      );
});

test("each entry of the supplement says where it is from", () => {
  const entries = Object.values(supplement).flat() as readonly { readonly source: string }[];
  for (const { source } of entries) expect(source).toMatch(/\w+ \S+/);
});
