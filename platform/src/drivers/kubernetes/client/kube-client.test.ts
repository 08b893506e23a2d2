import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { accessTo, openScriptedApi, type ScriptedApi, status } from "./api-server-fixtures.ts";
import { type KubeClient, makeKubeClient, pluralOf, type Query, queryText } from "./kube-client.ts";
import { isConflict, isExpired, isNotFound, isPassing, KubeError } from "./kube-error.ts";
import { type ConfigMap, KIND } from "./kube-objects.ts";

let api: ScriptedApi;
let client: KubeClient;

beforeEach(async () => {
  api = await openScriptedApi();
  client = makeKubeClient(accessTo(api.url));
});
afterEach(async () => {
  await client.close();
  await api.close();
});

const place = { kind: KIND.configMap, namespace: "apps" };
const PATH = "/api/v1/namespaces/apps/configmaps";
const map: ConfigMap = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "one", namespace: "apps" },
  data: { text: "ä ö" },
};

/** What a call ends with when the server answers so. */
async function failure(call: Promise<unknown>): Promise<KubeError> {
  return (await call.then(
    () => expect.fail("it was not refused"),
    (thrown: unknown) => thrown,
  )) as KubeError;
}

describe("what is asked", () => {
  test("get", async () => {
    const asked = client.get<ConfigMap>(place, "one");
    const exchange = await api.next();
    expect(exchange).toMatchObject({ method: "GET", path: `${PATH}/one`, queryText: "", body: "" });
    expect(exchange.headers).toMatchObject({ accept: "application/json" });
    expect(exchange.headers["content-type"]).toBeUndefined();
    expect(exchange.headers.authorization).toBeUndefined();
    exchange.reply(200, map);
    expect(await asked).toEqual(map);
  });

  test.each([
    ["create", "POST", PATH, { fieldManager: "conifer" }, "application/json"],
    ["replace", "PUT", `${PATH}/one`, { fieldManager: "conifer" }, "application/json"],
    [
      "apply",
      "PATCH",
      `${PATH}/one`,
      { fieldManager: "conifer", force: "true" },
      "application/apply-patch+yaml",
    ],
  ] as const)("%s", async (verb, method, path, query, type) => {
    const asked = client[verb](map);
    const exchange = await api.next();
    expect(exchange).toMatchObject({ method, path, query });
    expect(exchange.headers["content-type"]).toBe(type);
    expect(JSON.parse(exchange.body)).toEqual(map);
    const stored = { ...map, metadata: { ...map.metadata, resourceVersion: "7" } };
    exchange.reply(verb === "create" ? 201 : 200, stored);
    expect(await asked).toEqual(stored);
  });

  test("an apply in somebody's name, which the server only checks", async () => {
    const asked = client.apply(map, { dryRun: true, fieldManager: "conifer-install" });
    const exchange = await api.next();
    expect(exchange.query).toEqual({ fieldManager: "conifer-install", force: "true", dryRun: "All" });
    exchange.reply(200, map);
    expect(await asked).toEqual(map);
  });

  test("what is no object, with the server's clock", async () => {
    const asked = client.ask("/version");
    const exchange = await api.next();
    expect(exchange).toMatchObject({ method: "GET", path: "/version" });
    const before = Date.now();
    exchange.reply(200, { major: "1" });
    const { value, date } = await asked;
    expect(value).toEqual({ major: "1" });
    expect(Math.abs((date?.getTime() ?? 0) - before)).toBeLessThan(5_000);
  });

  test.each([
    ["Secret", "secrets"],
    ["NetworkPolicy", "networkpolicies"],
    ["PriorityClass", "priorityclasses"],
    ["Gateway", "gateways"],
    ["HTTPRoute", "httproutes"],
  ])("more than one %s are %s", (kind, plural) => {
    expect(pluralOf({ kind })).toBe(plural);
  });

  test("a merge patch", async () => {
    const asked = client.merge(place, "one", { data: { text: null } });
    const exchange = await api.next();
    expect(exchange).toMatchObject({
      method: "PATCH",
      path: `${PATH}/one`,
      query: { fieldManager: "conifer" },
    });
    expect(exchange.query.force).toBeUndefined();
    expect(exchange.headers["content-type"]).toBe("application/merge-patch+json");
    expect(exchange.body).toBe('{"data":{"text":null}}');
    exchange.reply(200, map);
    await asked;
  });

  test.each([
    [{}, {}],
    [{ gracePeriodSeconds: 0 }, { gracePeriodSeconds: 0 }],
    [{ uid: "u" }, { preconditions: { uid: "u" } }],
    [
      { uid: "u", resourceVersion: "3", gracePeriodSeconds: 30 },
      { preconditions: { uid: "u", resourceVersion: "3" }, gracePeriodSeconds: 30 },
    ],
  ])("a removal with %j", async (options, wanted) => {
    const asked = client.remove(place, "one", options);
    const exchange = await api.next();
    expect(exchange).toMatchObject({ method: "DELETE", path: `${PATH}/one` });
    expect(JSON.parse(exchange.body)).toEqual({
      apiVersion: "v1",
      kind: "DeleteOptions",
      propagationPolicy: "Background",
      ...wanted,
    });
    exchange.reply(200, status(200, "", ""));
    expect(await asked).toBe(true);
  });

  test("kinds of a group, kinds without a namespace, and an irregular plural", async () => {
    const calls = [
      client.get({ kind: KIND.replicaSet, namespace: "apps" }, "web"),
      client.get({ kind: KIND.namespace }, "apps"),
      client.create({
        ...{ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy" },
        metadata: { name: "wall", namespace: "apps" },
      }),
      client.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "apps" } }),
    ];
    const paths: string[] = [];
    for (const _ of calls) {
      const exchange = await api.next();
      paths.push(`${exchange.method} ${exchange.path}`);
      exchange.reply(200, map);
    }
    await Promise.all(calls);
    expect(paths.sort()).toEqual([
      "GET /api/v1/namespaces/apps",
      "GET /apis/apps/v1/namespaces/apps/replicasets/web",
      "PATCH /api/v1/namespaces/apps",
      "POST /apis/networking.k8s.io/v1/namespaces/apps/networkpolicies",
    ]);
  });

  test("a server behind a path of a proxy", async () => {
    const behind = makeKubeClient(accessTo(`${api.url}/k8s/clusters/c-1`));
    const asked = behind.get(place, "one");
    const exchange = await api.next();
    expect(exchange.path).toBe(`/k8s/clusters/c-1${PATH}/one`);
    exchange.reply(200, map);
    await asked;
    await behind.close();
  });
});

