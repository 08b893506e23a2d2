import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newId } from "../kernel/index.ts";
import { startTestControl, type TestControl } from "./control-fixtures.ts";
import { idlePorts } from "./idle-ports-fixtures.ts";

const ACCEPT = "application/vnd.heroku+json; version=3";
let control: TestControl;
let token: string;
let base: string;

beforeAll(async () => {
  control = await startTestControl({ ports: idlePorts() });
  ({ token } = await control.account("owner@example.com"));
  await control.call("POST /apps", { token, body: { name: "first" } });
  const { server } = control.api;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  base = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterAll(() => control.stop());

/** Over a real connection, with nothing added but credentials and version. */
const send = (path: string, init: RequestInit = {}) =>
  fetch(`${base}${path}`, {
    ...init,
    headers: { accept: ACCEPT, authorization: `Bearer ${token}`, ...init.headers },
  });
const json = { "content-type": "application/json" };

describe("the version", () => {
  test.each(["application/json", "*/*", "application/vnd.heroku+json; version=2"])(
    "%s is not acceptable, with or without credentials",
    async (accept) => {
      for (const credentials of [token, undefined]) {
        const answer = await control.call("GET /apps", { token: credentials, headers: { accept } });
        expect([answer.status, answer.body.id]).toEqual([406, "not_acceptable"]);
        expect(answer.body.message).toContain("application/vnd.heroku+json; version=3");
      }
    },
  );

  test("that nobody knows is base", async () => {
    const answer = await control.call("GET /apps/first", { token, variant: "3.made-up" });
    expect(answer.body.generation).toEqual({ id: expect.any(String), name: "cedar" });
    const sdk = await control.call("GET /apps/first", { token, variant: "3.sdk" });
    expect(sdk.body.generation).toBe("cedar");
  });

  test("is asked for by the schema too, which is cached by its tag", async () => {
    const answer = await send("/schema");
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/schema+json"]);
    expect(await answer.json()).toMatchObject({ definitions: expect.any(Object) });
    const again = await send("/schema", {
      headers: { "if-none-match": answer.headers.get("etag") ?? "" },
    });
    expect(again.status).toBe(304);
    expect((await send("/schema", { headers: { accept: "text/html" } })).status).toBe(406);
  });
});

describe("a body", () => {
  test.each([
    ["is not JSON", "{", json, 400, "bad_request"],
    ["is no UTF-8 text", "\u0000", json, 400, "bad_request"],
    [
      "is a form",
      "name=x",
      { "content-type": "application/x-www-form-urlencoded" },
      415,
      "unsupported_media_type",
    ],
    ["is of no type", "{}", { "content-type": "nonsense" }, 415, "unsupported_media_type"],
    ["is a list", "[]", json, 422, "invalid_params"],
    ["is text", '"x"', json, 422, "invalid_params"],
    ["has an unknown field", '{"nme":"x"}', json, 422, "invalid_params"],
    ["has a wrong type", '{"name":5}', json, 422, "invalid_params"],
    ["has a NUL", '{"name":"a\\u0000b"}', json, 422, "invalid_params"],
    ["has a name that is too long", `{"name":"${"x".repeat(31)}"}`, json, 422, "invalid_params"],
    ["has a taken name", '{"name":"first"}', json, 422, "invalid_params"],
    ["has an unknown region", '{"region":"mars"}', json, 422, "invalid_params"],
    ["has an unknown stack", '{"stack":"heroku-99"}', json, 422, "invalid_params"],
    ["has an unknown team", '{"team":"acme"}', json, 404, "not_found"],
    ["has an unknown space", '{"space":"acme"}', json, 404, "not_found"],
  ])("that %s is refused", async (_what, body, headers, status, id) => {
    const answer = await send("/apps", { method: "POST", body, headers });
    const error = (await answer.json()) as { id: string; message: string };
    expect([answer.status, error.id]).toEqual([status, id]);
    expect(error.message.length).toBeGreaterThan(10);
  });

  test("with an unknown field or a long name says which", async () => {
    const unknown = await control.call("POST /apps", { token, body: { nme: "x" } });
    expect(unknown.body.message).toContain("nme");
    const long = await control.call("POST /apps", { token, body: { name: "x".repeat(31) } });
    expect(long.body.message).toContain("at most 30 characters");
    const taken = await control.call("POST /apps", { token, body: { name: "first" } });
    expect(taken.body.message).toContain("Name first is already taken");
  });

  test("of 10 MB is refused while it is still sent, and the next request is served", async () => {
    const body = JSON.stringify({ BIG: "x".repeat(10 * 1024 * 1024) });
    const answer = await send("/apps/first/config-vars", { method: "PATCH", body, headers: json });
    expect([answer.status, ((await answer.json()) as { id: string }).id]).toEqual([413, "payload_too_large"]);
    expect((await send("/apps/first")).status).toBe(200);
    expect(await (await send("/apps/first/config-vars")).json()).toEqual({});
  });

  test("that is shorter than it says does not hold the server up", async () => {
    const request = httpRequest(`${base}/apps`, {
      method: "POST",
      headers: { ...json, accept: ACCEPT, authorization: `Bearer ${token}`, "content-length": 100 },
    });
    request.on("error", () => {});
    request.write("{");
    await once(request, "socket");
    request.destroy();
    expect((await send("/apps/first")).status).toBe(200);
  });

  test.each([
    [
      "DELETE without one",
      "/apps/first/build-cache",
      { method: "DELETE", headers: { "content-length": "0" } },
    ],
    [
      "DELETE with an empty object",
      "/apps/first/build-cache",
      { method: "DELETE", body: "{}", headers: json },
    ],
    ["POST of nothing under a type", "/sources", { method: "POST", body: "", headers: json }],
    ["GET with a type", "/apps/first", { headers: json }],
    ["the API's own type", "/sources", { method: "POST", body: "{}", headers: { "content-type": ACCEPT } }],
    [
      "JSON with a charset",
      "/sources",
      { method: "POST", body: "{}", headers: { "content-type": "application/json; charset=utf-8" } },
    ],
  ])("may be absent or empty: %s", async (_what, path, init) => {
    expect((await send(path, init)).status).toBeLessThan(300);
  });
});

describe("credentials", () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;

  test.each([
    ["none", undefined],
    ["a wrong token", "Bearer nonsense"],
    ["a token as user name", () => basic(`${token}:`)],
    ["an account's password", () => basic("owner@example.com:wrong")],
    ["another scheme", "Digest x"],
    ["a token that is very long", `Bearer ${"x".repeat(5_000)}`],
    ["a NUL", () => basic(":a\0b")],
  ])("that are %s get 401 in one shape", async (_what, given) => {
    const authorization = typeof given === "function" ? given() : given;
    const answer = await fetch(`${base}/apps`, {
      headers: { accept: ACCEPT, ...(authorization ? { authorization } : {}) },
    });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toEqual({ id: "unauthorized", message: expect.any(String) });
    expect(answer.headers.get("www-authenticate")).toBe('Basic realm="Conifer"');
    expect(answer.headers.get("ratelimit-remaining")).toBeNull();
  });

  test.each([
    ["a bearer token", () => `Bearer ${token}`],
    ["a password without a user", () => basic(`:${token}`)],
    ["a password with any user", () => basic(`user:${token}`)],
    ["a password with the address", () => basic(`owner@example.com:${token}`)],
  ])("may be %s", async (_what, authorization) => {
    const answer = await send("/account", { headers: { authorization: authorization() } });
    expect(answer.status).toBe(200);
  });
});

describe("tags", () => {
  test("spare a reader what it has, until it changes", async () => {
    const first = await control.call("GET /apps/first", { token });
    const tag = String(first.headers.etag);
    const ifNoneMatch = (etag: string) =>
      control.call("GET /apps/first", { token, headers: { "if-none-match": etag } });
    for (const known of [tag, `W/${tag}`, `"x", ${tag}`, "*"]) {
      const again = await ifNoneMatch(known);
      expect([again.status, again.text, again.headers.etag]).toEqual([304, "", tag]);
    }
    await control.call("PATCH /apps/first", { token, body: { maintenance: true } });
    const changed = await ifNoneMatch(tag);
    expect([changed.status, changed.body.maintenance]).toEqual([200, true]);
    await control.call("PATCH /apps/first", { token, body: { maintenance: false } });
  });

  test("differ between variants, and are there on lists and on writes", async () => {
    const one = await control.call("GET /apps/first", { token });
    const other = await control.call("GET /apps/first", { token, variant: "3.sdk" });
    expect(one.headers.etag).not.toBe(other.headers.etag);
    const list = await control.call("GET /apps", { token });
    expect(list.headers.etag).toMatch(/^"/);
    const again = await control.call("GET /apps", {
      token,
      headers: { "if-none-match": String(list.headers.etag) },
    });
    expect(again.status).toBe(304);
    const patched = await control.call("PATCH /apps/first", { token, body: {} });
    expect(patched.headers.etag).toMatch(/^"/);
  });

  test("guard a write against a change in between", async () => {
    const { headers } = await control.call("GET /apps/first", { token });
    const write = (etag: string, maintenance: boolean) =>
      control.call("PATCH /apps/first", { token, body: { maintenance }, headers: { "if-match": etag } });
    const calls = await control.call("GET /account/rate-limits", { token });
    expect((await write(String(headers.etag), true)).status).toBe(200);
    const late = await write(String(headers.etag), false);
    expect([late.status, late.body.id]).toEqual([412, "precondition_failed"]);
    expect((await control.call("GET /apps/first", { token })).body.maintenance).toBe(true);
    expect((await write("*", false)).status).toBe(200);
    const after = await control.call("GET /account/rate-limits", { token });
    expect(calls.body.remaining - after.body.remaining).toBeLessThanOrEqual(4);
  });

  test("of what is not there guard it too", async () => {
    const missing = await control.call("PATCH /apps/nowhere", {
      token,
      body: {},
      headers: { "if-match": '"x"' },
    });
    expect(missing.status).toBe(404);
    const unreadable = await control.call("POST /sources", { token, headers: { "if-match": "*" } });
    expect(unreadable.status).toBe(412);
  });
});

describe("the headers of an answer", () => {
  test("are those clients rely on", async () => {
    const { headers } = await control.call("GET /apps", { token });
    expect(headers).toMatchObject({
      "content-type": expect.stringMatching(/^application\/json/),
      "cache-control": "private, no-cache",
      "x-content-type-options": "nosniff",
      "oauth-scope": "global",
      "oauth-scope-accepted": "global read",
      "ratelimit-remaining": expect.stringMatching(/^\d+$/),
      "ratelimit-multiplier": "1",
      "x-runtime": expect.stringMatching(/^\d+\.\d{6}$/),
      "accept-ranges": "id, name",
    });
  });

  test("repeat the caller's request ids, own first, also on errors", async () => {
    const mine = `${newId()},${newId()}`;
    for (const route of ["GET /apps", "GET /apps/nowhere", "GET /nowhere", "GET /%zz"]) {
      const { headers } = await control.call(route, { token, headers: { "request-id": mine } });
      expect([route, String(headers["request-id"])]).toEqual([
        route,
        expect.stringMatching(new RegExp(`^[0-9a-f-]{36},${mine}$`)),
      ]);
    }
  });

  test("hold a chain of 7 KB of ids, and requests with larger headers still", async () => {
    const chain = Array.from({ length: 189 }, newId).join(",");
    const answer = await send("/apps/first", {
      headers: { "request-id": chain, "x-filler": "x".repeat(20_000) },
    });
    expect(answer.status).toBe(200);
    const ids = answer.headers.get("request-id") ?? "";
    expect(ids.length).toBeLessThanOrEqual(7_000);
    expect(chain.startsWith(ids.split(",").slice(1).join(","))).toBe(true);
    expect(ids.split(",").length).toBeGreaterThan(180);
  });

  test("that are larger than any client sends are refused in words", async () => {
    const answer = await send("/apps/first", { headers: { "x-filler": "x".repeat(100_000) } });
    expect(answer.status).toBe(431);
    expect(await answer.json()).toEqual({ id: "bad_request", message: expect.any(String) });
  });

  test("of staff clients are ignored", async () => {
    const staff = {
      "x-heroku-sudo": "true",
      "x-heroku-sudo-user": "other@example.com",
      "x-heroku-sudo-reason": "because",
      "heroku-include-deleted": "true",
      "x-heroku-legacy-provider-messages": "true",
      "heroku-two-factor-code": "123456",
      "accept-expansion": "addon_service,plan",
      "accept-inclusion": "addon:plan,config_vars",
    };
    const [with_, without] = [
      await control.call("GET /account", { token, headers: staff }),
      await control.call("GET /account", { token }),
    ];
    expect([with_.status, with_.body]).toEqual([200, without.body]);
  });

  test("say that a large answer is packed for those who take it", async () => {
    const get = (encoding: string) =>
      control.api.inject({
        url: "/dyno-sizes",
        headers: { accept: ACCEPT, authorization: `Bearer ${token}`, "accept-encoding": encoding },
      });
    const plain = await get("identity");
    const packed = await get("gzip, deflate");
    expect([plain.headers["content-encoding"], packed.headers["content-encoding"]]).toEqual([
      undefined,
      "gzip",
    ]);
    expect(gunzipSync(packed.rawPayload).equals(plain.rawPayload)).toBe(true);
    expect(packed.rawPayload.length).toBeLessThan(plain.rawPayload.length);
    expect((await get("gzip;q=0")).headers["content-encoding"]).toBeUndefined();
  });
});

describe("methods", () => {
  test("HEAD answers as GET, without a body", async () => {
    const [head, get] = [await send("/apps", { method: "HEAD" }), await send("/apps")];
    expect([head.status, await head.text()]).toEqual([200, ""]);
    for (const name of ["etag", "content-type", "content-range", "accept-ranges"])
      expect([name, head.headers.get(name)]).toEqual([name, get.headers.get(name)]);
    expect((await send("/apps/nowhere", { method: "HEAD" })).status).toBe(404);
  });

  test("OPTIONS opens the API to any origin", async () => {
    const answer = await fetch(`${base}/apps/first`, {
      method: "OPTIONS",
      headers: {
        origin: "https://example.com",
        "access-control-request-method": "PATCH",
        "access-control-request-headers": "authorization, range",
      },
    });
    expect([answer.status, await answer.text()]).toEqual([204, ""]);
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect(answer.headers.get("access-control-allow-methods")).toContain("PATCH");
    expect(answer.headers.get("access-control-allow-headers")).toBe("authorization, range");
    const exposed = (await send("/apps", { headers: { origin: "https://example.com" } })).headers;
    expect(exposed.get("access-control-allow-origin")).toBe("*");
    expect(exposed.get("access-control-expose-headers")).toContain("Next-Range");
  });

  test.each(["PATCH", "patch"])("POST may stand for another: %s", async (method) => {
    const body = JSON.stringify({ maintenance: true });
    const headers = { ...json, "x-http-method-override": method };
    const answer = await send("/apps/first", { method: "POST", body, headers });
    expect([answer.status, await answer.json()]).toMatchObject([200, { maintenance: true }]);
    await control.call("PATCH /apps/first", { token, body: { maintenance: false } });
  });

  test("only POST may, and only for methods there are", async () => {
    const get = await send("/apps/first", { headers: { "x-http-method-override": "DELETE" } });
    expect([get.status, await get.json()]).toMatchObject([200, { name: "first" }]);
    const odd = await send("/apps/first", { method: "POST", headers: { "x-http-method-override": "BREW" } });
    expect(odd.status).toBe(405);
  });

  test("that a path does not know are refused with those that it does", async () => {
    const answer = await control.call("PUT /apps/first", { token, body: {} });
    expect([answer.status, answer.body.id, answer.headers.allow]).toEqual([
      405,
      "method_not_allowed",
      "DELETE, GET, HEAD, PATCH",
    ]);
  });
});

describe("paths", () => {
  test.each(["/apps/first", "/apps/first/", "/apps/%66irst", "/apps/first?x=1", "/apps/first?"])(
    "%s is the app",
    async (path) => {
      const answer = await send(path);
      expect([answer.status, ((await answer.json()) as { name: string }).name]).toEqual([200, "first"]);
    },
  );

  test.each([
    ["/nowhere", 404, "not_found"],
    ["/apps/first/nowhere", 404, "not_found"],
    ["/APPS/first", 404, "not_found"],
    ["/apps//", 404, "not_found"],
    ["/apps/%2e%2e%2faccount", 404, "not_found"],
    ["/apps/first%2Fbuilds", 404, "not_found"],
    ["/apps/first%00", 404, "not_found"],
    ["/apps/%F0%9F%8C%B2", 404, "not_found"],
    ["/apps/' or 1=1 --", 404, "not_found"],
    [`/apps/${"x".repeat(1_500)}`, 404, "not_found"],
    [`/apps/${"x".repeat(5_000)}`, 404, "not_found"],
    ["/apps/%zz", 400, "bad_request"],
    ["/apps/%", 400, "bad_request"],
  ])("%s is %i %s", async (path, status, id) => {
    const answer = await send(path);
    const body = (await answer.json()) as { id: string };
    expect([answer.status, body.id]).toEqual([status, id]);
  });

  test("that nobody knows tell nothing about credentials", async () => {
    const answer = await control.call("GET /nowhere");
    expect([answer.status, answer.body.id]).toEqual([404, "not_found"]);
  });
});

test("a host that is no host is refused where addresses are made of it", async () => {
  const answer = await control.call("POST /sources", { token, headers: { host: "a b/c" } });
  expect([answer.status, answer.body.id]).toEqual([400, "bad_request"]);
});
