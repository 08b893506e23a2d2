import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BuildNews, BuildSpec } from "../delivery/build/index.ts";
import { type RunningRegistry, registryKeys, startRegistry } from "../delivery/registry/index.ts";
import { makeFakeRegistryStores } from "../delivery/registry/registry-fake.ts";
import { ask } from "../delivery/registry/registry-fixtures.ts";
import { fakeSourceStore } from "../delivery/source/source-store-fake.ts";
import { streamOf, tarOf } from "../delivery/source/tar-fixtures.ts";
import { spec as plainSpec, podOf } from "../drivers/kubernetes/builds/build-pod-fixtures.ts";
import { writeSmallLayout } from "../drivers/kubernetes/builds/small-layout-fixtures.ts";
import { type HeldCluster, openHeldCluster } from "../drivers/kubernetes/client/held-cluster-fixtures.ts";
import { type MasterKey, newId, silentLogger } from "../kernel/index.ts";
import { type ClusterBuildsParts, startClusterBuilds } from "./cluster-builds.ts";

/** How builds of a cluster are wired, on a cluster that holds objects and our own registry. */

const NAMESPACE = "conifer-builds";
const NODES_REGISTRY = "registry.test:5000";

let folder: string;
let cluster: HeldCluster;
let registry: RunningRegistry;
let masterKey: MasterKey;
let images: { readonly run: string; readonly builder: string };
const sources = fakeSourceStore();
const running: { stop(): Promise<void> }[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "cluster-builds-"));
  const [run, builder] = await Promise.all([
    writeSmallLayout(join(folder, "run"), "what apps stand on"),
    writeSmallLayout(join(folder, "builder"), "what builds run in"),
  ]);
  images = { run: run.digest, builder: builder.digest };
  masterKey = { current: 1, keys: new Map([[1, randomBytes(32)]]) };
  registry = await startRegistry({
    ...makeFakeRegistryStores(),
    ...{ keys: registryKeys(masterKey), now: () => new Date(), newId, logger: silentLogger },
    ...{ addresses: ["127.0.0.1"], port: 0 },
  });
  cluster = await openHeldCluster();
  cluster.control = ({ kind, status }) => (kind === "Pod" ? (status ?? podOf().status) : undefined);
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
  await cluster.close();
  await registry.stop();
  rmSync(folder, { recursive: true, force: true });
});

type Settings = Partial<ClusterBuildsParts["config"]>;

async function start(settings: Settings = {}, more: Partial<ClusterBuildsParts> = {}) {
  const started = await startClusterBuilds({
    config: {
      ...{ kubeconfig: undefined, registryAddress: NODES_REGISTRY, buildNamespace: NAMESPACE },
      ...{ runImage: join(folder, "run"), builderImage: join(folder, "builder") },
      ...{ caBundle: undefined, runtimeSources: ["official"] },
      ...{ pullRegistries: [], pullCredentials: undefined, defaultBuilder: undefined },
      ...{ architectures: undefined, otherBuilderImage: undefined, otherRunImage: undefined },
      ...settings,
    },
    ...{ client: cluster.client, sources, masterKey, logger: silentLogger, hostEnv: {} },
    registryUrl: registryUrl(),
    ...more,
  });
  running.push(started);
  return started;
}

const registryUrl = () => `http://127.0.0.1:${registry.ports[0]}`;
const named = (digest: string, repository: string) => `${repository}@${digest}`;

/** Begins a build, and gives what the cluster has got for it. */
async function begin(builder: { build(spec: BuildSpec, signal: AbortSignal): AsyncIterable<BuildNews> }) {
  const { digest } = await sources.write(streamOf(await tarOf({ name: "page", content: "hello" })));
  cluster.log = () => "\u001eend 51\n";
  const leaving = new AbortController();
  const told: Record<string, unknown>[] = [];
  cluster.refuse = ({ method, path, object }) => {
    if (method === "POST" && path.startsWith("pods/")) {
      told.push(object?.spec as Record<string, unknown>);
      leaving.abort();
    }
    return undefined;
  };
  for await (const _news of builder.build({ ...plainSpec, source: digest }, leaving.signal));
  const [secret = ""] = cluster.paths("secrets/").filter((path) => path.includes("/build-"));
  const { data = {} } = cluster.at(secret) as { data?: Record<string, string> };
  return { pod: told[0] ?? {}, task: JSON.parse(atob(data["task.json"] ?? "")) as Record<string, unknown> };
}

const containersOf = (pod: Record<string, unknown>) =>
  pod.containers as { name: string; image: string; env: { name: string; value: string }[] }[];

