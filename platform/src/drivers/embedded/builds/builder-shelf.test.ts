import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  digestOf,
  encodeDocument,
  hexOf,
  MEDIA,
  makeIndex,
  makeManifest,
} from "../../../delivery/image/index.ts";
import { silentLogger } from "../../../kernel/index.ts";
import {
  type ScriptedRegistry,
  startScriptedRegistry,
} from "../../registry/client/scripted-registry-fixtures.ts";
import { type DiskImageStore, openDiskImageStore } from "../images/index.ts";
import { HOST } from "./build-fixtures.ts";
import { openBuilderShelf, type ShelfOptions } from "./builder-shelf.ts";

let folder: string;
let store: DiskImageStore;
let registry: ScriptedRegistry;
let content: Map<string, Buffer>;
let away: boolean;
let now: number;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "shelf-"));
  store = await openDiskImageStore(join(folder, "images"));
  content = new Map();
  away = false;
  now = Date.now();
  registry = await startScriptedRegistry(({ what }) => {
    const found = content.get(what.replace(/^GET \/v2\/(.*)\/(manifests|blobs)\//, "$1/"));
    if (away) return { status: 503 };
    if (what.includes("/secret/")) return { status: 401 };
    return found
      ? { status: 200, body: found, headers: { "content-type": MEDIA.manifest } }
      : { status: 404 };
  });
});
afterEach(async () => {
  await registry.stop();
  await rm(folder, { recursive: true, force: true });
});

const FILES: Readonly<Record<string, string>> = {
  "etc/passwd": "cnb:x:1001:1000::/home/cnb:/bin/sh\n",
  "cnb/lifecycle/creator": "#!/bin/sh\n",
  "cnb/order.toml": "[[order]]\n",
  "cnb/run.toml": '[[images]]\nimage = "gone.test/acme/run"\nmirrors = ["acme.test/run:1"]\n',
};
const METADATA = {
  buildpacks: [{ id: "acme/go", version: "1.0.0" }],
  lifecycle: { version: "0.20.0", apis: { platform: { supported: ["0.13"] } } },
};

async function push(
  repository: string,
  tag: string,
  files: Readonly<Record<string, string>>,
  {
    architecture = HOST.architecture,
    ...config
  }: { readonly architecture?: string; readonly [key: string]: unknown },
) {
  const tar = pack();
  for (const [name, text] of Object.entries(files)) tar.entry({ name }, text);
  tar.finalize();
  const plain = await buffer(tar as unknown as AsyncIterable<Buffer>);
  const layer = gzipSync(plain);
  const rootfs = { type: "layers", diff_ids: [digestOf(plain)] };
  const document = { architecture, os: "linux", config, rootfs };
  const { bytes, descriptor } = encodeDocument(MEDIA.config, document);
  const described = { mediaType: `${MEDIA.layer}+gzip`, digest: digestOf(layer), size: layer.length };
  const manifest = encodeDocument(MEDIA.manifest, makeManifest(descriptor, [described]));
  for (const part of [layer, bytes, manifest.bytes]) content.set(`${repository}/${digestOf(part)}`, part);
  content.set(`${repository}/${tag}`, manifest.bytes);
  return manifest.descriptor.digest;
}

const builderConfig = (metadata: object = METADATA) => ({
  Env: ["CNB_USER_ID=1001", "CNB_GROUP_ID=1000"],
  Labels: { "io.buildpacks.builder.metadata": JSON.stringify(metadata) },
});
const pushBuilder = (files = FILES, tag = "24") => push("acme/builder", tag, files, builderConfig());
const pushRun = () => push("run", "1", { "bin/tool": "x" }, { User: "1001" });

function open(over: Partial<ShelfOptions> = {}) {
  return openBuilderShelf({
    ...{ folder: join(folder, "builders"), store, names: store, host: HOST, logger: silentLogger },
    registries: [{ host: "acme.test", url: registry.url }],
    client: { persistence: { tries: 1 } },
    now: () => now,
    ...over,
  });
}

const said: string[] = [];
const call = () => {
  said.length = 0;
  return { signal: new AbortController().signal, tell: (line: string) => said.push(line) };
};

