import { describe, expect, test } from "vitest";
import type { RouteKey } from "../src/index.ts";
import { validateRequest } from "../src/validation.ts";
import { requestCorrections } from "./request-corrections.ts";

const uuid = "01234567-89ab-4cde-8123-456789abcdef";

/** What each route must take, and what it must refuse all the same. */
const table: readonly (readonly [RouteKey, readonly unknown[], readonly unknown[]])[] = [
  [
    "POST /apps",
    [{ kernel: "cedar" }, { organization: "crew" }, { personal: true }, { stack: { id: uuid } }],
    [{ stack: ["cnb"] }, { locked: "yes" }, { region: { name: 1 } }],
  ],
  ["POST /teams/apps", [{ team: { name: "crew" }, locked: true }], [{ team: 3 }]],
  [
    "PATCH /apps/{app}",
    [{ build_stack: { name: "cnb" } }, { build_stack: uuid }, {}],
    [{ name: null }, { stack: "cnb" }, { maintenance: "on" }],
  ],
  [
    "PATCH /account",
    [{ password: "old", new_password: "new" }, { email: "ada@example.com", password: "old" }, { name: null }],
    [{ password: 3 }, { verified: true }],
  ],
  ["PATCH /apps/{app}/acm", [{}, { acm_refresh: true }], [{ acm_refresh: "yes" }]],
  [
    "POST /apps/{app}/builds",
    [
      { source_blob: { url: "https://example.com/a.tgz" } },
      { source_blob: { url: "https://example.com/a.tgz", version: null, checksum: null }, buildpacks: [] },
    ],
    [{}, { source_blob: "https://example.com/a.tgz" }, { source_blob: { version: "a" } }],
  ],
  [
    "POST /apps/{app}/collaborators",
    [{ user: "ada@example.com" }, { user: uuid }, { user: { email: "ada@example.com" }, silent: true }],
    [{}, { user: 3 }, { user: "ada@example.com", role: "owner" }],
  ],
  [
    "POST /apps/{app}/domains",
    [{ hostname: "example.com" }, { hostname: "example.com", sni_endpoint: "tyrannosaurs-1" }],
    [{}, { hostname: 3 }, { hostname: "example.com", kind: "custom" }],
  ],
  [
    "POST /apps/{app}/dynos",
    [
      { command: "bash", size: null, type: null, attach: null, time_to_live: null },
      { command: "bash", env: { A: "1", B: 2, C: null } },
    ],
    [{ attach: true }, { command: ["bash"] }, { command: "bash", env: { A: [] } }],
  ],
  [
    "PATCH /apps/{app}/formation/{formation}",
    [{}, { quantity: "-1" }, { quantity: 0 }, { dyno_size: { id: uuid } }, { dyno_size: "Basic" }],
    [{ quantity: null }, { quantity: 0.5 }, { type: "web" }, { size: 3 }],
  ],
  [
    "PATCH /apps/{app}/formation",
    [{ updates: [] }, { updates: [{ type: "web", quantity: 1, size: null }] }],
    [{ updates: { web: 1 } }, { updates: [{ type: "a b" }] }, { updates: [{ type: "web", extra: 1 }] }],
  ],
  [
    "POST /apps/{app}/log-sessions",
    [
      { lines: null, tail: null, source: null },
      { dyno: "web", type: "web" },
    ],
    [{ lines: "all" }, { tail: "yes" }, { ps: "web" }],
  ],
  [
    "POST /apps/{app}/releases",
    [{ slug: null, description: null }, { release: "v3" }, { release: 3 }, {}],
    [{ release: null }, { release: uuid, description: "both" }, { slug: 3 }],
  ],
  [
    "POST /oauth/authorizations",
    [{ scope: ["read", "write-protected"] }, { client: uuid, expires_in: null }, { expires_in: "60" }],
    [{ scope: "global" }, { expires_in: "" }, { expires_in: 1.5 }],
  ],
  [
    "PATCH /oauth/authorizations/{oauth_authorization}",
    [{ description: "other" }, { client: { id: uuid, secret: "secret" } }],
    [{ client: uuid }, { scope: ["global"] }],
  ],
  [
    "POST /apps/{app}/addons",
    [
      { plan: "a:b", attachment: null },
      { plan: { id: uuid }, attachment: { name: null }, config: {} },
    ],
    [{}, { plan: ["a:b"] }, { plan: "a:b", config: { a: {} } }],
  ],
  ["PATCH /apps/{app}/addons/{add_on}", [{ name: "other" }, { plan: "a:b" }, {}], [{ plan: 3 }]],
  ["DELETE /apps/{app}/addons/{add_on}", [{}, { force: true }, { confirm: "app" }], [{ force: "yes" }]],
  [
    "POST /addon-attachments",
    [
      { addon: "a", app: "b" },
      { addon: { name: "a" }, app: { name: "b" }, confirm: null, name: null, namespace: null },
      { addon: "a", app: "b", namespace_config: { role: "analyst", proxy: true, pool: null } },
    ],
    [{ addon: "a" }, { addon: "a", app: 3 }],
  ],
  [
    "POST /actions/addons/resolve",
    [{ addon: "app::DATABASE_URL", app: null, addon_service: null }, { addon: uuid }],
    [{ app: "a" }],
  ],
  ["POST /actions/addon-attachments/resolve", [{ addon_attachment: "DATABASE", app: "a" }], [{ app: "a" }]],
  [
    "POST /pipelines",
    [{ name: "line" }, { name: "line", generation: "fir", owner: null }],
    [{}, { name: "line", generation: 3 }],
  ],
  ["DELETE /pipelines/{pipeline}", [{}, { name: "line", anything: { at: "all" } }], [[]]],
  [
    "PATCH /pipelines/{pipeline}/review-app-config",
    [{ pipeline: uuid, repo: "a/b", wait_for_ci: true }],
    [{ wait_for_ci: "yes" }],
  ],
  ["POST /pipelines/{pipeline}/review-app-config", [{ repo: "a/b", pipeline: uuid }], [{ pipeline: uuid }]],
  ["DELETE /pipelines/{pipeline}/review-app-config", [{}, { repo: "a/b", wait_for_ci: false }], [{ a: 1 }]],
  [
    "POST /app-setups",
    [
      {
        source_blob: { url: "https://example.com" },
        pipeline_coupling: { pipeline: uuid, stage: "staging" },
      },
    ],
    [{ source_blob: { url: "https://example.com" }, pipeline_coupling: { stage: "moon" } }],
  ],
  [
    "POST /test-runs",
    [
      {
        clear_cache: true,
        commit_branch: "main",
        commit_message: "a",
        commit_sha: "b",
        organization: null,
        pipeline: uuid,
        source_blob_url: "https://example.com",
      },
    ],
    [{ clear_cache: "yes" }],
  ],
  ...(["POST", "PUT", "PATCH"] as const).map(
    (method) =>
      [
        `${method} /teams/{team}/members`,
        [{ email: "ada@example.com", role: "collaborator" }],
        [{ email: "ada@example.com", role: "captain" }, { email: "ada@example.com" }],
      ] as const,
  ),
  [
    "POST /spaces",
    [
      { name: "yard", team: "crew", log_drain_url: null, shield: null, kpi_url: null },
      { name: "yard", team: "crew", cidr: "10.0.0.0/16", generation: "fir" },
    ],
    [{ name: "yard" }, { name: "yard", team: "crew", cidr: "8.8.0.0/16" }, { name: "-", team: "crew" }],
  ],
  [
    "PUT /spaces/{space}/inbound-ruleset",
    [
      { rules: [{ action: "allow", source: "0.0.0.0/0" }] },
      {
        id: uuid,
        applied: true,
        created_at: "a",
        created_by: "b",
        rules: [],
        space: { id: uuid, name: "yard" },
      },
    ],
    [{ rules: [{ action: "maybe", source: "0.0.0.0/0" }] }],
  ],
];

describe.each(table)("%s", (key, taken, refused) => {
  test.each(taken.map((body) => [body]))("takes %j", (body) => {
    expect(validateRequest(key, "base", body)).toEqual([]);
  });

  test.each(refused.map((body) => [body]))("refuses %j", (body) => {
    expect(validateRequest(key, "base", body).length).toBeGreaterThan(0);
  });
});

test("every correction stands in the table", () => {
  const covered = new Set<string>(table.map(([key]) => key));
  const alike = new Set(["PATCH /users/{account}"]);
  expect(
    requestCorrections.map(({ key }) => key).filter((key) => !covered.has(key) && !alike.has(key)),
  ).toEqual([]);
});