describe("a list", () => {
  test("goes on from a continue token, and gives its items the kind they come without", async () => {
    const asked = client.list<ConfigMap>(place, {
      labelSelector: "a=b,c in (d, e)",
      limit: 2,
      continue: "x=/+",
    });
    const exchange = await api.next();
    expect(exchange).toMatchObject({ path: PATH, method: "GET" });
    expect(exchange.query).toEqual({ labelSelector: "a=b,c in (d, e)", limit: "2", continue: "x=/+" });
    const { apiVersion: _version, kind: _kind, ...item } = map;
    exchange.reply(200, { metadata: { resourceVersion: "12", continue: "next" }, items: [item] });
    expect(await asked).toEqual({ resourceVersion: "12", continue: "next", items: [map] });
  });

  test.each([
    [{ metadata: { resourceVersion: "3", continue: "" }, items: null }, "3"],
    [{ metadata: { resourceVersion: "4" } }, "4"],
    [{}, ""],
  ])("%j holds nothing more", async (answer, resourceVersion) => {
    const asked = client.list(place, {});
    (await api.next()).reply(200, answer);
    expect(await asked).toEqual({ resourceVersion, continue: undefined, items: [] });
  });
});

describe("a refusal", () => {
  const document = (code: number, reason: string) => status(code, reason, `${reason} it is`);
  test.each([
    [401, "Unauthorized", { notFound: false, conflict: false, expired: false, passing: false }],
    [403, "Forbidden", { notFound: false, conflict: false, expired: false, passing: false }],
    [404, "NotFound", { notFound: true, conflict: false, expired: false, passing: false }],
    [409, "AlreadyExists", { notFound: false, conflict: true, expired: false, passing: false }],
    [409, "Conflict", { notFound: false, conflict: true, expired: false, passing: false }],
    [410, "Expired", { notFound: false, conflict: false, expired: true, passing: false }],
    [410, "Gone", { notFound: false, conflict: false, expired: true, passing: false }],
    [422, "Invalid", { notFound: false, conflict: false, expired: false, passing: false }],
    [429, "TooManyRequests", { notFound: false, conflict: false, expired: false, passing: true }],
    [500, "InternalError", { notFound: false, conflict: false, expired: false, passing: true }],
    [503, "ServiceUnavailable", { notFound: false, conflict: false, expired: false, passing: true }],
    [504, "Timeout", { notFound: false, conflict: false, expired: false, passing: true }],
  ])("%i %s", async (code, reason, is) => {
    const asked = failure(client.get(place, "one"));
    (await api.next()).reply(code, document(code, reason));
    const thrown = await asked;
    expect(thrown).toBeInstanceOf(KubeError);
    expect(thrown).toMatchObject({ status: code, reason, retryAfterSeconds: undefined });
    expect(thrown.message).toBe(`GET ${PATH}/one: ${reason} it is`);
    expect({
      notFound: isNotFound(thrown),
      conflict: isConflict(thrown),
      expired: isExpired(thrown),
      passing: isPassing(thrown),
    }).toEqual(is);
  });

  test("says how long to wait, for calls and for streams", async () => {
    const called = failure(client.create(map));
    (await api.next()).reply(429, document(429, "TooManyRequests"), { "retry-after": "7" });
    expect(await called).toMatchObject({ status: 429, retryAfterSeconds: 7 });
    const streamed = failure(client.stream(PATH, {}, new AbortController().signal));
    (await api.next()).reply(503, "busy", { "retry-after": "3" });
    expect(await streamed).toMatchObject({ status: 503, retryAfterSeconds: 3 });
  });

  test("of a proxy is quoted, not followed", async () => {
    const asked = failure(client.get(place, "one"));
    (await api.next()).reply(302, "<html>go there", { location: "/elsewhere" });
    expect(await asked).toMatchObject({ status: 302, reason: "" });
    expect((await asked).message).toBe(`GET ${PATH}/one: answer 302: <html>go there`);
    expect(api.waiting()).toBe(0);
  });

  test("of a removal is false when there is nothing, and an error otherwise", async () => {
    const gone = client.remove(place, "one");
    (await api.next()).reply(404, document(404, "NotFound"));
    expect(await gone).toBe(false);
    const other = failure(client.remove(place, "one", { uid: "another" }));
    (await api.next()).reply(409, document(409, "Conflict"));
    expect(isConflict(await other)).toBe(true);
  });

  test("is told once: nothing is tried again", async () => {
    for (const code of [429, 500, 503]) {
      const asked = failure(client.apply(map));
      (await api.next()).reply(code, document(code, "Busy"), { "retry-after": "1" });
      await asked;
      expect(api.waiting()).toBe(0);
    }
  });
});

