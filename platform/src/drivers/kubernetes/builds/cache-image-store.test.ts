import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ImageLayer, writeImage, writeLayer } from "../../../../../buildpacks/lifecycle/image-layout.ts";
import { hexOf, makeManifest, parseManifest } from "../../../delivery/image/index.ts";
import { makeFakeRegistryStores } from "../../../delivery/registry/registry-fake.ts";
import { startTestRegistry, type TestRegistry } from "../../../delivery/registry/registry-fixtures.ts";
import { LAYOUTS } from "../../cnb/builds/index.ts";
import { makeRegistryClient, type RegistryClient } from "../../registry/client/index.ts";
import { CACHE_TAG, tagSuffixOf } from "./build-task.ts";
import { fetchCache, forgetCaches, keepCache } from "./cache-image-store.ts";

const REPOSITORY = "common/one-app";
const task = { repository: REPOSITORY, imageLimitBytes: 1_000_000 };

let home: string;
let registry: TestRegistry;
let client: RegistryClient;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "cache-"));
  registry = await startTestRegistry(makeFakeRegistryStores());
  client = makeRegistryClient({
    url: `http://127.0.0.1:${registry.port}`,
    login: registry.push(REPOSITORY),
    persistence: { tries: 1 },
  });
});
afterEach(async () => {
  await client.close();
  await registry.registry.stop();
  await rm(home, { recursive: true, force: true });
});

const layoutIn = (layouts: string) => join(layouts, LAYOUTS.cache.path);

/** What an exporter leaves: a cache image of layers with these texts. */
async function leave(layouts: string, ...texts: string[]): Promise<string> {
  const layout = layoutIn(layouts);
  const layers: ImageLayer[] = [];
  for (const text of texts)
    layers.push(
      await writeLayer(
        layout,
        (async function* () {
          yield Buffer.from(text);
        })(),
      ),
    );
  const config = {
    ...{ architecture: "amd64", os: "linux", config: { Labels: { made: texts.join() } } },
    rootfs: { type: "layers" as const, diff_ids: layers.map(({ diffId }) => diffId) },
  };
  const { descriptor } = await writeImage(layout, config, (of) =>
    makeManifest(
      of,
      layers.map((layer) => layer.descriptor),
    ),
  );
  return descriptor.digest;
}

describe("the cache of an app's builds", () => {
  it("goes to the registry and comes back whole", async () => {
    const [one, two] = [join(home, "one"), join(home, "two")];
    const digest = await leave(one, "first layer", "second layer");
    await keepCache(one, task, client);
    await fetchCache(two, REPOSITORY, client);
    const manifest = await readFile(join(layoutIn(two), "blobs/sha256", hexOf(digest)));
    for (const layer of parseManifest(manifest).layers)
      expect(existsSync(join(layoutIn(two), "blobs/sha256", hexOf(layer.digest)))).toBe(true);
    expect(await readFile(join(layoutIn(two), "index.json"), "utf8")).toContain(digest);
  });

  it("is apart for other processors, and forgotten with the rest", async () => {
    const [own, other] = [await leave(join(home, "own"), "own"), await leave(join(home, "other"), "other")];
    await keepCache(join(home, "own"), task, client);
    await keepCache(join(home, "other"), { ...task, tagSuffix: tagSuffixOf("arm64") }, client);
    await fetchCache(join(home, "own-again"), REPOSITORY, client);
    await fetchCache(join(home, "other-again"), REPOSITORY, client, "-arm64");
    const named = (folder: string) => readFile(join(layoutIn(join(home, folder)), "index.json"), "utf8");
    expect(await named("own-again")).toContain(own);
    expect(await named("other-again")).toContain(other);
    await forgetCaches(REPOSITORY, client);
    await fetchCache(join(home, "gone"), REPOSITORY, client, "-arm64");
    expect(existsSync(layoutIn(join(home, "gone")))).toBe(false);
  });

  it("sends no layer that the repository has, also one that is not in the layout", async () => {
    const one = join(home, "one");
    await leave(one, "a layer");
    await keepCache(one, task, client);
    const digest = await leave(one, "a layer", "another");
    const { layers } = parseManifest(await readFile(join(layoutIn(one), "blobs/sha256", hexOf(digest))));
    await rm(join(layoutIn(one), "blobs/sha256", hexOf(layers[0]?.digest ?? "")));
    await keepCache(one, task, client);
    expect((await client.pullManifest(REPOSITORY, CACHE_TAG))?.digest).toBe(digest);
  });

  it("is none when nothing was kept, or something of it is gone", async () => {
    await keepCache(join(home, "nothing"), task, client);
    await fetchCache(join(home, "one"), REPOSITORY, client);
    expect(existsSync(layoutIn(join(home, "one")))).toBe(false);
    const broken = {
      ...client,
      pullManifest: client.pullManifest,
      readBlob: () => {
        throw new Error("gone");
      },
    };
    await leave(join(home, "two"), "a layer");
    await keepCache(join(home, "two"), task, client);
    await fetchCache(join(home, "three"), REPOSITORY, broken);
    expect(existsSync(layoutIn(join(home, "three")))).toBe(false);
  });

  it("is not kept when a layer is not what it says", async () => {
    const one = join(home, "one");
    const digest = await leave(one, "a layer");
    const { layers } = parseManifest(await readFile(join(layoutIn(one), "blobs/sha256", hexOf(digest))));
    await writeFile(join(layoutIn(one), "blobs/sha256", hexOf(layers[0]?.digest ?? "")), "b layer");
    await expect(keepCache(one, task, client)).rejects.toThrow("pushing");
    expect(await client.pullManifest(REPOSITORY, CACHE_TAG)).toBeUndefined();
  });

  it("is forgotten, also one that is not there, and begins anew", async () => {
    await forgetCaches(REPOSITORY, client);
    expect(await client.pullManifest(REPOSITORY, CACHE_TAG)).toBeUndefined();
    await leave(join(home, "one"), "a layer");
    await keepCache(join(home, "one"), task, client);
    await forgetCaches(REPOSITORY, client);
    await forgetCaches(REPOSITORY, client);
    await fetchCache(join(home, "two"), REPOSITORY, client);
    expect(existsSync(layoutIn(join(home, "two")))).toBe(false);
  });
});
