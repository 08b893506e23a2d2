import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeImage, writeLayer } from "../../../../../buildpacks/lifecycle/image-layout.ts";
import {
  DOCUMENT_LIMIT,
  digestOf,
  makeManifest,
  type OciConfig,
  type OciDescriptor,
} from "../../../delivery/image/index.ts";
import { makeFakeRegistryStores } from "../../../delivery/registry/registry-fake.ts";
import { startTestRegistry, type TestRegistry } from "../../../delivery/registry/registry-fixtures.ts";
import { fakeSourceStore } from "../../../delivery/source/source-store-fake.ts";
import { streamOf, type TarItem, tarOf } from "../../../delivery/source/tar-fixtures.ts";
import { collectImage, LAYOUTS, makeRunConfig } from "../../cnb/builds/index.ts";
import { makeRegistryClient, type RegistryClient } from "../../registry/client/index.ts";
import { task as plainTask, spec } from "./build-pod-fixtures.ts";
import type { BuildTask } from "./build-task.ts";
import { deliverImage } from "./deliver-image.ts";
import { prepareBuild } from "./prepare-build.ts";
import { pushSource } from "./push-source.ts";
import { intoRepository, readRepository } from "./repository-content.ts";

/** What a pod does before and after the phases, against our own registry. */

const release = { architecture: "amd64", distroName: "debian", distroVersion: "12" } as const;
const { repository } = plainTask;

let home: string;
let registry: TestRegistry;
let client: RegistryClient;
let task: BuildTask;
const clients: RegistryClient[] = [];

const clientOf = (name: string) => {
  const made = makeRegistryClient({
    url: `http://127.0.0.1:${registry.port}`,
    login: registry.push(name),
    persistence: { tries: 1 },
  });
  clients.push(made);
  return made;
};

/** An image in a layout: a layer of its own above those it stands on. */
async function writeTestImage(layout: string, text: string, below: readonly OciDescriptor[] = []) {
  const layer = await writeLayer(layout, contentOf(text));
  const layers = [...below, layer.descriptor];
  const config: OciConfig = makeRunConfig(
    release,
    layers.map(({ digest }) => ({ diffId: digest, what: "test" })),
  );
  const { descriptor } = await writeImage(layout, config, (of) => makeManifest(of, layers));
  return { digest: descriptor.digest, layers };
}

async function* contentOf(text: string) {
  yield Buffer.from(text);
}

async function push(layout: string, name: string): Promise<string> {
  const left = { root: layout, layout: ".", known: new Map<string, string>(), limitBytes: 1_000_000 };
  return await collectImage(left, intoRepository(clientOf(name), name, []));
}

async function addSource(...items: readonly TarItem[]): Promise<string> {
  const sources = fakeSourceStore();
  const { digest } = await sources.write(streamOf(await tarOf(...items)));
  await pushSource(digest, sources, { client, repository }, new AbortController().signal);
  return digest;
}

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "pod-"));
  registry = await startTestRegistry(makeFakeRegistryStores());
  client = clientOf(repository);
  await writeTestImage(join(home, "run"), "the base");
  await mkdir(join(home, "cnb/buildpacks/test_do/1.0.0"), { recursive: true });
  await writeFile(
    join(home, "cnb/buildpacks/test_do/1.0.0/buildpack.toml"),
    'api = "0.12"\n[buildpack]\nid = "test/do"\nversion = "1.0.0"\n',
  );
  await writeFile(
    join(home, "cnb/order.toml"),
    '[[order]]\n[[order.group]]\nid = "test/do"\nversion = "1.0.0"\n',
  );
  const run = { repository: "conifer/run", digest: await push(join(home, "run"), "conifer/run") };
  task = { ...plainTask, runImage: run };
});
afterEach(async () => {
  for (const one of clients.splice(0)) await one.close();
  await registry.registry.stop();
  await rm(home, { recursive: true, force: true });
});

