import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeSigningRequest } from "../../../edge/certificate/certificate.ts";
import { IssueError } from "../../../edge/certificate/index.ts";
import { type AcmeIssuerOptions, makeAcmeIssuer } from "./acme-issuer.ts";
import { problem, type ScriptedAuthority, startScriptedAuthority } from "./scripted-authority-fixtures.ts";

const NOW = Date.parse("2026-11-23T00:00:00Z");
const HOST = "blog.apps.example.com";

let authority: ScriptedAuthority;
let proofs: Map<string, string>;
let kept: string | undefined;
let ordered: string[];
let issuers: { close(): Promise<void> }[];

beforeEach(async () => {
  authority = await startScriptedAuthority();
  proofs = new Map();
  kept = undefined;
  ordered = [];
  issuers = [];
  authority.proof = async (host, token) => proofs.get(`${host} ${token}`);
});
afterEach(async () => {
  for (const issuer of issuers) await issuer.close();
  await authority.stop();
});

function makeIssuer(more: Partial<AcmeIssuerOptions> = {}) {
  const issuer = makeAcmeIssuer({
    directory: authority.directory,
    ca: authority.ca,
    now: () => new Date(NOW),
    agent: "Conifer/test",
    lookMs: 1,
    account: {
      load: async () => kept,
      keep: async (text) => {
        kept = text;
      },
    },
    ...more,
  });
  issuers.push(issuer);
  return issuer;
}

const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;

async function issue(
  issuer = makeIssuer(),
  {
    resume,
    signal = new AbortController().signal,
    host = HOST,
  }: { resume?: string; signal?: AbortSignal; host?: string } = {},
) {
  return await issuer.issue(
    {
      host,
      signingRequest: makeSigningRequest([host], key),
      resume,
      ordered: async (reference) => void ordered.push(reference),
      prove: (token, text) => {
        proofs.set(`${host} ${token}`, text);
        return () => void proofs.delete(`${host} ${token}`);
      },
    },
    signal,
  );
}

/** The failure of an order. */
async function refusal(...given: Parameters<typeof issue>): Promise<IssueError> {
  const thrown = await issue(...given).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(IssueError);
  return thrown as IssueError;
}

describe("a certificate by ACME", () => {
  test("is issued for a name that is proven, and the proof is gone afterwards", async () => {
    const chain = await issue(makeIssuer({ email: "you@example.com" }));
    const leaf = new X509Certificate(chain);
    expect(leaf.checkHost(HOST)).toBe(HOST);
    expect(leaf.checkPrivateKey(key)).toBe(true);
    expect(proofs.size).toBe(0);
    const [account] = authority.accounts.values();
    expect(account?.payload).toEqual({ termsOfServiceAgreed: true, contact: ["mailto:you@example.com"] });
    expect(ordered).toEqual([expect.stringMatching(/\/order\/1$/)]);
  });

  test("needs one account, which outlives the process", async () => {
    const issuer = makeIssuer();
    await issue(issuer);
    await issue(issuer);
    await issue();
    expect(authority.accounts.size).toBe(1);
    expect(authority.asked.filter((one) => one === "POST /new-account")).toHaveLength(1);
    expect([...authority.accounts.values()][0]?.payload).toEqual({ termsOfServiceAgreed: true });
  });

  test("an account whose making was cut off is made again with the key that was kept before", async () => {
    authority.script = ({ path }) => (path === "/new-account" ? { status: 502, body: "<html>" } : undefined);
    await refusal();
    const before = kept;
    expect(before).toContain("PRIVATE KEY");
    authority.script = () => undefined;
    await issue();
    expect(JSON.parse(kept ?? "").key).toBe(JSON.parse(before ?? "").key);
  });

  test.each(["", "{}", "not JSON", '{"key":"no key"}'])(
    "an account's file of %j is replaced",
    async (text) => {
      kept = text;
      await issue();
      expect(kept).toContain("PRIVATE KEY");
    },
  );

  test("an account that the authority forgot is made again with the next order", async () => {
    const issuer = makeIssuer();
    await issue(issuer);
    authority.accounts.clear();
    expect(await refusal(issuer)).toMatchObject({ scope: "authority" });
    await issue(issuer);
    expect(authority.accounts.size).toBe(1);
  });

  test("an account is bound to one that was made elsewhere, where the authority wants that", async () => {
    const binding = { id: "kid-1", key: Buffer.alloc(32, 7) };
    authority.elsewhere = new Map([[binding.id, binding.key]]);
    const { scope, message } = await refusal();
    expect([scope, message]).toEqual(["authority", expect.stringContaining("CONIFER_ACME_KEY_ID")]);
    await refusal(makeIssuer({ binding: { ...binding, key: Buffer.alloc(32) } }));
    await refusal(makeIssuer({ binding: { ...binding, id: "kid-2" } }));
    expect(authority.accounts.size).toBe(0);
    await issue(makeIssuer({ binding }));
    expect(authority.accounts.size).toBe(1);
  });

  test("a name that is proven already is not proven again", async () => {
    authority.script = ({ path }) => {
      const order = authority.orders.get("1");
      if (order && path.startsWith("/authorization"))
        Object.assign(order, { authorization: "valid", status: "ready" });
      return undefined;
    };
    await issue();
    expect(authority.asked.join()).not.toContain("/challenge/");
  });
});

