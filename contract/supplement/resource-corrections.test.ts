import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readDescription } from "../src/description.ts";
import type { RouteKey, Variant } from "../src/index.ts";
import type { Shape } from "../src/shape.ts";
import { valuesOf } from "../src/shape-fixtures.ts";
import { validateResponse } from "../src/validation.ts";
import { resourceCorrections } from "./resource-corrections.ts";

const uuid = "01234567-89ab-4cde-8123-456789abcdef";
const time = "2030-01-31T12:00:00Z";
const descriptions = { base: readDescription("base"), sdk: readDescription("sdk") };

/** Some answer of that shape, always the same. */
function example(reference: string, variant: Variant): Record<string, unknown> {
  const { definitions } = descriptions[variant];
  const lookUp = (target: string): Shape => {
    const [resource = "", part] = target.slice(1).replaceAll("%3F", "?").split("/");
    const found = part === undefined ? definitions[resource]?.shape : definitions[resource]?.parts[part];
    if (found === undefined || found === null) throw new Error(`${target} points nowhere`);
    return found;
  };
  const [value] = fc.sample(valuesOf(reference, { direction: "response", lookUp }), { numRuns: 1, seed: 7 });
  return value as Record<string, unknown>;
}

const price = { cents: 0, contract: false, metered: true, unit: "month" };

/** A route that answers the resource, and what may be put into its answer. */
const table: readonly (readonly [RouteKey, string, Variant, readonly object[]])[] = [
  [
    "GET /account",
    "account",
    "base",
    [{ scheduled_deletion_time: null }, { scheduled_suspension_time: time }, { last_login: null }],
  ],
  ["GET /teams/{team}", "team", "sdk", [{ scheduled_deletion_time: time }]],
  [
    "GET /apps/{app}",
    "app",
    "base",
    [
      { process_tier: "eco" },
      { create_status: "complete", extended: { any: "thing" } },
      { locked: false, joined: true },
      { web_url: "http://example.localhost:8080/" },
      { git_url: "https://localhost:6400/example.git" },
      { generation: { id: uuid, name: "cedar" } },
    ],
  ],
  ["GET /apps/{app}", "app", "sdk", [{ generation: "fir" }, { buildpacks: null }]],
  [
    "GET /teams/apps/{app}",
    "team-app",
    "base",
    [
      { acm: true, organization: null, process_tier: "production" },
      { generation: { id: uuid, name: "cedar" } },
      { team: { id: uuid, name: "crew" }, space: { id: uuid, name: "yard", shield: false } },
      { team: { name: "crew" }, space: { id: uuid, name: "yard" } },
    ],
  ],
  ["GET /teams/apps/{app}", "team-app", "sdk", [{ generation: "fir" }, { team: { name: "crew" } }]],
  ["GET /apps/{app}/builds/{build}", "build", "base", [{ slug: null, release: null, buildpacks: null }]],
  ["GET /apps/{app}/builds/{build}", "build", "sdk", [{ labs: { a: true } }]],
  ["GET /apps/{app}/releases/{release}", "release", "base", [{ oci_image: null }, { extended: {} }]],
  ["GET /apps/{app}/releases/{release}", "release", "sdk", [{ oci_image: { id: uuid }, slug: null }]],
  ["GET /apps/{app}/dynos/{dyno}", "dyno", "base", [{ extended: { a: 1 } }, { attach_url: null }]],
  [
    "POST /apps/{app}/dynos/{dyno}",
    "dyno-processes",
    "sdk",
    [{ attach_url: "rendezvous://a" }, { name: "run.1", size: "Basic", state: "starting", type: "run" }],
  ],
  [
    "GET /apps/{app}/log-drains/{log_drain}",
    "log-drain",
    "base",
    [{ extended: { drain_id: "1", more: 2 } }, { addon: null }],
  ],
  ["GET /apps/{app}/domains/{domain}", "domain", "base", [{ hostname: "www.example.com", cname: null }]],
  [
    "GET /apps/{app}/pipeline-couplings",
    "pipeline-coupling",
    "base",
    [{ pipeline: { id: uuid, name: "line" } }],
  ],
  [
    "GET /addons/{add_on}",
    "add-on",
    "base",
    [
      { plan: { id: uuid, name: "a:b" } },
      { plan: { id: uuid, name: "a:b", price } },
      { addon_service: { id: uuid, name: "a" } },
      { provision_message: "wait" },
    ],
  ],
  [
    "GET /addon-attachments/{add_on_attachment}",
    "add-on-attachment",
    "sdk",
    [{ config_vars: ["DATABASE_URL"] }, { namespace_config: { role: "analyst" } }, { namespace: null }],
  ],
  ["GET /spaces/{space}", "space", "sdk", [{ region: { id: uuid, name: "us" }, generation: "cedar" }]],
  ["GET /spaces/{space}/inbound-ruleset", "inbound-ruleset", "base", [{ applied: true }, { applied: null }]],
  [
    "GET /spaces/{space}/topology",
    "space-topology",
    "base",
    [{ apps: [{ domains: [], id: uuid, formations: [] }] }],
  ],
  ["GET /regions/{region}", "region", "base", [{ provider: { name: "ours", region: "cellar" } }]],
];

describe.each(table)("%s answers %s in %s", (key, resource, variant, additions) => {
  const whole = example(`#${resource}`, variant);
  const problems = (body: unknown): readonly string[] =>
    validateResponse(key, variant, key.startsWith("POST") ? 201 : 200, body);

  test.each(additions.map((addition) => [addition]))("with %j", (addition) => {
    expect(problems({ ...whole, ...addition })).toEqual([]);
  });

  test("without a field too many", () => {
    expect(problems({ ...whole, surprise: 1 })).toEqual(["The field surprise is not known here."]);
  });
});

describe("fields that Conifer always answers", () => {
  const mandatory: readonly (readonly [RouteKey, string, readonly string[]])[] = [
    [
      "GET /apps/{app}/builds/{build}",
      "build",
      ["app", "generation", "output_stream_url", "release", "slug", "stack"],
    ],
    [
      "GET /apps/{app}/releases/{release}",
      "release",
      ["artifacts", "eligible_for_rollback", "output_stream_url"],
    ],
    ["GET /apps/{app}/dynos/{dyno}", "dyno", ["attach_url", "command", "release", "size", "state"]],
  ];

  test.each(mandatory)("%s", (key, resource, names) => {
    for (const name of names) {
      const { [name]: _, ...rest } = example(`#${resource}`, "base");
      expect(validateResponse(key, "base", 200, rest)).toEqual([`The field ${name} is missing.`]);
    }
  });
});

test("config vars that are read are texts, never null", () => {
  const key = "GET /apps/{app}/config-vars";
  expect(validateResponse(key, "base", 200, { A: "1", "odd.name": "" })).toEqual([]);
  expect(validateResponse(key, "base", 200, { A: null })).toEqual(["The field A must be a string."]);
});

test("each correction says something", () => {
  for (const { resource, source, ...change } of resourceCorrections) {
    expect(
      Object.keys(change).filter((name) => name !== "variants"),
      resource,
    ).not.toEqual([]);
    expect(source, resource).toMatch(/\w+ \w+/);
  }
});
