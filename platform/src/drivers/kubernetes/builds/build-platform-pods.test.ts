import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BuildNews, BuildSpec } from "../../../delivery/build/index.ts";
import { MEDIA } from "../../../delivery/image/index.ts";
import { storePlatformImage } from "../../../delivery/image/platform-image-fixtures.ts";
import { holdImage } from "../../../delivery/registry/index.ts";
import { makeFakeRegistryStores } from "../../../delivery/registry/registry-fake.ts";
import {
  repository as repositoryNamed,
  startTestRegistry,
  type TestRegistry,
} from "../../../delivery/registry/registry-fixtures.ts";
import { fakeSourceStore } from "../../../delivery/source/source-store-fake.ts";
import { streamOf, tarOf } from "../../../delivery/source/tar-fixtures.ts";
import { silentLogger } from "../../../kernel/index.ts";
import { makeRegistryClient } from "../../registry/client/index.ts";
import { type HeldCluster, openHeldCluster } from "../client/held-cluster-fixtures.ts";
import { buildObjectName } from "./build-labels.ts";
import { placement, podOf, spec, task } from "./build-pod-fixtures.ts";
import type { KubernetesBuilderOptions } from "./builder-options.ts";
import { startKubernetesBuilder } from "./kubernetes-builder.ts";

const { repository } = task;
const podPath = () => `pods/${placement.namespace}/${buildObjectName(spec.id, 1)}`;
const never = new AbortController().signal;
const end = (status: number) => `\u001eend ${status}\n`;

let cluster: HeldCluster;
let registry: TestRegistry;
let stores: ReturnType<typeof makeFakeRegistryStores>;
const sources = fakeSourceStore();
const running: { stop(): Promise<void> }[] = [];
beforeEach(async () => {
  stores = makeFakeRegistryStores();
  registry = await startTestRegistry(stores);
  cluster = await openHeldCluster();
  cluster.put({ apiVersion: "v1", kind: "Namespace", metadata: { name: placement.namespace } });
  cluster.control = ({ kind, status }) => (kind === "Pod" ? (status ?? podOf().status) : undefined);
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
  await cluster.close();
  await registry.registry.stop();
});

const openRegistry = () =>
  makeRegistryClient({
    url: `http://127.0.0.1:${registry.port}`,
    login: registry.push(repository),
    persistence: { tries: 1 },
  });

async function start(more: Partial<KubernetesBuilderOptions> = {}) {
  const started = await startKubernetesBuilder({
    ...{ client: cluster.client, placement, sources, openRegistry, logger: silentLogger },
    ...{ runImage: task.runImage, runtimeSources: task.runtimeSources, hostEnv: task.hostEnv },
    ...{ sourceLimits: task.sourceLimits, imageLimitBytes: task.imageLimitBytes },
    repositoryOf: () => repository,
    builders: {
      ...{ registries: [], architecture: "amd64" },
      imageIn: (name, digest) => `registry.test:5000/${name}@${digest}`,
    },
    podRegistry: () => task.registry,
    ...{ troubleMs: 60_000, kept: 20, keptMs: 60_000 },
    now: () => new Date("2026-01-01T00:00:00Z"),
    ...more,
  });
  running.push(started);
  return started;
}

async function follow(news: AsyncIterable<BuildNews>) {
  let text = "";
  for await (const one of news) {
    if (one.kind === "result") return { text, result: one.result };
    text += one.text;
  }
  return { text, result: undefined };
}