test("the operator's proxy is gone through, but for those that it does not lead to", async () => {
  const asked: string[] = [];
  const proxy = createServer().on("connect", (request, socket, first) => {
    asked.push(request.url ?? "");
    const [host = "", port] = (request.url ?? "").split(":");
    const onward = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      onward.write(first);
      onward.pipe(socket).pipe(onward);
    });
    for (const side of [socket, onward]) side.on("error", () => {});
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const https = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  await issue(makeIssuer({ proxies: { https, none: "" } }));
  expect(new Set(asked)).toEqual(new Set([new URL(authority.directory).host]));
  asked.length = 0;
  await issue(makeIssuer({ proxies: { https, none: "127.0.0.1" } }));
  expect(asked).toEqual([]);
  for (const issuer of issuers.splice(0)) await issuer.close();
  await new Promise((resolve) => proxy.close(resolve));
});

describe("an order that a process could not end", () => {
  test("is gone on with where it stands", async () => {
    await issue();
    const asked = authority.asked.length;
    const chain = await issue(makeIssuer(), { resume: ordered[0] ?? "" });
    expect(new X509Certificate(chain).checkHost(HOST)).toBe(HOST);
    expect(authority.orders.size).toBe(1);
    expect(authority.asked.slice(asked)).not.toContain("POST /finalize/1");
  });

  test.each([
    ["gone", () => authority.orders.clear()],
    ["ended", () => Object.assign(authority.orders.get("1") ?? {}, { status: "invalid" })],
  ])("is made anew when it is %s", async (_, befall) => {
    await issue();
    befall();
    await issue(makeIssuer(), { resume: ordered[0] ?? "" });
    expect(ordered).toHaveLength(2);
  });

  test("is not made anew while the authority is away", async () => {
    await issue();
    authority.script = ({ path }) => (path.startsWith("/order") ? { status: 503 } : undefined);
    expect(await refusal(makeIssuer(), { resume: ordered[0] ?? "" })).toMatchObject({ scope: "authority" });
    expect(authority.orders.size).toBe(1);
  });
});