describe("a builder for other processors", () => {
  const OTHER = HOST.architecture === "amd64" ? "arm64" : "amd64";
  const forOther = (more: object = {}) => ({ ...call(), architecture: OTHER, ...more }) as const;

  /** An image for both, under one tag; returns the manifests' digests. */
  async function pushBoth(repository: string, files: Readonly<Record<string, string>>, config: object) {
    const digests: string[] = [];
    const manifests = [];
    for (const architecture of [HOST.architecture, OTHER]) {
      const its = { ...files, "etc/arch": architecture };
      const digest = await push(repository, `for-${architecture}`, its, { ...config, architecture });
      const size = content.get(`${repository}/${digest}`)?.length ?? 0;
      manifests.push({ mediaType: MEDIA.manifest, digest, size, platform: { architecture, os: "linux" } });
      digests.push(digest);
    }
    content.set(`${repository}/24`, encodeDocument(MEDIA.index, makeIndex(manifests)).bytes);
    content.set(`${repository}/1`, content.get(`${repository}/24`) ?? Buffer.alloc(0));
    return digests;
  }

  it("is that of the index that its name leads to, with a run image for the same", async () => {
    const [own, other] = await pushBoth("acme/builder", FILES, builderConfig());
    const [ownRun, otherRun] = await pushBoth("run", { "bin/tool": "x" }, { User: "1001" });
    const shelf = await open();
    const both = [
      await shelf.take("acme.test/acme/builder:24", call()),
      await shelf.take("acme.test/acme/builder:24", forOther()),
    ];
    expect(both.map((one) => one?.image.split("@")[1])).toEqual([own, other]);
    expect(both.map((one) => one?.runImage.manifest.digest)).toEqual([ownRun, otherRun]);
    expect(await readFile(join(both[1]?.root ?? "", "etc/arch"), "utf8")).toBe(OTHER);
    // While the registry is away each is what it was.
    away = true;
    const kept = await shelf.take("acme.test/acme/builder:24", forOther());
    expect(kept?.image).toBe(both[1]?.image);
  });

  it("is the operator's by its name, and else the one that is named for them", async () => {
    const [, other] = await pushBoth("acme/builder", FILES, builderConfig());
    await pushBoth("run", { "bin/tool": "x" }, { User: "1001" });
    const named = await open({ builder: "acme.test/acme/builder:24" });
    expect((await named.take(undefined, forOther()))?.image).toContain(other);
    expect(await named.take(undefined, forOther({ own: true }))).toBeUndefined();
    const made = await open({
      builder: "/srv/own-builder",
      other: { builder: `acme.test/acme/builder:for-${OTHER}` },
    });
    expect((await made.take(undefined, forOther()))?.image).toContain(other);
    expect((await made.take(undefined, forOther({ own: true })))?.image).toContain(other);
    expect(await (await open()).take(undefined, forOther())).toBeUndefined();
  });

  it("is refused where it is for others", async () => {
    const digest = await pushBuilder();
    await pushRun();
    const shelf = await open();
    await expect(shelf.take("acme.test/acme/builder:24", forOther())).rejects.toThrow(
      `it is made for ${HOST.architecture}`,
    );
    await shelf.take(`acme.test/acme/builder@${digest}`, call());
    await expect(shelf.take(`acme.test/acme/builder@${digest}`, forOther())).rejects.toThrow(
      `it is made for ${HOST.architecture}, and this build is for ${OTHER}`,
    );
  });
});

