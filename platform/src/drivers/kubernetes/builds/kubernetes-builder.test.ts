import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BuildNews, BuildSpec } from "../../../delivery/build/index.ts";
import { makeFakeRegistryStores } from "../../../delivery/registry/registry-fake.ts";
import {
  eventually,
  pushImage,
  startTestRegistry,
  type TestRegistry,
} from "../../../delivery/registry/registry-fixtures.ts";
import { fakeSourceStore } from "../../../delivery/source/source-store-fake.ts";
import { streamOf, tarOf } from "../../../delivery/source/tar-fixtures.ts";
import { makeRegistryClient } from "../../registry/client/index.ts";
import { type HeldCluster, openHeldCluster } from "../client/held-cluster-fixtures.ts";
import type { Pod, Secret } from "../client/index.ts";
import { buildObjectName } from "./build-labels.ts";
import type { PartName } from "./build-parts.ts";
import { type PartStates, placement, spec as plainSpec, podOf, task } from "./build-pod-fixtures.ts";
import { type BuildTask, CACHE_TAG, POD_EXIT, TASK_FILE } from "./build-task.ts";
import type { KubernetesBuilderOptions } from "./builder-options.ts";
import { builderOptions } from "./builder-options-fixtures.ts";
import { startKubernetesBuilder } from "./kubernetes-builder.ts";
import {
  BUILDER_FILES,
  builderConfig,
  type RemoteImages,
  startRemoteImages,
} from "./remote-builder-fixtures.ts";
import { BUILDS_AGAIN } from "./run-in-pod.ts";

/** Builds of a cluster whose pods do what the test says, against our own registry. */

const { repository } = task;
const NAMESPACE = placement.namespace;
const podPath = (attempt = 1) => `pods/${NAMESPACE}/${buildObjectName(plainSpec.id, attempt)}`;
const secretPath = (attempt = 1) => podPath(attempt).replace("pods/", "secrets/");

let cluster: HeldCluster;
let registry: TestRegistry;
let spec: BuildSpec;
const sources = fakeSourceStore();
const running: { stop(): Promise<void> }[] = [];