describe("what the authority refuses", () => {
  test("a nonce that is used is replaced, five times at the most", async () => {
    let refused = 0;
    const stale = problem(400, "badNonce", "that nonce is used");
    authority.script = ({ path }) => (path === "/new-order" && ++refused <= 4 ? stale : undefined);
    await issue();
    refused = -1_000;
    expect(await refusal()).toMatchObject({ scope: "authority" });
    expect(refused).toBe(-995);
  });

  test.each([
    ["120", 120_000],
    [new Date(NOW + 3_600_000).toUTCString(), 3_600_000],
    ["soon", 0],
    ["-5", 0],
  ])("too many orders, with Retry-After %j", async (after, ms) => {
    const busy = problem(429, "rateLimited", "too many certificates", { "retry-after": after });
    authority.script = ({ path }) => (path === "/new-order" ? busy : undefined);
    const { scope, message, retryAfterMs } = await refusal();
    expect([scope, message]).toEqual([
      "authority",
      expect.stringContaining("too many certificates (rateLimited)"),
    ]);
    expect(retryAfterMs).toBe(ms);
  });

  test.each([
    ["rejectedIdentifier", 400, "name"],
    ["caa", 403, "name"],
    ["userActionRequired", 403, "authority"],
    ["unauthorized", 403, "authority"],
    ["serverInternal", 500, "authority"],
  ])("%s, status %i: it concerns the %s", async (type, status, scope) => {
    authority.script = ({ path }) => (path === "/new-order" ? problem(status, type, "no") : undefined);
    expect(await refusal()).toMatchObject({ scope, message: expect.stringContaining(`no (${type})`) });
  });

  test("whatever stops an account concerns every name", async () => {
    const refused = problem(403, "rejectedIdentifier", "we want an external account");
    authority.script = ({ path }) => (path === "/new-account" ? refused : undefined);
    expect(await refusal()).toMatchObject({
      scope: "authority",
      message: expect.stringContaining("no account with the authority: "),
    });
  });

  test("a name that is not proven: with the authority's words, bounded and on one line", async () => {
    authority.proof = async () => `\n\u001b[31m${"x".repeat(1_000)}`;
    const { scope, message } = await refusal();
    expect(scope).toBe("name");
    expect(message).toMatch(
      /^the authority could not prove blog\.apps\.example\.com: blog\.apps\.example\.com says/,
    );
    expect(message).toContain("port 80");
    expect(message.length).toBeLessThan(600);
    expect(message).not.toMatch(/\p{Cc}/u);
    expect(proofs.size).toBe(0);
  });

  test("an order that ends after the proof", async () => {
    const end = {
      status: "invalid",
      problem: { detail: "CAA says no", type: "urn:ietf:params:acme:error:caa" },
    };
    authority.script = ({ path }) => {
      if (path.startsWith("/finalize")) Object.assign(authority.orders.get("1") ?? {}, end);
      return path.startsWith("/finalize") ? { status: 200, body: {} } : undefined;
    };
    expect(await refusal()).toMatchObject({
      scope: "name",
      message: expect.stringContaining("CAA says no (caa)"),
    });
  });

  test("an order that does not end is left within a time", async () => {
    authority.script = ({ path }) => {
      const order = authority.orders.get("1");
      if (order && path.startsWith("/finalize")) order.status = "processing";
      return path.startsWith("/finalize") ? { status: 200, body: {} } : undefined;
    };
    expect(await refusal(makeIssuer({ issueMs: 400 }))).toMatchObject({
      scope: "name",
      message: expect.stringContaining("did not end the order within 0.4 seconds"),
    });
  });
});

