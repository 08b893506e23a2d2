import { randomBytes } from "node:crypto";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { digestOf, encodeDocument, MEDIA, makeIndex, parseIndex } from "../../../delivery/image/index.ts";
import { makeRegistryClient, type RegistryClient, type RegistryClientOptions } from "./index.ts";
import {
  type Arrived,
  type Script,
  type ScriptedAnswer,
  type ScriptedRegistry,
  startScriptedRegistry,
} from "./scripted-registry-fixtures.ts";

/** What registries do that ours does not, and what goes wrong on the way. */

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function scripted(
  script: Script,
  options: Partial<RegistryClientOptions> = {},
): Promise<{ registry: ScriptedRegistry; client: RegistryClient }> {
  const registry = await startScriptedRegistry(script);
  const client = makeRegistryClient({ url: registry.url, persistence: { tries: 3, pauseMs: 1 }, ...options });
  stops.push(registry.stop, client.close);
  return { registry, client };
}

const whats = ({ arrived }: ScriptedRegistry) => arrived.map(({ what }) => what);
const content = randomBytes(100_000);
const digest = digestOf(content);
const blob = {
  digest,
  size: content.length,
  open: () => [content].values() as unknown as AsyncIterable<Buffer>,
};
const login = { username: "me", password: "secret:1" };
const basic = `Basic ${Buffer.from("me:secret:1").toString("base64")}`;
const json = (value: unknown) => ({ status: 200, body: JSON.stringify(value) });

describe("tokens", () => {
  const challenge = (realm: string) => ({
    status: 401,
    headers: { "www-authenticate": `Bearer realm="${realm}",service="s",scope="repository:a:pull"` },
  });

  it("are asked for where the registry says, kept, and renewed before their time is over", async () => {
    const lives = [3600, 5, 3600];
    let given = 0;
    const script: Script = ({ what, authorization, headers }) => {
      if (what.startsWith("GET /token?")) return json({ token: `t${++given}`, expires_in: lives[given - 1] });
      if (!authorization?.startsWith("Bearer t")) return challenge(`http://${headers.host}/token`);
      return { status: 200 };
    };
    const { registry, client } = await scripted(script, { login });
    for (let n = 0; n < 3; n += 1) expect(await client.hasBlob("a", digest)).toBe(true);
    await client.hasBlob("b", digest);
    await client.hasBlob("b", digest);
    const tokens = registry.arrived.filter(({ what }) => what.startsWith("GET /token"));
    expect(tokens.map(({ authorization }) => authorization)).toEqual([basic, basic, basic]);
    expect(tokens[0]?.what).toBe("GET /token?service=s&scope=repository%3Aa%3Apull");
    const shown = registry.arrived.filter(({ what }) => what.startsWith("HEAD"));
    expect(shown.map(({ authorization }) => authorization)).toEqual(
      [undefined, "t1", "t1", "t1", undefined, "t2", undefined, "t3"].map((one) => one && `Bearer ${one}`),
    );
  });

  it("that are no longer taken are replaced once", async () => {
    let given = 0;
    const { registry, client } = await scripted(({ what, authorization, headers }) => {
      if (what.startsWith("GET /token?")) return json({ access_token: `t${++given}`, expires_in: 3600 });
      return authorization === "Bearer t2" ? { status: 200 } : challenge(`http://${headers.host}/token`);
    });
    await expect(client.hasBlob("a", digest)).rejects.toMatchObject({ status: 401 });
    expect(await client.hasBlob("a", digest)).toBe(true);
    expect(registry.arrived.filter(({ what }) => what.startsWith("GET /token"))).toHaveLength(2);
  });

  it.each([
    ["no JSON", "<html>"],
    ["no token", "{}"],
    ["no usable token", '{"token":"a\\nb"}'],
    ["nothing", "null"],
  ])("an answer with %s is an error that does not quote it", async (_, body) => {
    const { client } = await scripted(({ what, headers }) =>
      what.startsWith("GET /token?") ? { status: 200, body } : challenge(`http://${headers.host}/token`),
    );
    await expect(client.hasBlob("a", digest)).rejects.toThrow(
      /asking for a token: the answer holds no token\.$/,
    );
  });

  it("are not asked for at an address that is none", async () => {
    const { client } = await scripted(() => challenge("ftp://x/"));
    await expect(client.hasBlob("a", digest)).rejects.toThrow("which is not https");
  });
});