describe("a builder of a registry", () => {
  it("is pulled, unpacked and known, with its run image from a mirror, and then there at once", async () => {
    const [builder, run] = [await pushBuilder(), await pushRun()];
    const shelf = await open();
    const taken = await shelf.take("acme.test/acme/builder:24", call());
    expect(taken).toMatchObject({
      ...{ home: "/home/cnb", cacheMaker: "acme.test/acme/builder", order: "[[order]]\n" },
      buildpacks: METADATA.buildpacks,
      facts: { platformApi: "0.13", user: { uid: 1001, gid: 1000 } },
      runImage: { name: "acme.test/run:1", path: "acme.test/run/1", manifest: { digest: run } },
    });
    expect(await readFile(join(taken?.root ?? "", "cnb/order.toml"), "utf8")).toBe("[[order]]\n");
    expect(said).toEqual([
      "-----> Using builder acme.test/acme/builder:24",
      "-----> Pulling builder acme.test/acme/builder:24 (1 MB)",
      "-----> Unpacking builder",
      "-----> Pulling run image acme.test/run:1 (1 MB)",
      "       lifecycle 0.20.0, Platform API 0.13, run image acme.test/run:1",
    ]);
    expect([...(await store.named())].sort()).toEqual([builder, run].sort());
    await shelf.take("acme.test/acme/builder:24", call());
    expect(said).toHaveLength(2);
  });

  it("is taken as it was before while its registry is away, and as it is now afterwards", async () => {
    await pushRun();
    await pushBuilder();
    const shelf = await open();
    const before = await shelf.take("acme.test/acme/builder:24", call());
    away = true;
    expect((await (await open()).take("acme.test/acme/builder:24", call()))?.root).toBe(before?.root);
    expect(said.join("\n")).toMatch(/answer 503[^\n]*\n ! {5}Using the builder as it was pulled before\./);
    away = false;
    await pushBuilder({ ...FILES, "cnb/new": "x" });
    expect((await shelf.take("acme.test/acme/builder:24", call()))?.root).not.toBe(before?.root);
  });

  it("is shared by builds that want it at once", async () => {
    await pushRun();
    await pushBuilder();
    const shelf = await open();
    const many = Array.from({ length: 5 }, () => shelf.take("acme.test/acme/builder:24", call()));
    const roots = (await Promise.all(many)).map((taken) => taken?.root);
    expect(new Set(roots).size).toBe(1);
    const layers = registry.arrived.filter(({ what }) => what.includes("/acme/builder/blobs/"));
    expect(new Set(layers.map(({ what }) => what)).size).toBe(2);
  });

  it("goes when it was not used for long, unless a build uses it", async () => {
    await pushRun();
    await pushBuilder();
    const shelf = await open({ bounds: { bytes: 1_000_000, unusedMs: 1_000 } });
    const taken = await shelf.take("acme.test/acme/builder:24", call());
    now += 2_000;
    await shelf.tidy();
    expect(await readdir(join(folder, "builders/roots"))).toHaveLength(3);
    taken?.giveBack();
    taken?.giveBack();
    await shelf.tidy();
    expect(await readdir(join(folder, "builders/roots"))).toEqual([".boot"]);
    expect(await store.named()).toEqual([]);
  });

  it.each<[string, string, RegExp]>([
    [
      "is not there",
      "acme.test/acme/other:1",
      /There is no image acme\.test\/acme\/other:1\. Check its name/,
    ],
    [
      "may not be pulled",
      "acme.test/secret/builder",
      /cannot be used: .*answer 401.* wants a user and password\.$/,
    ],
    ["has no name", "http://acme.test/x", /"http:\/\/acme\.test\/x" cannot name a builder or run image/],
    ["is a path of this machine", "/etc", /"\/etc" cannot name a builder/],
    [
      "is on this machine's network",
      "127.0.0.1:1/acme/builder",
      /127\.0\.0\.1 is not an address of the public internet/,
    ],
    ["is no builder", "acme.test/run:1", /The image acme\.test\/run:1 has no lifecycle/],
  ])("says so when it %s", async (_, name, message) => {
    await pushRun();
    const taking = (await open()).take(name, call());
    await expect(taking).rejects.toThrow(message);
    await expect(taking).rejects.toMatchObject({ id: "invalid_params" });
  });

  it("says which run images it tried", async () => {
    await pushBuilder();
    await expect((await open()).take("acme.test/acme/builder:24", call())).rejects.toThrow(
      /^The run image gone\.test\/acme\/run of the builder cannot be had\.\ngone\.test\/acme\/run: .*\nacme\.test\/run:1: There is no image/,
    );
    await pushBuilder({ ...FILES, "cnb/run.toml": '[[images]]\nimage = "acme.test/none"\n' }, "25");
    await expect((await open()).take("acme.test/acme/builder:25", call())).rejects.toThrow(
      /cannot be had\. The builder names no mirror of it\./,
    );
  });
});

it("a source without a builder gets the installation's, or none", async () => {
  expect(await (await open()).take(undefined, call())).toBeUndefined();
  await pushRun();
  const digest = await pushBuilder();
  const shelf = await open({ builder: "acme.test/acme/builder:24" });
  expect((await shelf.take(undefined, call()))?.root).toContain(hexOf(digest));
});