describe("a build for several processors in a cluster", () => {
  const other = {
    builderImage: `registry.test:5000/conifer/builder@sha256:${"99".repeat(32)}`,
    runImage: { repository: "conifer/run", digest: `sha256:${"88".repeat(32)}` },
  };
  const BOTH = '[dev.conifer]\narchitectures = ["amd64", "arm64"]\n';
  const second = () => podPath().replace(/-1$/, "-arm64-1");
  const wanting = async (text = BOTH): Promise<BuildSpec> => ({
    ...spec,
    source: (await sources.write(streamOf(await tarOf({ name: "project.toml", content: text })))).digest,
  });
  /** An image in the app's repository, as the pod of its architecture delivers it. */
  const pushFor = async (architecture: string) => {
    const digest = await storePlatformImage(stores.content, architecture, {
      layers: [architecture, "app"],
    });
    await holdImage(stores, { repository: repositoryNamed(repository), digest });
    return digest;
  };

  it("is a pod for each, and an index of their images is the app's newest", async () => {
    const [amd64, arm64] = [await pushFor("amd64"), await pushFor("arm64")];
    cluster.log = (path, { container = "" }) =>
      container === "deliver" ? `\u001eimage ${path.includes("-arm64-") ? arm64 : amd64}\n${end(0)}` : end(0);
    const { builder } = await start({ other });
    const { text, result } = await follow(builder.build(await wanting(), never));
    expect(text).toBe(
      "-----> Building for amd64\n-----> Building for arm64\n" +
        "-----> Made an image for amd64 and arm64: 1 of 2 layers are the same for both, 0.0 MB stored once\n",
    );
    if (result?.kind !== "succeeded") throw new Error(JSON.stringify(result));
    const { digest, platforms } = result.image;
    expect(platforms).toEqual([
      { architecture: "amd64", digest: amd64 },
      { architecture: "arm64", digest: arm64 },
    ]);
    const client = openRegistry();
    expect(await client.pullManifest(repository, "latest")).toMatchObject({
      digest,
      mediaType: MEDIA.index,
    });
    await client.close();
    expect(cluster.paths("pods/").sort()).toEqual([podPath(), second()].sort());
    expect(cluster.paths("secrets/")).toEqual([]);
    // Another process finds both pods, and comes to the same end.
    const joined = await follow((await start({ other })).builder.build(await wanting(), never));
    expect(joined.result).toMatchObject({ kind: "succeeded", image: { digest } });
  });

  it("fails with the name of the one that failed, and names no image", async () => {
    const digest = await pushFor("amd64");
    cluster.log = (path, { container = "" }) => {
      if (!path.includes("-arm64-"))
        return container === "deliver" ? `\u001eimage ${digest}\n${end(0)}` : end(0);
      const ended = podOf({ prepare: 0, analyzer: 0, detector: 0, restorer: 0, builder: 51 });
      const pod = cluster.at(path);
      if (pod) cluster.put({ ...pod, status: { ...ended.status, phase: "Failed" } });
      return end(container === "builder" ? 51 : 0);
    };
    const { builder } = await start({ other });
    const { result } = await follow(builder.build(await wanting(), never));
    expect(result).toMatchObject({
      kind: "failed",
      message: expect.stringMatching(/^The build for arm64 failed\. /),
    });
    const client = openRegistry();
    expect(await client.pullManifest(repository, "latest")).toBeUndefined();
    await client.close();
  });

  it("fails at once where no node has the other's, and leaves no pod waiting for one", async () => {
    const digest = await pushFor("amd64");
    cluster.log = (_path, { container = "" }) =>
      container === "deliver" ? `\u001eimage ${digest}\n${end(0)}` : end(0);
    const message = "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.";
    const conditions = [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }];
    cluster.control = ({ kind, status, metadata }) => {
      if (kind !== "Pod") return undefined;
      return metadata.name.includes("-arm64-")
        ? { phase: "Pending", conditions }
        : (status ?? podOf().status);
    };
    const { builder } = await start({ other });
    const { result } = await follow(builder.build(await wanting(), never));
    expect(result).toMatchObject({
      kind: "failed",
      message: expect.stringContaining("No node of this cluster has processors for arm64."),
    });
    expect(cluster.paths("pods/")).toEqual([podPath()]);
  });

  it.each([
    ["without images for the other", BOTH, /CONIFER_OTHER_BUILDER_IMAGE/],
    ["for none that Conifer runs on", BOTH.replace('"amd64", ', ""), /architectures without amd64/],
  ])("%s fails with what to do, and no pod", async (_what, text, message) => {
    const { builder } = await start();
    const { result } = await follow(builder.build(await wanting(text), never));
    expect(result).toMatchObject({ kind: "failed", message: expect.stringMatching(message) });
    expect(cluster.paths("pods/")).toEqual([]);
  });

  it("is cancelled as a whole, whichever pod is at work", async () => {
    const digest = await pushFor("amd64");
    let builder: Awaited<ReturnType<typeof start>>["builder"];
    const cancelling: Promise<void>[] = [];
    cluster.log = (path, { container = "" }) => {
      if (path.includes("-arm64-")) {
        cancelling.push(builder.cancel(spec.id));
        return end(0);
      }
      return container === "deliver" ? `\u001eimage ${digest}\n${end(0)}` : end(0);
    };
    builder = (await start({ other })).builder;
    const { result } = await follow(builder.build(await wanting(), never));
    await Promise.all(cancelling);
    expect(result).toEqual({ kind: "cancelled" });
  });
});
