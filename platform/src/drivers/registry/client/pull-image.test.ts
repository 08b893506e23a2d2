import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeImageStore, makeFakeImageStore } from "../../../delivery/image/image-store-fake.ts";
import { digestOf, encodeDocument, MEDIA, makeIndex, makeManifest } from "../../../delivery/image/index.ts";
import { isPublicAddress } from "../../../delivery/source/index.ts";
import { intoStore } from "../../cnb/builds/index.ts";
import { parseImageReference } from "./image-reference.ts";
import { imageInRegistry, type PullOptions, pullImage } from "./pull-image.ts";
import { makeRegistryClient, type RegistryClient } from "./registry-client.ts";
import {
  type ScriptedAnswer,
  type ScriptedRegistry,
  startScriptedRegistry,
} from "./scripted-registry-fixtures.ts";

const LAYERS = ["one", "two", "three", "four"].map((text) => gzipSync(text));
const DOCKER = "application/vnd.docker.distribution.manifest";

let store: FakeImageStore;
let registry: ScriptedRegistry;
let client: RegistryClient;
let content: Map<string, { body: Buffer; type: string }>;
let answers: ((what: string) => ScriptedAnswer | undefined) | undefined;
beforeEach(async () => {
  store = makeFakeImageStore();
  content = new Map();
  answers = undefined;
  registry = await startScriptedRegistry(({ what }) => {
    const odd = answers?.(what);
    if (odd) return odd;
    const found = content.get(what.slice(what.lastIndexOf("/") + 1));
    return found
      ? { status: 200, body: found.body, headers: { "content-type": found.type } }
      : { status: 404, body: JSON.stringify({ errors: [{ code: "MANIFEST_UNKNOWN" }] }) };
  });
  client = makeRegistryClient({ url: registry.url, persistence: { pauseMs: 1, tries: 2 } });
});
afterEach(async () => {
  await client.close();
  await registry.stop();
});

/** Puts an image into the registry and returns its manifest's descriptor. */
function addImage(architecture: string, type: string = MEDIA.manifest, os = "linux") {
  const diff_ids = LAYERS.map((_, n) => digestOf(["one", "two", "three", "four"][n] ?? ""));
  const config = encodeDocument(MEDIA.config, {
    ...{ architecture, os, config: {}, rootfs: { type: "layers", diff_ids } },
  });
  content.set(config.descriptor.digest, { body: config.bytes, type: "application/octet-stream" });
  const layers = LAYERS.map((body) => {
    content.set(digestOf(body), { body, type: "application/octet-stream" });
    return { mediaType: `${MEDIA.layer}+gzip`, digest: digestOf(body), size: body.length };
  });
  const manifest = encodeDocument(type, { ...makeManifest(config.descriptor, layers), mediaType: type });
  content.set(manifest.descriptor.digest, { body: manifest.bytes, type });
  return { ...manifest.descriptor, bytes: manifest.bytes, platform: { architecture, os } };
}

const name = (reference: { bytes: Buffer; type: string }) =>
  content.set("v1", { body: reference.bytes, type: reference.type });
const pull = (over: Partial<PullOptions> = {}) =>
  pullImage(imageInRegistry(client, parseImageReference("registry.test/acme/builder:v1")), {
    ...{ to: intoStore(store), architecture: "amd64" as const, limitBytes: 10_000, ...over },
  });

