import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BuildSpec } from "../../../delivery/build/index.ts";
import { makeFakeRegistryStores } from "../../../delivery/registry/registry-fake.ts";
import {
  pushImage,
  startTestRegistry,
  type TestRegistry,
} from "../../../delivery/registry/registry-fixtures.ts";
import { fakeSourceStore } from "../../../delivery/source/source-store-fake.ts";
import { streamOf, tarOf } from "../../../delivery/source/tar-fixtures.ts";
import { makeRegistryClient } from "../../registry/client/index.ts";
import { type HeldCluster, openHeldCluster } from "../client/held-cluster-fixtures.ts";
import type { Pod } from "../client/index.ts";
import { placement, spec as plainSpec, podOf, task } from "./build-pod-fixtures.ts";
import type { KubernetesBuilderOptions } from "./builder-options.ts";
import { builderOptions } from "./builder-options-fixtures.ts";
import { encodeBuilt } from "./built-images.ts";
import { startKubernetesBuilder } from "./kubernetes-builder.ts";

/** Builds by Dockerfiles on a cluster whose pods do what the test says, against our own registry. */

const { repository } = task;
/** Dockerfiles are built for Conifer's own processors, whatever buildpacks would be told. */
const PROJECT = '[dev.conifer]\narchitectures = ["amd64", "arm64"]\n';
const pods = `pods/${placement.namespace}/`;

let cluster: HeldCluster;
let registry: TestRegistry;
let spec: BuildSpec;
const sources = fakeSourceStore();
const running: { stop(): Promise<void> }[] = [];

beforeEach(async () => {
  registry = await startTestRegistry(makeFakeRegistryStores());
  cluster = await openHeldCluster();
  cluster.put({ apiVersion: "v1", kind: "Namespace", metadata: { name: placement.namespace } });
  cluster.control = ({ kind, status }) => (kind === "Pod" ? (status ?? podOf().status) : undefined);
  const { digest } = await sources.write(streamOf(await tarOf({ name: "project.toml", content: PROJECT })));
  spec = { ...plainSpec, source: digest, stack: "container" };
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
  await cluster.close();
  await registry.registry.stop();
});

const openRegistry = () =>
  makeRegistryClient({ url: `http://127.0.0.1:${registry.port}`, login: registry.push(repository) });

async function build(one: BuildSpec, more: Partial<KubernetesBuilderOptions>) {
  const options = { ...builderOptions({ client: cluster.client, sources, openRegistry }), ...more };
  const { builder, stop } = await startKubernetesBuilder(options);
  running.push({ stop });
  let text = "";
  for await (const news of builder.build(one, new AbortController().signal)) {
    if (news.kind === "result") return { text, result: news.result };
    text += news.text;
  }
  return { text, result: undefined };
}

describe("a build by Dockerfiles in a cluster", () => {
  it("is refused by who builds with buildpacks, and the other way about", async () => {
    expect((await build(spec, {})).result).toMatchObject({ kind: "failed" });
    const ofBuildpacks = { ...spec, stack: "cnb" };
    expect((await build(ofBuildpacks, { ofDockerfiles: true })).result).toMatchObject({ kind: "failed" });
    expect(cluster.paths("pods/")).toEqual([]);
  });

  it("is told by its three containers, and ends with the images that they delivered", async () => {
    const { digest } = await pushImage(registry, repository);
    const client = openRegistry();
    const found = await client.pullManifest(repository, digest);
    if (!found) throw new Error("the image is gone");
    const processes = [{ type: "web", image: "web", command: "serve" }];
    const index = await encodeBuilt({ processes }, new Map([["web", digest]]), async () => found);
    await client.pushManifest(repository, index.digest, index);
    const said: Record<string, string> = { prepare: "setup\n", builder: "STEP 1\n", detector: "never\n" };
    cluster.log = (_path, { container = "" }) =>
      container === "deliver"
        ? `\u001eimage ${index.digest}\n\u001eend 0\n`
        : `${said[container] ?? ""}\u001eend 0\n`;
    const { text, result } = await build(spec, { ofDockerfiles: true });
    expect(text).toBe("setup\nSTEP 1\n");
    expect(result).toMatchObject({
      kind: "succeeded",
      image: { processes: [{ type: "web", command: ["/bin/sh", "-c", "serve"] }] },
    });
    expect(await client.pullManifest(repository, "web.latest")).toMatchObject({ digest });
    await client.close();
    const [path = "", ...others] = cluster.paths(pods);
    expect(others).toEqual([]);
    const { spec: made } = cluster.at(path) as unknown as Pod;
    expect((made.containers as { name: string }[]).map(({ name }) => name)).toEqual([
      ...["prepare", "builder", "deliver"],
    ]);
  });
});
