import { type RouteKey, routes } from "@conifer/contract";
import { validateResponse } from "@conifer/contract/validation";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createBuild } from "../delivery/build/index.ts";
import { releaseAnImage } from "../delivery/release/release-fixtures.ts";
import { accessTable } from "../http/access-table.ts";
import { startTestControl, type TestAnswer, type TestControl } from "./control-fixtures.ts";
import { idlePorts } from "./idle-ports-fixtures.ts";

let control: TestControl;
let token: string;
let other: string;
const seen = new Map<string, TestAnswer>();

/** What to call a route with: the path's parameters, and a body where it needs one. */
const CALLS: Partial<Record<RouteKey, { path?: string; body?: unknown }>> = {
  "PATCH /account": { body: { name: "Ada" } },
  "GET /users/{account}": { path: "/users/~" },
  "PATCH /users/{account}": { path: "/users/~", body: { name: "Ada" } },
  "GET /users/{account}/apps": { path: "/users/~/apps" },
  "POST /oauth/authorizations": { body: { description: "for a test", scope: ["read"], expires_in: 100 } },
  "PATCH /oauth/authorizations/{oauth_authorization}": { body: { description: "renamed" } },
  "GET /regions/{region}": { path: "/regions/us" },
  "GET /stacks/{stack}": { path: "/stacks/cnb" },
  "GET /generations/{generation}": { path: "/generations/fir" },
  "GET /dyno-sizes/{dyno_size}": { path: "/dyno-sizes/standard-1x" },
  "POST /apps": { body: { name: "shapes-two" } },
  "POST /filters/apps": { body: { in: { id: [] } } },
  "POST /pipelines": { body: { name: "line-two", generation: { name: "cedar" } } },
  "GET /pipelines/{pipeline}": { path: "/pipelines/line" },
  "PATCH /pipelines/{pipeline}": { path: "/pipelines/line", body: { name: "line" } },
  "DELETE /pipelines/{pipeline}": { path: "/pipelines/line-two" },
  "GET /pipelines/{pipeline}/pipeline-couplings": { path: "/pipelines/line/pipeline-couplings" },
  "PATCH /pipeline-couplings/{pipeline_coupling}": { body: { stage: "production" } },
  "PATCH /apps/{app}": { body: { maintenance: true } },
  "DELETE /apps/{app}": { path: "/apps/shapes-two" },
  "GET /apps/{app}/features/{app_feature}": { path: "/apps/shapes/features/preboot" },
  "PATCH /apps/{app}/features/{app_feature}": {
    path: "/apps/shapes/features/preboot",
    body: { enabled: true },
  },
  "GET /apps/{app}/domains/{domain}": { path: "/apps/shapes/domains/shapes.localhost" },
  "POST /apps/{app}/collaborators": { body: { user: "other@example.com" } },
  "GET /apps/{app}/collaborators/{collaborator}": { path: "/apps/shapes/collaborators/other@example.com" },
  "DELETE /apps/{app}/collaborators/{collaborator}": { path: "/apps/shapes/collaborators/other@example.com" },
  "PATCH /apps/{app}/config-vars": { body: { A: "1" } },
  "PUT /apps/{app}/buildpack-installations": { body: { updates: [] } },
  "GET /apps/{app}/releases/{release}": { path: "/apps/shapes/releases/2" },
  "GET /apps/{app}/releases/{release}/config-vars": { path: "/apps/shapes/releases/2/config-vars" },
  "GET /apps/{app}/releases/{release}/attestations": { path: "/apps/shapes/releases/2/attestations" },
  "POST /apps/{app}/releases": { body: { release: "v2" } },
  "POST /apps/{app}/builds": { body: { source_blob: { url: "https://example.com/app.tgz", version: "v1" } } },
  "PATCH /apps/{app}/formation": { body: { updates: [{ type: "web", quantity: "2" }] } },
  "GET /apps/{app}/formation/{formation}": { path: "/apps/shapes/formation/web" },
  "PATCH /apps/{app}/formation/{formation}": { path: "/apps/shapes/formation/web", body: { quantity: 1 } },
  "POST /apps/{app}/dynos": { body: { command: "true" } },
  "DELETE /apps/{app}/formations/{formation_type}": { path: "/apps/shapes/formations/web" },
  "POST /apps/{app}/formations/{formation_type}/actions/stop": {
    path: "/apps/shapes/formations/web/actions/stop",
  },
  "POST /apps/{app}/log-sessions": { body: { lines: 10, tail: true, source: "app" } },
};

/** Routes of which there is nothing to answer with here; their own tests call them. */
const ELSEWHERE: readonly string[] = [
  "GET /account/features/{account_feature}",
  "PATCH /account/features/{account_feature}",
  "GET /account/keys/{key}",
  "DELETE /account",
  "DELETE /users/{account}",
  "POST /oauth/authorizations/{oauth_authorization}/actions/regenerate-tokens",
  "DELETE /oauth/authorizations/{oauth_authorization}",
  "DELETE /oauth/sessions/{session}",
  "GET /apps/{app}/releases/{release}/attestations/{attestation}",
  "GET /apps/{app}/releases/{release}/advisories",
  "GET /advisories/{advisory}/releases",
  "POST /apps/{app}/oci-images",
  "POST /apps/{app}/dynos/{dyno}",
  "POST /pipeline-couplings",
  "DELETE /pipeline-couplings/{pipeline_coupling}",
];