describe("an image that is pulled", () => {
  it.each([MEDIA.manifest, `${DOCKER}.v2+json`])("is in the store whole, also as %s", async (type) => {
    const image = addImage("amd64", type);
    name({ bytes: image.bytes, type });
    const sizes: object[] = [];
    expect(await pull({ onSize: (bytes) => sizes.push(bytes) })).toEqual({ digest: image.digest });
    for (const body of LAYERS) expect(await store.has(digestOf(body))).toBe(true);
    expect(await buffer(await store.read(image.digest))).toEqual(image.bytes);
    const all = LAYERS.reduce((sum, { length }) => sum + length, 0);
    expect(sizes).toEqual([{ all, missing: all }]);
  });

  it.each([MEDIA.index, `${DOCKER}.list.v2+json`])(
    "is the one of an index for this architecture: %s",
    async (type) => {
      const images = [addImage("arm64"), addImage("amd64")];
      const index = { ...makeIndex(images.map(({ bytes: _, ...one }) => one)), mediaType: type };
      name({ bytes: Buffer.from(JSON.stringify(index)), type });
      expect(await pull()).toEqual({ digest: images[1]?.digest });
      expect(await pull({ architecture: "arm64" })).toEqual({ digest: images[0]?.digest });
    },
  );

  it("is not fetched again where its layers are there", async () => {
    name({ bytes: addImage("amd64").bytes, type: MEDIA.manifest });
    await pull();
    const before = registry.arrived.length;
    const sizes: { missing: number }[] = [];
    await pull({ onSize: (bytes) => sizes.push(bytes) });
    expect(sizes[0]?.missing).toBe(0);
    const fetched = registry.arrived.slice(before).map(({ what }) => what);
    expect(fetched.filter((what) => LAYERS.some((body) => what.includes(digestOf(body))))).toEqual([]);
  });

  it("is not there while a layer is not", async () => {
    const image = addImage("amd64");
    name({ bytes: image.bytes, type: MEDIA.manifest });
    const broken = digestOf(LAYERS[2] ?? "");
    answers = (what) => (what.includes(broken) ? { status: 500 } : undefined);
    await expect(pull()).rejects.toThrow(/answer 500/);
    expect(await store.has(image.digest)).toBe(false);
    answers = undefined;
    expect(await pull()).toEqual({ digest: image.digest });
  });

  it("goes on where a layer broke off, and is refused when its content is another", async () => {
    const image = addImage("amd64");
    name({ bytes: image.bytes, type: MEDIA.manifest });
    const odd = digestOf(LAYERS[1] ?? "");
    let turn = 0;
    answers = (what) =>
      what.includes(odd) && turn++ === 0 ? { status: 200, body: LAYERS[1] ?? "", breakAfter: 5 } : undefined;
    expect(await pull()).toEqual({ digest: image.digest });
    store = makeFakeImageStore();
    answers = (what) =>
      what.includes(odd) ? { status: 200, body: "x".repeat(LAYERS[1]?.length ?? 0) } : undefined;
    await expect(pull()).rejects.toThrow(/content with the digest/);
    expect(await store.has(image.digest)).toBe(false);
  });

  it.each([
    ["for another architecture", "s390x", "linux", {}, /it is made for s390x, and this machine is amd64/],
    ["for another system", "amd64", "windows", {}, /made for windows\/amd64/],
    ["larger than allowed", "amd64", "linux", { limitBytes: 10 }, /MB large, and the most is 0 MB/],
  ])("is refused when it is %s", async (_, architecture, os, over, message) => {
    name({ bytes: addImage(architecture, MEDIA.manifest, os).bytes, type: MEDIA.manifest });
    await expect(pull(over)).rejects.toThrow(message);
  });

  it("is refused when an index has none for this architecture", async () => {
    const { bytes: _, ...one } = addImage("arm64");
    name({ bytes: Buffer.from(JSON.stringify(makeIndex([one]))), type: MEDIA.index });
    await expect(pull()).rejects.toThrow("it is made for arm64, and this machine is amd64");
  });

  it("may be none", async () => {
    expect(await pull()).toBeUndefined();
  });

  it("does not come from an address that may not be called, nor by a redirect to one", async () => {
    name({ bytes: addImage("amd64").bytes, type: MEDIA.manifest });
    const own = registry.url.replace("127.0.0.1", "localhost");
    for (const url of [registry.url, own]) {
      const fenced = makeRegistryClient({ url, isAllowed: isPublicAddress });
      const origin = imageInRegistry(fenced, parseImageReference("registry.test/acme/builder:v1"));
      const before = registry.arrived.length;
      await expect(
        pullImage(origin, { to: intoStore(store), architecture: "amd64", limitBytes: 1 }),
      ).rejects.toThrow(/is not an address of the public internet\. Only registries of the public internet/);
      expect(registry.arrived.length).toBe(before);
      await fenced.close();
    }
    const toLoopback = makeRegistryClient({ url: own, isAllowed: (address) => address !== "127.0.0.2" });
    answers = () => ({
      status: 307,
      headers: { location: `${registry.url.replace("127.0.0.1", "127.0.0.2")}/x` },
    });
    const origin = imageInRegistry(toLoopback, parseImageReference("registry.test/acme/builder:v1"));
    await expect(
      pullImage(origin, { to: intoStore(store), architecture: "amd64", limitBytes: 1 }),
    ).rejects.toThrow("127.0.0.2 is not an address of the public internet");
    await toLoopback.close();
  });
});