describe("an authority that means ill, or is something else", () => {
  const at = (path: string) => `${authority.directory.replace("/directory", "")}${path}`;

  test.each([
    [
      "/directory",
      () => ({ newNonce: at("/n"), newAccount: at("/new-account"), newOrder: "https://192.0.2.1/" }),
    ],
    ["/new-order", () => ({ status: "pending", authorizations: ["https://192.0.2.1/"], finalize: at("/f") })],
    ["/new-order", () => ({ status: "pending", authorizations: ["http://127.0.0.1/"], finalize: at("/f") })],
    ["/new-order", () => ({ status: "pending", authorizations: ["file:///etc/passwd"], finalize: at("/f") })],
    ["/authorization/1", () => ({ status: "pending", ...authorization("https://192.0.2.1/") })],
  ])("leads elsewhere from %s: nobody is asked there", async (where, body) => {
    const headers = { location: at("/order/1") };
    authority.script = ({ path }) => (path === where ? { status: 200, headers, body: body() } : undefined);
    expect(await refusal()).toMatchObject({
      scope: "authority",
      message: expect.stringContaining("leads to"),
    });
  });

  const authorization = (url: string, token = "t".repeat(20)) => ({
    identifier: { type: "dns", value: HOST },
    challenges: [{ type: "http-01", url, token }],
  });

  test("redirects are not followed", async () => {
    authority.script = ({ path }) =>
      path === "/directory" ? { status: 302, headers: { location: at("/elsewhere") } } : undefined;
    expect(await refusal()).toMatchObject({ scope: "authority", message: expect.stringContaining("302") });
    expect(authority.asked).toEqual(["GET /directory"]);
  });

  test("has a strange order's Location", async () => {
    authority.script = ({ path, payload }) =>
      path === "/new-order" && payload
        ? {
            ...{ status: 201, headers: { location: "https://192.0.2.1/steal" } },
            body: { status: "ready", authorizations: [at("/authorization/1")], finalize: at("/finalize/1") },
          }
        : undefined;
    expect(await refusal()).toMatchObject({ message: expect.stringContaining("https://192.0.2.1/steal") });
  });

  test("wants another name proven", async () => {
    const body = {
      ...authorization(at("/challenge/1")),
      status: "pending",
      identifier: { value: "else.example.com" },
    };
    authority.script = ({ path }) => (path === "/authorization/1" ? { status: 200, body } : undefined);
    expect(await refusal()).toMatchObject({ message: expect.stringContaining("was not asked for") });
    expect(authority.asked).not.toContain("POST /challenge/1");
  });

  test.each(["../../admin", "a b", "", "short", "x".repeat(300), "a/b".repeat(10)])(
    "has the token %j",
    async (token) => {
      const body = { ...authorization(at("/challenge/1"), token), status: "pending" };
      authority.script = ({ path }) => (path === "/authorization/1" ? { status: 200, body } : undefined);
      await refusal();
      expect(proofs.size).toBe(0);
      expect(authority.asked).not.toContain("POST /challenge/1");
    },
  );

  test.each(["", "null", "[]", "<html>It works</html>", "{}", '{"newNonce":1,"newAccount":2,"newOrder":3}'])(
    "has the directory %j",
    async (body) => {
      authority.script = ({ path }) => (path === "/directory" ? { status: 200, body } : undefined);
      expect(await refusal()).toMatchObject({
        scope: "authority",
        message: expect.stringContaining("ACME directory?"),
      });
    },
  );

  test.each([
    ["/directory", "GET"],
    ["/new-order", "POST"],
    ["/certificate/1", "POST"],
  ])("has bodies of megabytes at %s", async (where) => {
    const body = Buffer.alloc(4 * 1024 * 1024, "x");
    authority.script = ({ path }) => (path === where ? { status: 200, body } : undefined);
    expect(await refusal()).toMatchObject({
      scope: "authority",
      message: expect.stringContaining("more than 131072 bytes"),
    });
  });

  test("answers too late", async () => {
    authority.proof = () => new Promise(() => {});
    expect(await refusal(makeIssuer({ requestMs: 200 }))).toMatchObject({ scope: "authority" });
    expect(proofs.size).toBe(0);
  });

  test("is not there, or is not trusted", async () => {
    const untrusted = await refusal(makeIssuer({ ca: undefined }));
    expect(untrusted.message).toContain("CONIFER_CA_BUNDLE");
    await authority.stop();
    expect((await refusal()).message).toContain("is asked again later");
  });

  test("gives no nonce", async () => {
    authority.script = ({ method, path }) =>
      method === "HEAD" || path === "/directory"
        ? { ...directory(), headers: { "replay-nonce": "" } }
        : undefined;
    expect((await refusal()).message).toContain("gave no nonce");
  });

  const directory = () => ({
    status: 200,
    body: { newNonce: at("/n"), newAccount: at("/a"), newOrder: at("/o") },
  });
});

test("an abort ends it, and the proof with it", async () => {
  const stopping = new AbortController();
  authority.proof = async () => {
    stopping.abort();
    return await new Promise(() => {});
  };
  await expect(issue(makeIssuer(), { signal: stopping.signal })).rejects.toThrow();
  expect(proofs.size).toBe(0);
  expect(ordered).toHaveLength(1);
});