const root = () => join(home, "build");
async function prepare(more: Partial<BuildTask["spec"]> = {}) {
  await mkdir(root());
  const builder = { cnb: join(home, "cnb"), release };
  await prepareBuild(root(), { ...task, spec: { ...spec, ...more } }, { client, builder, fetching });
}
const fetching = { signal: new AbortController().signal, tell: () => {} };
const readFrom = (path: string) => readFile(join(root(), path), "utf8");
const deliver = () => deliverImage({ build: root(), layouts: join(root(), "layouts") }, task, client);

describe("before the phases", () => {
  it("source, variables and run image come from the registry", async () => {
    await prepare({ source: await addSource({ name: "page", content: "hello" }) });
    expect(await readFrom("workspace/page")).toBe("hello");
    expect(await readFrom("platform/env/SECRET")).toBe("s3cret");
    expect(await readFrom("run.toml")).toContain('image = "conifer/run:debian-12"');
    expect(await readFrom("order.toml")).toContain("test/do");
    const layout = "layouts/index.docker.io/conifer/run/debian-12";
    expect(await readFrom(`${layout}/index.json`)).toContain(task.runImage.digest);
    expect(existsSync(join(root(), "layouts", LAYOUTS.previous.path))).toBe(false);
  });

  it("the previous image's documents come along, and none of its layers", async () => {
    const { digest, layers } = await writeTestImage(join(home, "app"), "the app");
    await push(join(home, "app"), repository);
    await prepare({ source: await addSource({ name: "page", content: "x" }), previousImage: digest });
    const layout = `layouts/${LAYOUTS.previous.path}`;
    expect(await readFrom(`${layout}/index.json`)).toContain(digest);
    expect(existsSync(join(root(), `${layout}/blobs/sha256/${layers[0]?.digest.slice(7)}`))).toBe(false);
    const { known } = JSON.parse(await readFrom("prepared.json")) as { known: Record<string, string> };
    expect(known).toHaveProperty(layers[0]?.digest ?? "");
  });

  it("a previous image that is gone is no trouble", async () => {
    await prepare({
      source: await addSource({ name: "page", content: "x" }),
      previousImage: digestOf("gone"),
    });
    expect(existsSync(join(root(), "layouts", LAYOUTS.previous.path))).toBe(false);
  });

  it.each<[string, TarItem, RegExp]>([
    ["leads out of it", { name: "../out", content: "x" }, /leads out/],
    ["has a project.toml that is none", { name: "project.toml", content: "[" }, /not valid TOML/],
    ["wants a buildpack that is not there", { name: "project.toml", content: PROJECT }, /acme\/cobol/],
  ])("a source is refused that %s", async (_, item, message) => {
    await expect(prepare({ source: await addSource(item) })).rejects.toThrow(message);
  });

  it("a run image of another release is refused", async () => {
    const source = await addSource({ name: "page", content: "x" });
    const builder = { cnb: join(home, "cnb"), release: { ...release, distroVersion: "13" } };
    await mkdir(root());
    const preparing = prepareBuild(
      root(),
      { ...task, spec: { ...spec, source } },
      { client, builder, fetching },
    );
    await expect(preparing).rejects.toThrow("builds run here on debian 13");
  });

  describe("in a builder of others", () => {
    const withBuilder = async (): Promise<BuildTask> => {
      await writeTestImage(join(home, "foreign-run"), "another base");
      return {
        ...task,
        builder: {
          ...{ name: "acme.test/builder:1", digest: digestOf("builder"), maker: "acme.test/builder" },
          ...{ user: { uid: 1234, gid: 4321 }, platformApi: "0.13" },
          buildpacks: [{ id: "acme/go", version: "1.0.0" }],
          order: '[[order]]\n[[order.group]]\nid = "acme/go"\nversion = "1.0.0"\n',
          runImage: {
            digest: await push(join(home, "foreign-run"), repository),
            ...{ name: "acme.test/run:1", path: "acme.test/run/1", user: { uid: 1235, gid: 4321 } },
          },
        },
      };
    };
    const prepareIn = async (given: BuildTask, content: string) => {
      await mkdir(root());
      const source = await addSource({ name: "project.toml", content });
      const builder = { cnb: "/nowhere", release: { ...release, distroVersion: "13" } };
      await prepareBuild(root(), { ...given, spec: { ...spec, source } }, { client, builder, fetching });
    };
    const naming = (name: string) => `[io.buildpacks]\nbuilder = "${name}"\n`;

    it("order and run image are that builder's, whatever release ours is of", async () => {
      await prepareIn(await withBuilder(), naming("acme.test/builder:1"));
      expect(await readFrom("run.toml")).toContain('"acme.test/run:1"');
      expect(await readFrom("order.toml")).toContain("acme/go");
      expect(existsSync(join(root(), "layouts/acme.test/run/1/index.json"))).toBe(true);
    });

    it("the source must name the one that the pod was made for", async () => {
      const preparing = prepareIn(await withBuilder(), naming("acme.test/other:1"));
      await expect(preparing).rejects.toThrow(
        "the source names the builder acme.test/other:1, and this pod is of acme.test/builder:1",
      );
    });
  });

  it("a source that is not there is told by the registry", async () => {
    await expect(prepare({ source: digestOf("nothing") })).rejects.toThrow(/404|BLOB_UNKNOWN|not/);
  });
});