describe("a registry that wants basic authorization", () => {
  const script: Script = ({ authorization }) =>
    authorization === basic
      ? { status: 200 }
      : { status: 401, headers: { "www-authenticate": 'Basic realm="r"' } };

  it("gets it, and is not asked twice", async () => {
    const { registry, client } = await scripted(script, { login });
    expect([await client.hasBlob("a", digest), await client.hasBlob("a", digest)]).toEqual([true, true]);
    expect(registry.arrived.map(({ authorization }) => authorization)).toEqual([undefined, basic, basic]);
  });

  it("gets none of nobody", async () => {
    const { registry, client } = await scripted(script);
    await expect(client.hasBlob("a", digest)).rejects.toThrow("The registry wants a user and password.");
    expect(registry.arrived).toHaveLength(1);
  });
});

describe("redirects", () => {
  it("are followed to a store that is not told who asks", async () => {
    const store = await scripted(() => ({ status: 200, body: content }));
    const { registry, client } = await scripted(
      ({ authorization, what }): ScriptedAnswer =>
        authorization === undefined
          ? { status: 401, headers: { "www-authenticate": "Basic" } }
          : { status: 307, headers: { location: `${store.registry.url}/there?from=${what.length}` } },
      { login },
    );
    expect((await buffer(client.readBlob("a", blob))).equals(content)).toBe(true);
    expect(store.registry.arrived.map(({ authorization }) => authorization)).toEqual([undefined]);
    expect(registry.arrived).toHaveLength(2);
  });

  it("without end are an error", async () => {
    const { registry, client } = await scripted(({ what }) => ({
      status: 302,
      headers: { location: `${what.slice(5)}x` },
    }));
    await expect(client.hasBlob("a", digest)).rejects.toThrow("redirects without end");
    expect(registry.arrived).toHaveLength(6);
  });

  it("out of TLS are not followed", async () => {
    const client = makeRegistryClient({ url: "https://127.0.0.1:9", persistence: { tries: 1 } });
    stops.push(client.close);
    await expect(client.hasBlob("a", digest)).rejects.toThrow(/Nothing listens there/);
  });
});

describe("reading a blob", () => {
  it("goes on where it broke off", async () => {
    const { registry, client } = await scripted(({ headers }, turn) => {
      if (turn === 1) return { status: 200, body: content, breakAfter: 30_000 };
      const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1]);
      const rest = { status: 206, body: content.subarray(from) };
      return turn === 2 ? { ...rest, breakAfter: 20_000 } : rest;
    });
    expect((await buffer(client.readBlob("a", blob))).equals(content)).toBe(true);
    expect(registry.arrived).toHaveLength(3);
  });

  it("goes on also where a registry sends everything again", async () => {
    const whole = { status: 200, body: content };
    const { client } = await scripted((_, turn) => (turn === 1 ? { ...whole, breakAfter: 30_000 } : whole));
    expect((await buffer(client.readBlob("a", blob))).equals(content)).toBe(true);
  });

  it("gives up when nothing more comes", async () => {
    const { registry, client } = await scripted(() => ({ status: 503, headers: { "retry-after": "0" } }));
    await expect(buffer(client.readBlob("a", blob))).rejects.toMatchObject({ status: 503 });
    expect(registry.arrived).toHaveLength(3);
  });

  it.each([
    ["other content", randomBytes(100_000), /content with the digest sha256:/],
    ["more", Buffer.concat([content, content]), /over 100000 bytes came/],
    ["less", content.subarray(1), /99999 bytes came, not 100000/],
  ])("fails when %s comes", async (_, body, wanted) => {
    const { registry, client } = await scripted(() => ({ status: 200, body }));
    await expect(buffer(client.readBlob("a", blob))).rejects.toThrow(wanted);
    expect(registry.arrived).toHaveLength(1);
  });

  it("ends with its signal", async () => {
    const over = new AbortController();
    const { client } = await scripted(() => undefined, { persistence: { tries: 100, pauseMs: 20_000 } });
    const reading = buffer(client.readBlob("a", blob, { signal: over.signal }));
    setImmediate(() => over.abort(new Error("enough")));
    await expect(reading).rejects.toThrow("enough");
  });
});

