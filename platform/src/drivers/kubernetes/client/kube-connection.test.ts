import { X509Certificate } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import {
  accessTo,
  makeTestAuthority,
  openScriptedApi,
  type ScriptedApi,
  type ScriptedApiOptions,
  status,
} from "./api-server-fixtures.ts";
import { areSameCredentials, type KubeAccess, type KubeCredentials } from "./kube-access.ts";
import { type KubeClient, makeKubeClient } from "./kube-client.ts";
import { tlsOptions } from "./kube-connection.ts";
import { KIND } from "./kube-objects.ts";

const place = { kind: KIND.pod, namespace: "apps" };
const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "web" } };
const opened: (ScriptedApi | KubeClient)[] = [];

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

async function openApi(options: ScriptedApiOptions = {}): Promise<ScriptedApi> {
  const api = await openScriptedApi(options);
  opened.push(api);
  return api;
}

function clientOf(access: KubeAccess): KubeClient {
  const client = makeKubeClient(access);
  opened.push(client);
  return client;
}

const authority = makeTestAuthority();
const tls = authority.issue("localhost", "127.0.0.1");
const fingerprint = ({ cert }: { readonly cert: string }) => new X509Certificate(cert).fingerprint256;

/** Answers and tells what it was asked by. */
async function answered(api: ScriptedApi, client: KubeClient) {
  const asked = client.get(place, "web");
  const exchange = await api.next();
  exchange.reply(200, pod);
  expect(await asked).toEqual(pod);
  return exchange;
}

describe("TLS", () => {
  test("trusts the authority of the access, by address and by name", async () => {
    const api = await openApi({ tls });
    for (const server of [api.url, `https://localhost:${api.port}`])
      await answered(api, clientOf(accessTo(server, { ca: authority.ca })));
  });

  test("does not trust a server without it, nor that of another authority", async () => {
    const api = await openApi({ tls });
    for (const ca of [undefined, makeTestAuthority().ca]) {
      const asked = clientOf(accessTo(api.url, { ca })).get(place, "web");
      await expect(asked).rejects.toThrow(/GET .*pods\/web: .*(?:certificate|signature|issuer)/i);
    }
    expect(api.waiting()).toBe(0);
  });

  test("does not trust a certificate for other names, unless it is told the name", async () => {
    const api = await openApi({ tls: authority.issue("kube.test") });
    const { ca } = authority;
    await expect(clientOf(accessTo(api.url, { ca })).get(place, "web")).rejects.toThrow(/altnames/);
    const { serverName } = await answered(api, clientOf(accessTo(api.url, { ca, serverName: "kube.test" })));
    expect(serverName).toBe("kube.test");
  });

  test("takes any certificate when told to be insecure", async () => {
    const api = await openApi({ tls: makeTestAuthority().issue("elsewhere.test") });
    await answered(api, clientOf(accessTo(api.url, { insecure: true })));
  });

  test("a server on an IPv6 address", async () => {
    const api = await openApi({ tls: authority.issue("::1"), host: "::1" });
    expect(api.url).toMatch(/^https:\/\/\[::1\]:\d+$/);
    await answered(api, clientOf(accessTo(api.url, { ca: authority.ca })));
  });

  test("shows the client's certificate, and another one as soon as there is one", async () => {
    const api = await openApi({ tls });
    const certificates = [authority.issue("first"), authority.issue("second")] as const;
    let certificate: KubeCredentials["certificate"];
    const client = clientOf(
      accessTo(api.url, {
        ca: authority.ca,
        credentials: async () => (certificate ? { certificate } : {}),
      }),
    );
    expect((await answered(api, client)).clientFingerprint).toBeUndefined();
    for (const next of [...certificates, certificates[1]]) {
      certificate = next;
      const exchange = await answered(api, client);
      expect(exchange.clientFingerprint).toBe(fingerprint(next));
    }
  });

  test.each<[string, Partial<KubeAccess>, KubeCredentials["certificate"], object]>([
    ["nothing given", {}, undefined, { rejectUnauthorized: true }],
    ["an authority", { ca: "pem" }, undefined, { ca: "pem", rejectUnauthorized: true }],
    ["a name", { serverName: "kube" }, undefined, { servername: "kube", rejectUnauthorized: true }],
    ["insecure", { insecure: true }, undefined, { rejectUnauthorized: false }],
    ["a certificate", {}, { cert: "c", key: "k" }, { cert: "c", key: "k", rejectUnauthorized: true }],
  ])("its options with %s", (_name, given, certificate, wanted) => {
    expect(tlsOptions(accessTo("https://kube.test", given), certificate)).toEqual(wanted);
  });
});