const PROJECT = '[[io.buildpacks.group]]\nid = "acme/cobol"\n';

describe("after the phases", () => {
  const newImage = () => join(root(), "layouts", LAYOUTS.image.path);

  it("the image is pushed, and the run image's layers are taken over", async () => {
    await prepare({ source: await addSource({ name: "page", content: "x" }) });
    const base = (await client.pullManifest("conifer/run", task.runImage.digest))?.bytes;
    const below = (JSON.parse(String(base)) as { layers: OciDescriptor[] }).layers;
    const { digest, layers } = await writeTestImage(newImage(), "the app", below);
    expect(await deliver()).toBe(digest);
    expect(await deliver()).toBe(digest);
    for (const layer of layers) expect(await client.hasBlob(repository, layer.digest)).toBe(true);
    const content = readRepository(client, repository);
    expect([await content.has(digest), await content.has(digestOf("other"))]).toEqual([true, false]);
    await expect(content.read(digestOf("other"))).rejects.toThrow(/image/i);
  });

  it("an image that is not what it says is refused, and a missing one", async () => {
    await prepare({ source: await addSource({ name: "page", content: "x" }) });
    await expect(deliver()).rejects.toThrow(
      "The build's image cannot be used: the build left no index.json.",
    );
    const { layers } = await writeTestImage(newImage(), "the app");
    await writeFile(join(newImage(), "blobs/sha256", layers[0]?.digest.slice(7) ?? ""), "other");
    await expect(deliver()).rejects.toThrow(/pushing sha256:/);
    await writeFile(join(newImage(), "index.json"), "x".repeat(DOCUMENT_LIMIT + 1));
    await expect(deliver()).rejects.toThrow("larger than");
  });
});

describe("bringing a source to the registry", () => {
  it("sends it once, whatever its size", async () => {
    const sources = fakeSourceStore();
    const { digest } = await sources.write(streamOf(Buffer.alloc(9 * 1024 * 1024, 7)));
    let reads = 0;
    const counted = {
      read: (wanted: string) => {
        reads += 1;
        return sources.read(wanted);
      },
    };
    const to = { client, repository };
    await pushSource(digest, counted, to, new AbortController().signal);
    await pushSource(digest, counted, to, new AbortController().signal);
    expect(reads).toBe(2);
    expect(await client.hasBlob(repository, digest)).toBe(true);
  });
});
