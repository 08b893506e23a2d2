import { routes } from "@conifer/contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAuthorization } from "../accounts/token/index.ts";
import { scopeAllows } from "../http/access.ts";
import { accessTable } from "../http/access-table.ts";
import type { Scope } from "../kernel/index.ts";
import { startTestControl, type TestControl } from "./control-fixtures.ts";
import { idlePorts } from "./idle-ports-fixtures.ts";

const SCOPES: readonly Scope[] = ["identity", "read", "write", "read-protected", "write-protected"];
const LIMIT = 3_000;
let control: TestControl;
let accountId: string;
const tokens = new Map<Scope, string>();

beforeAll(async () => {
  control = await startTestControl({
    ports: idlePorts(),
    environment: { CONIFER_RATE_LIMIT: String(LIMIT) },
  });
  const made = await control.account("owner@example.com");
  accountId = made.id;
  await control.call("POST /apps", { token: made.token, body: { name: "first" } });
  for (const scope of SCOPES) {
    const wanted = { accountId, scope: [scope] };
    tokens.set(scope, (await createAuthorization(wanted, control.context)).token);
  }
});
afterAll(() => control.stop());

describe.each(SCOPES)("a token of the scope %s", (scope) => {
  const served = routes.filter(({ key }) => accessTable[key] !== undefined);
  test.each(served.map(({ key }) => key))("and %s", async (key) => {
    const access = accessTable[key];
    if (!access || access.on === "nobody") return;
    const [method = "GET", template = ""] = key.split(" ");
    // The check comes before the body is read: an unknown field keeps what is allowed from happening.
    const path = template.replace("{app}", "first").replaceAll(/\{[^}]+\}/g, "nothing");
    const body = ["GET", "DELETE"].includes(method) ? undefined : { "no-such-field": 1 };
    if (method === "DELETE" && scopeAllows([scope], access.scope) && path === "/apps/first") return;
    const answer = await control.call(`${method} ${path}`, { token: tokens.get(scope), body });
    expect(answer.headers["oauth-scope"]).toBe(scope);
    expect(answer.headers["oauth-scope-accepted"]).toContain("global");
    if (scopeAllows([scope], access.scope)) expect([answer.text, answer.status]).not.toContain(403);
    else expect([answer.status, answer.body.id]).toEqual([403, "forbidden"]);
  });
});

test("a token may ask for no more than it has by making another", async () => {
  const answer = await control.call("POST /oauth/authorizations", {
    token: tokens.get("write-protected"),
    body: { scope: ["global"] },
  });
  expect([answer.status, answer.body.id]).toEqual([403, "forbidden"]);
});

describe("the rate limit", () => {
  test("counts each account's calls over all its tokens, and not the look at it", async () => {
    const { token } = await control.account("counted@example.com");
    const second = await control.call("POST /oauth/authorizations", { token, body: {} });
    const other = second.body.access_token.token;
    const before = Number((await control.call("GET /account", { token })).headers["ratelimit-remaining"]);
    const after = Number(
      (await control.call("GET /account", { token: other })).headers["ratelimit-remaining"],
    );
    expect(after).toBeLessThanOrEqual(before);
    for (let i = 0; i < 5; i++) await control.call("GET /account/rate-limits", { token });
    const { body, headers } = await control.call("GET /account/rate-limits", { token });
    expect(body.remaining).toBeGreaterThanOrEqual(after - 1);
    expect(Number(headers["ratelimit-remaining"])).toBe(body.remaining);
  });

  test("refuses an account that has used up its calls, and nobody else", async () => {
    const { token } = await control.account("busy@example.com");
    const calm = await control.account("calm@example.com");
    const call = () => control.call("GET /apps/no-such-app", { token });
    let answer = await call();
    for (let i = 0; i < LIMIT * 2 && answer.status !== 429; i++) answer = await call();
    expect([answer.status, answer.body.id, answer.headers["ratelimit-remaining"]]).toEqual([
      429,
      "rate_limit",
      "0",
    ]);
    expect(answer.body.message).toMatch(/used up its API calls/);
    expect((await control.call("GET /account/rate-limits", { token })).status).toBe(200);
    expect((await control.call("GET /account", { token: calm.token })).status).toBe(200);
  }, 60_000);
});