describe("credentials", () => {
  test("are asked for before each request; connections are kept for all of them", async () => {
    const api = await openApi();
    let asked = 0;
    const client = clientOf(accessTo(api.url, { credentials: async () => ({ token: `t${asked++}` }) }));
    const seen = [];
    for (let i = 0; i < 20; i++) seen.push(await answered(api, client));
    expect(seen.map(({ headers }) => headers.authorization)).toEqual(seen.map((_, i) => `Bearer t${i}`));
    // One that has just been answered may not be free yet.
    expect(new Set(seen.map(({ connection }) => connection)).size).toBeLessThan(10);
  });

  test("that cannot be had: nothing is sent, and the error tells why", async () => {
    const api = await openApi();
    const credentials = async () => Promise.reject(new Error("the helper failed"));
    const client = clientOf(accessTo(api.url, { credentials }));
    await expect(client.get(place, "web")).rejects.toThrow(
      "GET /api/v1/namespaces/apps/pods/web: the helper failed",
    );
    expect(api.waiting()).toBe(0);
  });

  /** Gives these one after the other, each as soon as the one before was refused. */
  function renewing(...tokens: readonly string[]) {
    const given = tokens.map((token): KubeCredentials => ({ token }));
    let at = 0;
    const refusals: (KubeCredentials | undefined)[] = [];
    const credentials = async (refused?: KubeCredentials) => {
      refusals.push(refused);
      if (refused === given[at] && at < given.length - 1) at++;
      return given[at] ?? {};
    };
    return { credentials, refusals };
  }

  test("that were refused are renewed, and the request is sent again, body and all", async () => {
    const api = await openApi();
    const { credentials, refusals } = renewing("old", "new");
    const client = clientOf(accessTo(api.url, { credentials }));
    const creating = client.create(pod);
    const first = await api.next();
    first.reply(401, status(401, "Unauthorized", "token expired"));
    const second = await api.next();
    expect([first, second].map(({ headers }) => headers.authorization)).toEqual(["Bearer old", "Bearer new"]);
    expect(second).toMatchObject({ method: first.method, path: first.path, body: first.body });
    second.reply(201, pod);
    expect(await creating).toEqual(pod);
    expect(refusals).toEqual([undefined, { token: "old" }]);
  });

  test("that were refused while opening a stream", async () => {
    const api = await openApi();
    const client = clientOf(accessTo(api.url, { credentials: renewing("old", "new").credentials }));
    const opening = client.stream("/api/v1/pods", { watch: true }, new AbortController().signal);
    (await api.next()).reply(401, "who?");
    const again = await api.next();
    expect(again.queryText).toBe("?watch=true");
    again.begin().end();
    expect(await (await opening).text()).toBe("");
  });

  test("that stay the same are not tried again", async () => {
    const api = await openApi();
    const client = clientOf(accessTo(api.url, { credentials: async () => ({ token: "only" }) }));
    const asked = client.get(place, "web");
    (await api.next()).reply(401, status(401, "Unauthorized", "token expired"));
    await expect(asked).rejects.toMatchObject({ status: 401, reason: "Unauthorized" });
    expect(api.waiting()).toBe(0);
  });

  test("that are refused again are told, not tried for ever", async () => {
    const api = await openApi();
    const client = clientOf(accessTo(api.url, { credentials: renewing("a", "b", "c").credentials }));
    const asked = client.get(place, "web");
    (await api.next()).reply(401, "no");
    (await api.next()).reply(401, "still no");
    await expect(asked).rejects.toThrow("GET /api/v1/namespaces/apps/pods/web: answer 401: still no");
    expect(api.waiting()).toBe(0);
  });

  test("that cannot be renewed: why is told", async () => {
    const api = await openApi();
    const credentials = async (refused?: KubeCredentials) => {
      if (refused) throw new Error("the helper failed");
      return { token: "old" };
    };
    const asked = clientOf(accessTo(api.url, { credentials })).get(place, "web");
    (await api.next()).reply(401, "no");
    await expect(asked).rejects.toThrow("the helper failed");
  });

  const cert = { cert: "c", key: "k" };
  test.each<[KubeCredentials, KubeCredentials, boolean]>([
    [{}, {}, true],
    [{ token: "a" }, { token: "a" }, true],
    [{ token: "a" }, { token: "b" }, false],
    [{ token: "a" }, {}, false],
    [{ certificate: cert }, { certificate: { ...cert } }, true],
    [{ certificate: cert }, { certificate: { ...cert, key: "other" } }, false],
    [{ certificate: cert }, { certificate: { ...cert, cert: "other" } }, false],
    [{ certificate: cert, token: "a" }, { certificate: cert }, false],
  ])("%j and %j are the same: %s", (one, other, same) => {
    expect(areSameCredentials(one, other)).toBe(same);
    expect(areSameCredentials(other, one)).toBe(same);
  });
});

describe("close", () => {
  test("of a client that was never used, and twice", async () => {
    const client = makeKubeClient(accessTo("https://kube.test"));
    await client.close();
    await client.close();
  });

  test("ends what is under way", async () => {
    const api = await openApi();
    const client = clientOf(accessTo(api.url));
    const opening = client.stream("/api/v1/pods", {}, new AbortController().signal);
    const feed = (await api.next()).begin();
    const reading = (await opening).text();
    const asked = client.get(place, "web");
    const exchange = await api.next();
    const ends = Promise.allSettled([reading, asked]);
    await client.close();
    expect((await ends).map((end) => end.status)).toEqual(["rejected", "rejected"]);
    await Promise.all([feed.closed, exchange.closed]);
  });

  test("ends a watch that was opened with an earlier certificate, too", async () => {
    const api = await openApi({ tls });
    let certificate = authority.issue("first");
    const client = clientOf(
      accessTo(api.url, { ca: authority.ca, credentials: async () => ({ certificate }) }),
    );
    const opening = client.stream("/api/v1/pods", {}, new AbortController().signal);
    const feed = (await api.next()).begin();
    const body = await opening;
    certificate = authority.issue("second");
    await answered(api, client);
    await feed.write("goes on");
    const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    expect((await chunks.next()).value.toString()).toBe("goes on");
    const rest = chunks.next();
    const ends = Promise.allSettled([rest]);
    await client.close();
    expect((await ends)[0].status).toBe("rejected");
    await feed.closed;
  });
});