describe("Dockerfiles", () => {
  const boxed = { ...plainSpec, stack: "container" };

  it("are refused where no namespace is set aside for them, with the value that does it", async () => {
    const { builder } = await start();
    const news = [];
    for await (const one of builder.build(boxed, new AbortController().signal)) news.push(one);
    expect(news).toMatchObject([{ kind: "result", result: { kind: "failed" } }]);
    expect(JSON.stringify(news)).toContain("conifer install --set dockerfiles.enabled=true");
    expect(JSON.stringify(news)).toContain("heroku container:release web");
  });

  it("are built in theirs, whose pods may do more, and all else where it was", async () => {
    const { builder } = await start({ dockerfileNamespace: "conifer-boxes" });
    const level = (name: string) =>
      cluster.at(`namespaces//${name}`)?.metadata.labels?.["pod-security.kubernetes.io/enforce"];
    expect([level(NAMESPACE), level("conifer-boxes")]).toEqual(["restricted", "privileged"]);
    await begin({ build: (spec, signal) => builder.build({ ...spec, stack: "container" }, signal) });
    expect(cluster.paths("secrets/").filter((path) => path.includes("/build-"))).toEqual([
      expect.stringContaining("secrets/conifer-boxes/"),
    ]);
  });
});

describe("the images that builds need", () => {
  it("are pushed from their folders, and the pod is told of both as it reaches them", async () => {
    const { builder } = await start();
    const { pod, task } = await begin(builder);
    expect(new Set(containersOf(pod).map(({ image }) => image))).toEqual(
      new Set([`${NODES_REGISTRY}/${named(images.builder, "conifer/builder")}`]),
    );
    expect(pod.nodeSelector).toEqual({ "kubernetes.io/arch": process.arch === "arm64" ? "arm64" : "amd64" });
    expect(task.runImage).toEqual({ repository: "conifer/run", digest: images.run });
    expect(task).toMatchObject({
      registry: { url: registryUrl() },
      repository: `common/${plainSpec.appId}`,
    });
  });

  it("are found in the registry by their names, under which somebody pushed them", async () => {
    await start();
    const byName = {
      runImage: named(images.run, "conifer/run"),
      builderImage: named(images.builder, "conifer/builder"),
    };
    rmSync(folder, { recursive: true });
    const { builder } = await start(byName);
    const { task } = await begin(builder);
    expect(task.runImage).toEqual({ repository: "conifer/run", digest: images.run });
  });

  const absent = `sha256:${"0".repeat(64)}`;

  it.each<[Settings, RegExp]>([
    [{ runImage: `conifer/run@${absent}` }, /^The registry has no image conifer\/run@sha256:0+\. Push it/],
    [{ builderImage: `conifer/builder@${absent}` }, /^The registry has no image conifer\/builder@/],
    [
      { otherBuilderImage: `conifer/builder@${absent}`, otherRunImage: `conifer/run@${absent}` },
      /^The registry has no image conifer\/builder@/,
    ],
    [{ builderImage: `elsewhere.test/conifer/builder@${absent}` }, /is no image of the registry, such as/],
    [{ runImage: `run@${absent}` }, /"run@sha256:0+" is no image of the registry/],
    [{ runImage: "/nowhere" }, /^\/nowhere is no OCI layout\. `npm run -s images` makes one\.$/],
    [{ builderImage: "/nowhere" }, /^\/nowhere is no OCI layout/],
  ])("are missing: %j", async (settings, message) => {
    await expect(start(settings)).rejects.toThrow(message);
    // Nothing was changed, and the client is its owner's.
    expect(cluster.changes).toEqual([]);
    expect(await cluster.client.ask("/api/v1/nodes")).toBeDefined();
  });

  it("cannot be pushed with another installation's key", async () => {
    const other = { current: 1, keys: new Map([[1, randomBytes(32)]]) };
    await expect(start({}, { masterKey: other })).rejects.toThrow(/401|UNAUTHORIZED/);
  });
});