describe("an answer that is none", () => {
  test.each(["", "<html>hello</html>", "null", "3", '"text"', '{"kind":'])("%j", async (body) => {
    const asked = failure(client.get(place, "one"));
    (await api.next()).reply(200, body);
    const thrown = await asked;
    expect(thrown.message).toBe(
      `GET ${PATH}/one: the answer is no JSON object; something between may have changed it`,
    );
  });

  test("does not put a Secret's values into an error", async () => {
    const asked = failure(client.get({ kind: KIND.secret, namespace: "apps" }, "one"));
    (await api.next()).reply(200, '{"data":{"password":"aHVudGVyMg=="},}');
    const thrown = await asked;
    expect(`${thrown.message} ${String(thrown.cause)}`).not.toContain("aHVudGVyMg");
  });

  test("a connection that is cut before or in the middle of the answer", async () => {
    const before = failure(client.get(place, "one"));
    (await api.next()).cut();
    expect((await before).message).toContain(`GET ${PATH}/one: `);
    const middle = failure(client.get(place, "two"));
    const feed = (await api.next()).begin();
    await feed.write('{"kind":');
    feed.cut();
    const thrown = await middle;
    expect(thrown.message).toContain(`GET ${PATH}/two: `);
    expect(thrown.cause).toBeInstanceOf(Error);
    expect(isPassing(thrown)).toBe(true);
  });

  test("a server that is not there", async () => {
    await api.close();
    const { signal } = new AbortController();
    for (const asked of [client.get(place, "one"), client.stream(`${PATH}/one`, { watch: true }, signal)]) {
      const thrown = await failure(asked);
      expect(thrown.message).toMatch(/^GET .*configmaps\/one: .*ECONNREFUSED/);
      expect(isPassing(thrown)).toBe(true);
    }
  });

  test("silence lasts no longer than a request may, before and within the answer", async () => {
    const hasty = makeKubeClient(accessTo(api.url), { requestWithinMs: 30 });
    const before = await failure(hasty.get(place, "one"));
    expect(before.message).toBe(`GET ${PATH}/one: no answer within 30 ms`);
    await (await api.next()).closed;
    const within = failure(hasty.get(place, "one"));
    const feed = (await api.next()).begin();
    await feed.write("{");
    expect((await within).message).toBe(`GET ${PATH}/one: no answer within 30 ms`);
    await feed.closed;
    await hasty.close();
  });
});

