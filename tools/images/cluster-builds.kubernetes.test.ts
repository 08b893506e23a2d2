import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  builderSuite,
  collect,
  listen,
  never,
  specOf,
} from "../../platform/src/delivery/build/builder-suite.ts";
import type { BuildResult, BuildSpec } from "../../platform/src/delivery/build/index.ts";
import { KIND, type Pod, type Secret } from "../../platform/src/drivers/kubernetes/client/index.ts";
import { type ClusterBuildBench, openClusterBuildBench } from "./cluster-builds-fixtures.ts";

/** Builds as pods, on a real cluster, with our builder image and a buildpack that does what the source says. */

let bench: ClusterBuildBench;
beforeAll(async () => {
  bench = await openClusterBuildBench();
}, 600_000);
afterAll(() => bench?.close());

builderSuite("pods of a cluster", async () => {
  const { builder, stop } = await bench.start();
  return {
    builder,
    sources: {
      good: await bench.addSource({ do: ":", page: "hello" }),
      bad: await bench.addSource({ do: "exit 7" }),
      endless: await bench.addSource({ do: "sleep 600 & sleep 600" }),
    },
    dispose: stop,
  };
});

const podsOf = async (buildId: string) => {
  const place = { kind: KIND.pod, namespace: bench.namespace };
  return (await bench.client.list<Pod>(place, { labelSelector: `conifer.dev/build=${buildId}` })).items;
};
const removePods = async (buildId: string) => {
  for (const { metadata } of await podsOf(buildId))
    await bench.client.remove({ kind: KIND.pod, namespace: bench.namespace }, metadata.name);
};