describe("the namespace of builds", () => {
  const SPACE = [
    "namespaces//conifer-builds",
    "networkpolicies/conifer-builds/conifer-builds",
    "priorityclasses//conifer-builds",
    "resourcequotas/conifer-builds/conifer-builds",
    "secrets/conifer-builds/conifer-registry",
  ];
  const withoutTrust = () => cluster.paths().filter((path) => !path.endsWith("/conifer-trust"));

  it("is made with its bounds and a credential, and once more changes nothing", async () => {
    await start();
    expect(withoutTrust()).toEqual(SPACE);
    await start({}, { bounds: { quota: { pods: 3, memoryBytes: 4096 } } });
    expect(withoutTrust()).toEqual(SPACE);
    expect(cluster.at("resourcequotas/conifer-builds/conifer-builds")?.spec).toEqual({
      hard: { pods: "3", "requests.memory": "4096" },
    });
  });

  it("is the installation's where this account may not make it", async () => {
    cluster.put({ apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } });
    cluster.refuse = ({ path }) =>
      /^(?:namespaces|priorityclasses|resourcequotas|networkpolicies)\//.test(path)
        ? [403, "Forbidden", "you may not"]
        : undefined;
    await start();
    expect(withoutTrust()).toEqual(["namespaces//conifer-builds", "secrets/conifer-builds/conifer-registry"]);
  });

  it("that cannot be made because the cluster fails stops the start", async () => {
    cluster.refuse = ({ method }) =>
      method === "PATCH" ? [500, "InternalError", "etcd is full"] : undefined;
    await expect(start()).rejects.toThrow("etcd is full");
  });

  it("has a credential with which nodes pull builders and apps' images, and push nothing", async () => {
    await start({}, { nodesRegistry: "nodes.test:7000" });
    const { data } = cluster.at("secrets/conifer-builds/conifer-registry") as {
      data?: Record<string, string>;
    };
    const { auths } = JSON.parse(atob(data?.[".dockerconfigjson"] ?? "")) as {
      auths: Record<string, { auth: string }>;
    };
    expect(Object.keys(auths)).toEqual(["nodes.test:7000"]);
    const headers = { authorization: `Basic ${auths["nodes.test:7000"]?.auth}` };
    const status = async (what: string) => (await ask(registry.ports[0] ?? 0, what, { headers })).status;
    expect(await status(`GET /v2/conifer/builder/manifests/${images.builder}`)).toBe(200);
    expect(await status(`GET /v2/common/app/manifests/${images.builder}`)).toBe(404);
    expect(await status("POST /v2/conifer/builder/blobs/uploads/")).toBe(403);
    expect(await status("POST /v2/common/app/blobs/uploads/")).toBe(403);
  });

  it("reaches the registry by the nodes' names outside of a cluster, by its Service inside", async () => {
    const policy = () => JSON.stringify(cluster.at("networkpolicies/conifer-builds/conifer-builds")?.spec);
    const outside = await start();
    expect((await begin(outside.builder)).pod.dnsPolicy).toBe("Default");
    expect(policy()).not.toContain("conifer-system");
    cluster.drop(cluster.paths("pods/")[0] ?? "");
    const inside = await start({}, { systemNamespace: "conifer-system" });
    expect((await begin(inside.builder)).pod.dnsPolicy).toBe("ClusterFirst");
    expect(policy()).toContain('"kubernetes.io/metadata.name":"conifer-system"');
  });
});

describe("the certificates that builds trust", () => {
  const TRUST = "configmaps/conifer-builds/conifer-trust";

  it("are the operator's", async () => {
    const caBundle = join(folder, "ca.pem");
    writeFileSync(caBundle, "-----BEGIN CERTIFICATE-----\n");
    const { builder } = await start({ caBundle });
    expect(cluster.at(TRUST)?.data).toEqual({ "ca-certificates.crt": "-----BEGIN CERTIFICATE-----\n" });
    const { pod } = await begin(builder);
    expect(pod.volumes).toContainEqual({ name: "trust", configMap: { name: "conifer-trust" } });
  });

  it("must be there when the operator names them", async () => {
    await expect(start({ caBundle: join(folder, "nothing.pem") })).rejects.toThrow("ENOENT");
    expect(cluster.changes).toEqual([]);
  });

  it("must fit into what pods can be given", async () => {
    const caBundle = join(folder, "ca.pem");
    writeFileSync(caBundle, "x".repeat(1_000_001));
    await expect(start({ caBundle })).rejects.toThrow(`${caBundle} has more than 1000000 bytes`);
  });
});

describe("the operator's variables", () => {
  it("reach builds where they say where packages come from, and no secret does", async () => {
    const hostEnv = {
      ...{ HTTPS_PROXY: "http://proxy.test:3128", NO_PROXY: "registry.test" },
      ...{ DATABASE_URL: "postgres://hush", CONIFER_ADMIN_PASSWORD: "hush", PATH: "/hush" },
    };
    const { builder } = await start({}, { hostEnv });
    const { pod, task } = await begin(builder);
    expect(task.hostEnv).toEqual({ HTTPS_PROXY: hostEnv.HTTPS_PROXY, NO_PROXY: hostEnv.NO_PROXY });
    const envs = containersOf(pod).map(({ name, env }) => [
      name,
      env.some((one) => one.name === "HTTPS_PROXY" && one.value === hostEnv.HTTPS_PROXY),
    ]);
    expect(Object.fromEntries(envs)).toMatchObject({ prepare: false, builder: true, deliver: false });
    expect(JSON.stringify([pod, task])).not.toContain("hush");
  });
});