describe("a stream", () => {
  test("is read as it comes, and ended by its signal", async () => {
    const stopping = new AbortController();
    const opening = client.stream(`${PATH}/x/log`, { follow: true, sinceTime: undefined }, stopping.signal);
    const exchange = await api.next();
    expect(exchange.queryText).toBe("?follow=true");
    const feed = exchange.begin();
    const chunks = (await opening)[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    await feed.write("first");
    expect((await chunks.next()).value.toString()).toBe("first");
    await feed.write("second");
    expect((await chunks.next()).value.toString()).toBe("second");
    stopping.abort(new Error("enough"));
    await expect(chunks.next()).rejects.toThrow("enough");
    await feed.closed;
  });

  test("that nobody reads breaks without ending the process", async () => {
    const opening = client.stream(PATH, {}, new AbortController().signal);
    const feed = (await api.next()).begin();
    const body = await opening;
    feed.cut();
    await new Promise((resolve) => body.once("close", resolve));
    expect(body.errored).toBeInstanceOf(Error);
  });

  test("has no limit of time, however short that of a request", async () => {
    const hasty = makeKubeClient(accessTo(api.url), { requestWithinMs: 1 });
    const opening = hasty.stream(PATH, {}, new AbortController().signal);
    const exchange = await api.next();
    await failure(hasty.get(place, "one"));
    const feed = exchange.begin();
    await feed.write("late");
    feed.end();
    expect(await (await opening).text()).toBe("late");
    await hasty.close();
  });
});

describe("an abort", () => {
  test("before the request: nothing is sent", async () => {
    const reason = new Error("stopped");
    await expect(client.list(place, {}, AbortSignal.abort(reason))).rejects.toBe(reason);
    await expect(client.stream(PATH, {}, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(api.waiting()).toBe(0);
  });

  test("meanwhile: its reason is thrown and the request dropped", async () => {
    const stopping = new AbortController();
    const reason = new Error("stopped");
    const listing = failure(client.list(place, {}, stopping.signal));
    const exchange = await api.next();
    stopping.abort(reason);
    expect(await listing).toBe(reason);
    await exchange.closed;
  });
});

describe("the text of a query", () => {
  test.each<[Query, string]>([
    [{}, ""],
    [{ a: undefined }, ""],
    [{ a: "", b: 0, c: false }, "?a=&b=0&c=false"],
    [{ "a b": "c&d=e", f: "ü/+#?" }, "?a%20b=c%26d%3De&f=%C3%BC%2F%2B%23%3F"],
  ])("%j", (query, wanted) => expect(queryText(query)).toBe(wanted));

  test("any values arrive as they were", () => {
    const values = fc.oneof(fc.string(), fc.string({ unit: "grapheme" }), fc.integer(), fc.boolean());
    fc.assert(
      fc.property(fc.dictionary(fc.string(), values), (query) => {
        const read = Object.fromEntries(new URLSearchParams(queryText(query)));
        const wanted = Object.entries(query).map(([name, value]) => [name, String(value)]);
        expect(read).toEqual(Object.fromEntries(wanted));
      }),
    );
  });
});