describe("pushing a blob", () => {
  const upload = (location: string) => ({ status: 202, headers: { location } });

  it.each([
    ["a path", "/v2/a/blobs/uploads/1"],
    ["a path with a query", "/v2/a/blobs/uploads/1?state=x%3D"],
    ["a whole address", "http://<host>/v2/a/blobs/uploads/1?state=x"],
  ])("goes to %s", async (_, location) => {
    const { registry, client } = await scripted(({ what, headers }) =>
      what.startsWith("POST") ? upload(location.replace("<host>", headers.host ?? "")) : { status: 201 },
    );
    await client.pushBlob("a", blob);
    const put = registry.arrived[1] as Arrived;
    const path = location.replace("http://<host>", "");
    expect(put.what).toBe(`PUT ${path}${path.includes("?") ? "&" : "?"}digest=${digest}`);
    expect(put.bytes.equals(content)).toBe(true);
    expect(put.headers["content-length"]).toBe("100000");
  });

  it("begins anew after what may pass, and not after what will not", async () => {
    const answers = [undefined, { status: 502 }, { status: 429 }, { status: 201 }];
    const { registry, client } = await scripted(
      ({ what }) => (what.startsWith("POST") ? upload("/v2/a/blobs/uploads/1") : answers.shift()),
      { persistence: { tries: 4, pauseMs: 1 } },
    );
    await client.pushBlob("a", blob);
    expect(registry.arrived).toHaveLength(8);
    const full = await scripted(({ what }) =>
      what.startsWith("POST") ? upload("/v2/a/blobs/uploads/1") : { status: 413 },
    );
    await expect(full.client.pushBlob("a", blob)).rejects.toThrow("does not take content of this size");
    expect(full.registry.arrived).toHaveLength(2);
  });

  it("tells an address that is no registry's", async () => {
    const { client } = await scripted(() => ({ status: 200, body: "hello" }));
    await expect(client.pushBlob("a", blob)).rejects.toThrow("Is this address a registry's?");
  });

  it("gives up on a registry that takes nothing", async () => {
    const sockets = new Set<Socket>();
    const deaf = createServer((socket) => void sockets.add(socket.on("error", () => {}).pause()));
    await new Promise<void>((resolve) => deaf.listen(0, "127.0.0.1", resolve));
    const { client } = await scripted(
      () => upload(`http://127.0.0.1:${(deaf.address() as AddressInfo).port}/upload`),
      { stallMs: 200, persistence: { tries: 1 } },
    );
    stops.push(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => deaf.close(resolve));
    });
    const endless = {
      ...{ digest, size: 1e12 },
      async *open() {
        for (;;) yield Buffer.alloc(1_000_000);
      },
    };
    await expect(client.pushBlob("a", endless)).rejects.toThrow("the registry took nothing for 0.2 s");
  });
});

describe("manifests", () => {
  const config = { mediaType: MEDIA.config, digest, size: 1 };
  const subject = { mediaType: MEDIA.manifest, digest: digestOf("subject"), size: 7 };
  const about = encodeDocument(MEDIA.manifest, { schemaVersion: 2, config, layers: [], subject });
  const pushed = { mediaType: MEDIA.manifest, bytes: about.bytes };

  it("about another are listed under a tag where the registry does not list them", async () => {
    const tag = `/v2/a/manifests/sha256-${subject.digest.slice(7)}`;
    let list: Buffer | undefined;
    const { registry, client } = await scripted(({ what, bytes }) => {
      if (what === `PUT ${tag}`) list = bytes;
      if (what === `GET ${tag}` && list)
        return { status: 200, headers: { "content-type": MEDIA.index }, body: list };
      return { status: what.startsWith("PUT") ? 201 : 404 };
    });
    const name = about.descriptor.digest;
    await client.pushManifest("a", name, pushed);
    await client.pushManifest("a", name, pushed);
    const listed = [{ ...about.descriptor, artifactType: MEDIA.config }];
    expect(parseIndex(list ?? Buffer.alloc(0))).toEqual(makeIndex(listed));
    expect(whats(registry).filter((what) => what === `PUT ${tag}`)).toHaveLength(1);
    expect(await client.referrers("a", subject.digest)).toEqual(listed);
  });

  it("with another digest than was asked for are refused", async () => {
    const { client } = await scripted(() => ({ status: 200, body: "{}" }));
    await expect(client.pullManifest("a", digest)).rejects.toThrow(/with the digest sha256:.*damaged/);
    expect(await client.pullManifest("a", "v1")).toMatchObject({ digest: digestOf("{}"), mediaType: "" });
  });

  it("without an end are refused", async () => {
    const { client } = await scripted(() => ({ status: 200, body: Buffer.alloc(5_000_000) }));
    await expect(client.pullManifest("a", "v1")).rejects.toThrow(/over 4194304 bytes came/);
  });

  it("are asked for again when the answer breaks off", async () => {
    const whole = { status: 200, body: about.bytes };
    const { client } = await scripted((_, turn) => (turn === 1 ? { ...whole, breakAfter: 9 } : whole));
    expect((await client.pullManifest("a", "v1"))?.bytes.equals(about.bytes)).toBe(true);
  });
});