beforeAll(async () => {
  control = await startTestControl({ ports: idlePorts(), workers: true });
  ({ token } = await control.account("owner@example.com"));
  other = (await control.account("other@example.com")).token;
  const app = await control.call("POST /apps", { token, body: { name: "shapes" } });
  const line = await control.call("POST /pipelines", { token, body: { name: "line" } });
  const coupling = { app: "shapes", pipeline: line.body.id, stage: "staging" };
  await control.call("POST /pipeline-couplings", { token, body: coupling });
  await releaseAnImage(control.context, app.body.id, { web: "node server.js" });
  // Builds wait behind one that never ends, so that they are there to be read and cancelled.
  const actor = { id: app.body.owner.id, email: app.body.owner.email };
  await createBuild({ appId: app.body.id, actor, sourceDigest: `sha256:${"0".repeat(64)}` }, control.context);
  await vi.waitFor(async () => {
    expect((await control.call("GET /apps/shapes/formation", { token })).body).toHaveLength(1);
  });
});
afterAll(() => control.stop());

const served = routes.filter(({ key }) => accessTable[key] !== undefined && !ELSEWHERE.includes(key));

describe.each(["base", "sdk"] as const)("in the variant %s", (variant) => {
  const ordered = [...served].sort((a, b) => rank(a.method) - rank(b.method));
  test.each(ordered.map(({ key }) => key))("%s answers in the contract's shape", async (key) => {
    const answer = await call(key, variant);
    expect([answer.text, answer.status]).toEqual([answer.text, expect.toBeOneOf([200, 201, 202, 206])]);
    expect(validateResponse(key, variant, answer.status, answer.body)).toEqual([]);
    expect(answer.headers.etag).toMatch(/^"[0-9a-f]{32}"$/);
    expect(answer.headers["request-id"]).toMatch(/^[0-9a-f-]{36}/);
    seen.set(key, answer);
  });
});

/** What is made must be there before it is read, and is removed last. */
function rank(method: string): number {
  return { POST: 0, PATCH: 1, GET: 2, PUT: 2, DELETE: 3 }[method] ?? 2;
}

async function call(key: RouteKey, variant: "base" | "sdk"): Promise<TestAnswer> {
  const [method = "GET", template = ""] = key.split(" ");
  const known = CALLS[key];
  const path = known?.path ?? (await fill(template));
  return await control.call(`${method} ${path}`, {
    token,
    variant: variant === "sdk" ? "3.sdk" : "3",
    ...(known?.body === undefined ? {} : { body: known.body }),
  });
}

/** Puts things that exist in the place of parameters. */
async function fill(template: string): Promise<string> {
  const path = template.replace("{app}", "shapes");
  if (path.includes("{build}")) return path.replace("{build}", await newestBuild());
  if (path.includes("{oci_image}")) return path.replace("{oci_image}", await anImage());
  if (path.includes("{oauth_authorization}"))
    return path.replace("{oauth_authorization}", await anAuthorization());
  if (path.includes("{pipeline_coupling}")) return path.replace("{pipeline_coupling}", await aCoupling());
  if (path.includes("{dyno}")) return path.replace("{dyno}", await aDyno());
  return path;
}

async function newestBuild(): Promise<string> {
  const made = await control.call("POST /apps/shapes/builds", {
    token,
    body: { source_blob: { url: "https://a.example/b.tgz" } },
  });
  return made.body.id;
}

async function anAuthorization(): Promise<string> {
  return (await control.call("GET /oauth/authorizations", { token })).body[0].id;
}

async function anImage(): Promise<string> {
  const releases = await control.call("GET /apps/shapes/releases", { token });
  return releases.body.find((release: { oci_image: { id: string } | null }) => release.oci_image).oci_image
    .id;
}

async function aCoupling(): Promise<string> {
  return (await control.call("GET /apps/shapes/pipeline-couplings", { token })).body.id;
}

async function aDyno(): Promise<string> {
  const made = await control.call("POST /apps/shapes/dynos", { token, body: { command: "true" } });
  return made.body.id;
}

describe("an app of somebody else", () => {
  const appRoutes = routes.filter(({ key }) => accessTable[key]?.on === "app");
  test.each(appRoutes.map(({ key }) => key))("%s is not found", async (key) => {
    const [method = "GET", template = ""] = key.split(" ");
    const path = template.replace("{app}", "shapes").replaceAll(/\{[^}]+\}/g, "web");
    const known = CALLS[key]?.body;
    const answer = await control.call(`${method} ${path}`, {
      token: other,
      ...(known === undefined ? {} : { body: known }),
    });
    expect([answer.status, answer.body]).toEqual([
      404,
      { id: "not_found", message: expect.any(String), resource: "app" },
    ]);
    const missing = await control.call(`${method} ${path.replace("/shapes", "/no-such-app")}`, {
      token: other,
      ...(known === undefined ? {} : { body: known }),
    });
    expect(missing.body).toEqual(answer.body);
  });
});

test.each(routes.map(({ key }) => key))("%s needs a token", async (key) => {
  const [method = "GET", template = ""] = key.split(" ");
  const answer = await control.call(`${method} ${template.replaceAll(/\{[^}]+\}/g, "x")}`);
  expect([answer.status, answer.body?.id]).toEqual(
    accessTable[key]?.on === "nobody" ? [200, undefined] : [401, "unauthorized"],
  );
});

test.each(routes.filter(({ key }) => !accessTable[key]).map(({ key }) => key))(
  "%s says that it is not served",
  async (key) => {
    const [method = "GET", template = ""] = key.split(" ");
    const answer = await control.call(`${method} ${template.replaceAll(/\{[^}]+\}/g, "x")}`, { token });
    expect([answer.status, answer.body.id]).toEqual([501, "not_implemented"]);
  },
);