describe("a build in a pod", () => {
  let started: Awaited<ReturnType<ClusterBuildBench["start"]>>;
  beforeAll(async () => {
    started = await bench.start();
  });
  afterAll(() => started?.stop());
  const run = async (files: Record<string, string>, more: Partial<BuildSpec> = {}) => {
    const spec = specOf(await bench.addSource(files), more);
    const { text, results } = await collect(started.builder.build(spec, never()));
    return { spec, text, result: results[0] as BuildResult };
  };

  it("sees the app's variables and nothing of Conifer's credential", async () => {
    const { text, result } = await run(
      {
        do: 'id -u; pwd; echo "$GREETING $SOURCE_VERSION"; ls /conifer /layouts /var/run/secrets 2>&1 || true; env',
        page: "x",
      },
      { env: { GREETING: "good day" } },
    );
    expect(result.kind).toBe("succeeded");
    expect(text).toContain("begun\n1000\n/workspace\ngood day 0123abc\n");
    expect(text.match(/cannot access/g)).toHaveLength(3);
    expect(text).not.toMatch(/KUBERNETES_|build\+common/);
  });

  it("uses layers of the previous image, which it does not fetch", async () => {
    const appId = "one-app";
    const first = await run({ do: ":", page: "one" }, { appId });
    if (first.result.kind !== "succeeded") throw new Error(first.text);
    const previousImage = first.result.image.digest;
    const second = await run({ do: ":", page: "two" }, { appId, previousImage });
    expect(second.text).toContain("2 layers used again, 1 layer added");
    expect(first.result.image.runImage.name).toMatch(/^conifer\/run:/);
  });

  it("makes the same image of the same source for any app", async () => {
    const files = { do: "mkdir made; echo x > made/file", page: "hello" };
    const [one, two] = [await run(files), await run(files)];
    if (one.result.kind !== "succeeded" || two.result.kind !== "succeeded") throw new Error(one.text);
    expect(two.result.image.digest).toBe(one.result.image.digest);
  });

  it("says what no buildpack takes, and what is wrong with a project.toml", async () => {
    const none = await run({ "index.cobol": "" });
    expect(none.result).toMatchObject({ kind: "failed", exitCode: 20 });
    expect(none.text).toContain("looked for a file named do");
    const project = '[[io.buildpacks.group]]\nid = "acme/cobol"\n';
    const { result } = await run({ do: ":", "project.toml": project });
    expect(result).toMatchObject({ kind: "failed", message: expect.stringContaining("acme/cobol") });
  });

  it("is stopped when it takes too long", async () => {
    const { result } = await run({ do: "sleep 600" }, { timeoutSeconds: 8 });
    expect(result).toMatchObject({ kind: "failed", exitCode: 124 });
  });

  it("is stopped when it needs too much memory, and says so to whoever comes later", async () => {
    const small = await bench.start({ bounds: { memoryBytes: 200 * 1024 ** 2 } });
    const eat = "node -e 'const all = []; for (;;) all.push(Buffer.alloc(1e7, 1))'";
    const spec = specOf(await bench.addSource({ do: eat, page: "x" }));
    const outOfMemory = { kind: "failed", message: expect.stringContaining("200 MB of memory") };
    for (let n = 0; n < 2; n++)
      expect((await collect(small.builder.build(spec, never()))).results).toEqual([
        expect.objectContaining(outOfMemory),
      ]);
    await small.stop();
  });

  it("leaves nothing of the app's variables in the cluster", async () => {
    const { spec } = await run({ do: ":", page: "x" }, { env: { SECRET: "s3cret" } });
    const place = { kind: KIND.secret, namespace: bench.namespace };
    const { items } = await bench.client.list<Secret>(place, {
      labelSelector: `conifer.dev/build=${spec.id}`,
    });
    expect(items).toEqual([]);
    expect(JSON.stringify(await podsOf(spec.id))).not.toContain("s3cret");
  });

  it("goes on while nobody drives it, and is joined by another process", async () => {
    const first = await bench.start();
    const spec = specOf(await bench.addSource({ do: "sleep 3; echo later", page: "x" }));
    const listening = listen(first.builder, spec);
    await listening.said("begun\n");
    await first.stop();
    expect(await listening.ended).toMatchObject({ kind: "lost" });
    const { text, results } = await collect(started.builder.build(spec, never()));
    expect(text).toContain("begun\nlater\n");
    expect(results).toMatchObject([{ kind: "succeeded" }]);
    expect(await podsOf(spec.id)).toHaveLength(1);
  });

  it("is built again, once, when its pod is taken away", async () => {
    const spec = specOf(await bench.addSource({ do: "sleep 600" }));
    const listening = listen(started.builder, spec);
    await listening.said("begun\n");
    await removePods(spec.id);
    await listening.said(
      "has taken this build away. Building again.\n-----> Using buildpack: test/do 1.0.0\nbegun\n",
    );
    await removePods(spec.id);
    expect(await listening.ended).toMatchObject({ kind: "lost" });
    const third = listen(started.builder, spec);
    await third.said("begun\n");
    await started.builder.cancel(spec.id);
    expect(await third.ended).toEqual({ kind: "cancelled" });
  });

  it("waits for others when the quota is used up, and can be cancelled there", async () => {
    const bounds = { quota: { pods: 1, memoryBytes: 64 * 1024 ** 3 } };
    const narrow = await bench.start({ bounds });
    const first = specOf(await bench.addSource({ do: "sleep 600" }));
    const running = listen(narrow.builder, first);
    await running.said("begun\n");
    const waiting = ["sleep 1", "sleep 2"].map(async (line) => {
      const spec = specOf(await bench.addSource({ do: line, page: "x" }));
      const listening = listen(narrow.builder, spec);
      await listening.said("-----> Waiting for ");
      return { spec, listening };
    });
    const [second, third] = await Promise.all(waiting);
    await narrow.builder.cancel(third?.spec.id ?? "");
    expect(await third?.listening.ended).toEqual({ kind: "cancelled" });
    await narrow.builder.cancel(first.id);
    expect(await running.ended).toEqual({ kind: "cancelled" });
    expect(await second?.listening.ended).toMatchObject({ kind: "succeeded" });
    await narrow.stop();
    await (await bench.start()).stop();
  });

  it("tells when its image cannot be pulled", async () => {
    const { CONIFER_CLUSTER_REGISTRY = "" } = process.env;
    const elsewhere = await bench.start({
      registryUrl: `http://${CONIFER_CLUSTER_REGISTRY}`,
      bounds: { troubleMs: 1_000 },
      nodesRegistry: `${CONIFER_CLUSTER_REGISTRY.split(":")[0]}:1`,
    });
    const spec = specOf(await bench.addSource({ do: ":", page: "x" }));
    const { text, results } = await collect(elsewhere.builder.build(spec, never()));
    expect(results).toEqual([{ kind: "lost", message: expect.stringContaining("ErrImagePull") }]);
    expect(text).toContain(" !     The build's pod cannot be started: ErrImagePull");
    await elsewhere.stop();
  });
});