beforeEach(async () => {
  registry = await startTestRegistry(makeFakeRegistryStores());
  cluster = await openHeldCluster();
  cluster.put({ apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } });
  // Every pod finds room at once, and all its containers begin.
  cluster.control = ({ kind, status }) => (kind === "Pod" ? (status ?? podOf().status) : undefined);
  const { digest } = await sources.write(streamOf(await tarOf({ name: "page", content: "hello" })));
  spec = { ...plainSpec, source: digest };
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

/** Another Conifer process on the same cluster. */
async function start(more: Partial<KubernetesBuilderOptions> = {}) {
  const started = await startKubernetesBuilder({
    ...builderOptions({ client: cluster.client, sources, openRegistry }),
    ...more,
  });
  running.push(started);
  return started;
}

/** All that a build tells; `onOutput` is called with each text as it comes. */
async function follow(news: AsyncIterable<BuildNews>, onOutput: (text: string) => unknown = () => {}) {
  let text = "";
  for await (const one of news) {
    if (one.kind === "result") return { text, result: one.result };
    text += one.text;
    onOutput(one.text);
  }
  return { text, result: undefined };
}

const never = new AbortController().signal;
const end = (status: number) => `\u001eend ${status}\n`;

/** The containers write this, one after the other; the last one delivers the image. */
function succeedWith(digest: string, said: Partial<Record<PartName, string>> = {}): void {
  cluster.log = (_path, { container = "" }) =>
    container === "deliver"
      ? `\u001eimage ${digest}\n${end(0)}`
      : `${said[container as PartName] ?? ""}${end(0)}`;
}

/** The cluster tells of containers that have ended. */
function endParts(path: string, states: PartStates): void {
  const pod = cluster.at(path);
  if (pod) cluster.put({ ...pod, status: podOf(states, { status: { phase: "Failed" } }).status });
}

describe("a build in a cluster", () => {
  it("ends with the image that the registry has, which is the app's newest from then on", async () => {
    const { digest } = await pushImage(registry, repository);
    succeedWith(digest, { detector: "found test/do\n", builder: "built\n" });
    const { builder } = await start();
    const { text, result } = await follow(builder.build(spec, never));
    expect(text).toBe("found test/do\nbuilt\n");
    expect(result).toMatchObject({ kind: "succeeded", image: { digest } });
    const client = openRegistry();
    expect(await client.pullManifest(repository, "latest")).toMatchObject({ digest });
    expect(await client.hasBlob(repository, spec.source)).toBe(true);
    await client.close();
    expect([cluster.paths("pods/"), cluster.paths("secrets/")]).toEqual([[podPath()], []]);
  });

  describe("in a builder of others", () => {
    let remote: RemoteImages;
    const PROJECT = '[io.buildpacks]\nbuilder = "acme.test/builder:24"\n';
    const access = (more: object = {}) => ({
      builders: {
        ...{ registries: [{ host: "acme.test", url: remote.url }], architecture: "amd64" as const, ...more },
        ...{ client: { persistence: { tries: 1 } } },
        imageIn: (name: string, digest: string) => `registry.test:5000/${name}@${digest}`,
      },
    });
    const naming = async (text: string) => ({
      ...spec,
      source: (await sources.write(streamOf(await tarOf({ name: "project.toml", content: text })))).digest,
    });
    beforeEach(async () => {
      remote = await startRemoteImages();
      const files = { ...BUILDER_FILES, "cnb/run.toml": '[[images]]\nimage = "acme.test/run:1"\n' };
      await remote.add("builder:24", [files], builderConfig());
      await remote.add("run:1", [{ base: "x" }], { User: "77:88" });
    });
    afterEach(() => remote.stop());

    it("has its phases there, and its image run as the run image says", async () => {
      const { digest } = await pushImage(registry, repository);
      succeedWith(digest);
      const { builder } = await start(access());
      const tasks: BuildTask[] = [];
      cluster.refuse = ({ method, path, object }) => {
        if (method === "PATCH" && path.startsWith("secrets/"))
          tasks.push(
            JSON.parse(Buffer.from((object as Secret).data?.[TASK_FILE] ?? "", "base64").toString()),
          );
        return undefined;
      };
      const { text, result } = await follow(builder.build(await naming(PROJECT), never));
      expect(text).toContain("-----> Using builder acme.test/builder:24\n");
      expect(result).toMatchObject({ kind: "succeeded", image: { digest, user: { uid: 77, gid: 88 } } });
      expect(result).toHaveProperty("image.builder", `acme.test/builder:24@${tasks[0]?.builder?.digest}`);
      const pod = cluster.at(podPath()) as unknown as Pod;
      const images = (pod.spec.containers as { image: string }[]).map(({ image }) => image);
      const brought = `registry.test:5000/${repository}@${tasks[0]?.builder?.digest}`;
      expect(images).toEqual([placement.builderImage, ...Array(5).fill(brought), placement.builderImage]);
    });

    it("is the operator's choice where a source names none, and ours where it asks for that", async () => {
      const { digest } = await pushImage(registry, repository);
      succeedWith(digest);
      const { builder } = await start(access({ usual: "acme.test/builder:24" }));
      const usual = await follow(builder.build(spec, never));
      expect(usual.text).toContain("-----> Using builder acme.test/builder:24\n");
      const own = {
        ...(await naming(PROJECT.replace("acme.test/builder:24", "conifer/builder"))),
        id: "own",
      };
      const asked = await follow(builder.build(own, never));
      expect(asked.text).not.toContain("Using builder");
      expect(asked.result).not.toHaveProperty("image.user");
    });

    it.each([
      ["that is not there", PROJECT.replace("24", "25"), "There is no image acme.test/builder:25."],
      ["in this network", PROJECT.replace("acme.test", "10.0.0.1"), "not an address of the public internet"],
      ["with a broken project.toml", "[", "project.toml is not valid TOML"],
    ])("%s fails with what to do, and no pod", async (_what, text, message) => {
      const { builder } = await start(access());
      const { result } = await follow(builder.build(await naming(text), never));
      expect(result).toMatchObject({
        kind: "failed",
        message: expect.stringContaining(message),
        exitCode: 1,
      });
      expect([...cluster.paths("pods/"), ...cluster.paths("secrets/")]).toEqual([]);
    });

    it("ends when it is cancelled while the builder comes, and at its time limit", async () => {
      const { builder } = await start(access());
      const named = await naming(PROJECT);
      let cancelling = Promise.resolve();
      const { result } = await follow(builder.build(named, never), (text) => {
        if (text.includes("Pulling builder")) cancelling = builder.cancel(named.id);
      });
      await cancelling;
      expect(result).toEqual({ kind: "cancelled" });
      const endless = { read: async () => new Readable({ read: () => {} }) };
      const other = await start({ ...access(), sources: endless });
      const late = await follow(other.builder.build({ ...named, timeoutSeconds: 0.05 }, never));
      expect(late.result).toMatchObject({
        kind: "failed",
        message: expect.stringContaining("The build was not done after"),
      });
    });
  });

  it("of a Dockerfile is refused, with what to do instead", async () => {
    const { builder } = await start();
    const { result } = await follow(builder.build({ ...spec, stack: "container" }, never));
    expect(result).toMatchObject({
      kind: "failed",
      message: expect.stringContaining("container:release web"),
    });
    expect(cluster.paths("pods/")).toEqual([]);
  });

  it("tells its pod what to do, with a credential that outlives it, and tells nobody else", async () => {
    const told: unknown[] = [];
    const pods: unknown[] = [];
    cluster.refuse = ({ method, path, object }) => {
      const { data } = (object ?? {}) as { data?: Record<string, string> };
      if (method === "PATCH" && path === secretPath()) told.push(JSON.parse(atob(data?.[TASK_FILE] ?? "")));
      if (method === "POST")
        pods.push([JSON.stringify(object).includes("s3cret"), cluster.paths("secrets/")]);
      return undefined;
    };
    succeedWith((await pushImage(registry, repository)).digest);
    const { builder } = await start();
    await follow(builder.build(spec, never));
    expect(pods).toEqual([[false, [secretPath()]]]);
    expect(told).toEqual([
      { ...task, spec, registry: { ...task.registry, password: "until 2026-01-01T01:15:00.000Z" } },
    ]);
  });

  it("is joined by a process that comes later, and not begun again", async () => {
    const first = await start();
    cluster.log = () => undefined;
    const leaving = new AbortController();
    const pods = follow(first.builder.build(spec, leaving.signal));
    await eventually(() => cluster.at(podPath())).toBeDefined();
    leaving.abort();
    expect(await pods).toEqual({ text: "", result: undefined });
    const { digest } = await pushImage(registry, repository);
    succeedWith(digest, { builder: "from the beginning\n" });
    const second = await start();
    const joined = await follow(second.builder.build(spec, never));
    expect(joined).toMatchObject({ text: "from the beginning\n", result: { kind: "succeeded" } });
    // Also after its end.
    expect((await follow(first.builder.build(spec, never))).result).toEqual(joined.result);
    expect(cluster.changes.filter((change) => change.startsWith("POST"))).toHaveLength(1);
  });

  it("is joined when another process makes its pod at the same moment", async () => {
    cluster.refuse = ({ method, object }) => {
      if (method === "POST" && object && !cluster.at(podPath())) cluster.put(object);
      return undefined;
    };
    succeedWith((await pushImage(registry, repository)).digest);
    const { builder } = await start();
    expect((await follow(builder.build(spec, never))).result?.kind).toBe("succeeded");
    expect(cluster.paths("pods/")).toEqual([podPath()]);
  });

  it("fails with what its buildpack ended with; what it was told is gone, its log stays", async () => {
    cluster.log = (path, { container }) => {
      if (container !== "builder") return end(0);
      endParts(path, {
        prepare: 0,
        analyzer: 0,
        detector: 0,
        restorer: 0,
        builder: 51,
        exporter: 0,
        deliver: 0,
      });
      return `npm says no\n${end(51)}`;
    };
    const { builder } = await start();
    const { text, result } = await follow(builder.build(spec, never));
    expect(text).toBe("npm says no\n");
    expect(result).toMatchObject({ kind: "failed", exitCode: 51 });
    expect(cluster.paths("secrets/")).toEqual([]);
    expect(cluster.at(podPath())?.spec).toMatchObject({ activeDeadlineSeconds: 1 });
  });

  it("is lost when something of ours broke in it, and the next call begins anew", async () => {
    cluster.log = (path) => {
      const message = JSON.stringify({ message: "the registry is away" });
      endParts(path, { prepare: { exitCode: POD_EXIT.broken, message } });
      return end(POD_EXIT.broken);
    };
    const { builder } = await start();
    const { text, result } = await follow(builder.build(spec, never));
    expect(result).toEqual({ kind: "lost", message: "the registry is away" });
    expect(text).toBe(" !     the registry is away\n");
    expect([cluster.paths("pods/"), cluster.paths("secrets/")]).toEqual([[], []]);
    succeedWith((await pushImage(registry, repository)).digest);
    expect((await follow(builder.build(spec, never))).result?.kind).toBe("succeeded");
  });

  it("is lost when the image that its pod tells of is not in the registry", async () => {
    succeedWith(`sha256:${"0".repeat(64)}`);
    const { builder } = await start();
    const { result } = await follow(builder.build(spec, never));
    expect(result).toEqual({
      kind: "lost",
      message: expect.stringMatching(/^The build's image could not be read back: /),
    });
  });
});

describe("a build that the cluster takes away", () => {
  it("is built again, once for each call", async () => {
    const taken: string[] = [];
    cluster.log = (path) => {
      taken.push(path);
      cluster.drop(path);
      return end(0);
    };
    const { builder } = await start();
    const { text, result } = await follow(builder.build(spec, never));
    expect(text).toBe(BUILDS_AGAIN);
    expect(result).toEqual({ kind: "lost", message: "The build's pod was removed." });
    expect(new Set(taken)).toEqual(new Set([podPath(1)]));
    expect(cluster.paths("secrets/")).toEqual([]);
  });

  it("gets a pod of another name while the one before is still there", async () => {
    const { digest } = await pushImage(registry, repository);
    const disrupted = [{ type: "DisruptionTarget", status: "True", reason: "DeletionByTaintManager" }];
    cluster.put({ ...podOf({}, { status: { phase: "Failed", conditions: disrupted } }) } as never);
    succeedWith(digest);
    const { builder } = await start();
    expect((await follow(builder.build(spec, never))).result?.kind).toBe("succeeded");
    expect(cluster.paths("pods/")).toEqual([podPath(1), podPath(2)]);
  });
});

describe("a build that cannot begin", () => {
  const WAITS = "-----> Waiting for a build that runs on this cluster\n";
  const quota = [403, "Forbidden", "pods is forbidden: exceeded quota: conifer-builds"] as const;

  it("waits for others where they use up the quota, and says so once", async () => {
    let refusals = 2;
    cluster.refuse = ({ method }) => (method === "POST" && refusals-- > 0 ? quota : undefined);
    succeedWith((await pushImage(registry, repository)).digest);
    const { builder } = await start();
    const { text, result } = await follow(builder.build(spec, never));
    expect([text, result?.kind]).toEqual([WAITS, "succeeded"]);
  });

  it("lets another owner's go before a second one of its own owner", async () => {
    let full = true;
    cluster.refuse = ({ method }) => (method === "POST" && full ? quota : undefined);
    succeedWith((await pushImage(registry, repository)).digest);
    const { builder } = await start();
    const begun: string[] = [];
    const push = (name: string, ownerId: string) => {
      const waits = Promise.withResolvers<void>();
      const of = { ...spec, id: `${name}-${spec.id}`, ownerId };
      const ended = follow(builder.build(of, never), (text) => {
        if (text.includes("Waiting")) waits.resolve();
      }).then(() => begun.push(name));
      return { waits: waits.promise, ended };
    };
    const [first, second, third] = [push("a1", "a"), push("a2", "a"), push("b1", "b")];
    await Promise.all([first.waits, second.waits, third.waits]);
    full = false;
    await Promise.all([first.ended, second.ended, third.ended]);
    const pods = cluster.paths("pods/").map((path) => path.split("build-")[1]?.slice(0, 2));
    expect(pods.sort()).toEqual(["a1", "a2", "b1"]);
    expect(begun[0]).toBe("a1");
  });

  it("is cancelled while it waits, without ever having had a pod", async () => {
    cluster.refuse = ({ method }) => (method === "POST" ? quota : undefined);
    const { builder } = await start();
    const cancelling: Promise<void>[] = [];
    const following = follow(builder.build(spec, never), () => cancelling.push(builder.cancel(spec.id)));
    expect(await following).toEqual({ text: WAITS, result: { kind: "cancelled" } });
    await Promise.all(cancelling);
    expect(cluster.paths("pods/")).toEqual([]);
  });

  it.each([
    [403, "Forbidden", "violates PodSecurity"],
    [422, "Invalid", "no such priority class"],
    [500, "InternalError", "etcd is full"],
  ] as const)("is lost when the cluster refuses its pod (%i)", async (...refusal) => {
    cluster.refuse = ({ method }) => (method === "POST" ? refusal : undefined);
    const { builder } = await start();
    const { text, result } = await follow(builder.build(spec, never));
    expect(result?.kind).toBe("lost");
    expect(text).toMatch(new RegExp(`^ ! {5}The build could not be started: .*${refusal[2]}\\.\n$`));
  });

  it("is lost when its source cannot be brought to the registry", async () => {
    const { builder } = await start({
      openRegistry: () =>
        makeRegistryClient({ url: `http://127.0.0.1:${registry.port}`, persistence: { tries: 1 } }),
    });
    const { result } = await follow(builder.build(spec, never));
    expect(result).toMatchObject({
      kind: "lost",
      message: expect.stringMatching(/could not be started: .*401/),
    });
    expect(cluster.changes).toEqual([]);
  });

  it.each(["", "../x", "A", "a/b", "a".repeat(42)])("has no id such as %j", async (id) => {
    const { builder } = await start();
    await expect(follow(builder.build({ ...spec, id }, never))).rejects.toThrow("is not an id");
    await expect(builder.cancel(id)).rejects.toThrow("is not an id");
    expect(cluster.changes).toEqual([]);
  });
});

describe("ending a build", () => {
  it("works from every process, and is remembered", async () => {
    const [one, other] = [await start(), await start()];
    cluster.log = () => undefined;
    const following = follow(one.builder.build(spec, never));
    await eventually(() => cluster.at(podPath())).toBeDefined();
    await other.builder.cancel(spec.id);
    expect((await following).result).toEqual({ kind: "cancelled" });
    expect((await follow(other.builder.build(spec, never))).result).toEqual({ kind: "cancelled" });
    expect(cluster.paths("secrets/")).toEqual([]);
  });

  it("does not touch one that has ended, or was never there", async () => {
    cluster.put({ ...podOf({}, { status: { phase: "Succeeded" } }) } as never);
    const { builder } = await start();
    await builder.cancel(spec.id);
    await builder.cancel("nobody");
    expect(cluster.changes).toEqual([]);
  });

  it("is not what a process does that stops: the build goes on without it", async () => {
    const { builder, stop } = await start();
    cluster.log = () => undefined;
    const following = follow(builder.build(spec, never));
    await eventually(() => cluster.at(podPath())).toBeDefined();
    await stop();
    expect((await following).result).toEqual({ kind: "lost", message: "The build engine was stopped." });
    const { spec: told, metadata } = cluster.at(podPath()) as unknown as Pod;
    expect([told.activeDeadlineSeconds, metadata.annotations]).toEqual([900, undefined]);
    expect(cluster.paths("secrets/")).toEqual([secretPath()]);
  });
});

describe("an app's cache", () => {
  it("is forgotten, also where there is none", async () => {
    const { builder } = await start();
    await builder.clearCache(spec.appId);
    const client = openRegistry();
    expect(await client.pullManifest(repository, CACHE_TAG)).toBeUndefined();
    await pushImage(registry, repository, { tag: CACHE_TAG });
    await builder.clearCache(spec.appId);
    const left = await client.pullManifest(repository, CACHE_TAG);
    expect(JSON.parse(String(left?.bytes))).toMatchObject({ layers: [] });
    await client.close();
  });
});
