import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collect, listen, never, specOf } from "../../platform/src/delivery/build/builder-suite.ts";
import { dockerfileSuite } from "../../platform/src/delivery/build/dockerfile-suite.ts";
import { baseFiles } from "../../platform/src/drivers/buildah/builds/private-base-fixtures.ts";
import {
  placement,
  spec as plainSpec,
} from "../../platform/src/drivers/kubernetes/builds/build-pod-fixtures.ts";
import { makeDockerfilePod } from "../../platform/src/drivers/kubernetes/builds/dockerfile-pod.ts";
import { KIND, type Pod } from "../../platform/src/drivers/kubernetes/client/index.ts";
import { type ClusterBuildBench, openClusterBuildBench } from "./cluster-builds-fixtures.ts";

/** Dockerfiles built as pods, on a real cluster, by buildah of our builder image. */

let bench: ClusterBuildBench;
beforeAll(async () => {
  bench = await openClusterBuildBench();
}, 900_000);
afterAll(() => bench?.close());

dockerfileSuite("pods of a cluster", async () => {
  const { builder, stop } = await bench.start();
  return { builder, base: await baseFiles(), addSource: (files) => bench.addSource(files), dispose: stop };
});

describe("a pod of a Dockerfile", () => {
  const podsOf = async (buildId: string, namespace: string) => {
    const selector = { labelSelector: `conifer.dev/build=${buildId}` };
    return (await bench.client.list<Pod>({ kind: KIND.pod, namespace }, selector)).items;
  };
  const specWith = async (dockerfile: string) => {
    const files = { ...(await baseFiles()), Dockerfile: dockerfile };
    return specOf(await bench.addSource(files), { stack: "container", timeoutSeconds: 300 });
  };

  it("has a namespace of its own, and no account of the cluster", async () => {
    const { builder, stop } = await bench.start();
    try {
      const spec = await specWith('FROM scratch\nCOPY base /\nCMD ["/x"]\n');
      const { results } = await collect(builder.build(spec, never()));
      expect(results).toMatchObject([{ kind: "succeeded" }]);
      const [pod, ...others] = await podsOf(spec.id, bench.dockerfileNamespace);
      expect([pod?.spec.automountServiceAccountToken, others]).toEqual([false, []]);
      expect(await podsOf(spec.id, bench.namespace)).toEqual([]);
    } finally {
      await stop();
    }
  });

  it("ends with all its processes when it is cancelled", async () => {
    const { builder, stop } = await bench.start();
    try {
      const spec = await specWith("FROM oci:/build/workspace/base:latest\nRUN echo begun; sleep 600\n");
      const listening = listen(builder, spec);
      await listening.said("begun\n");
      await builder.cancel(spec.id);
      expect(await listening.ended).toEqual({ kind: "cancelled" });
      await expect
        .poll(
          async () => (await podsOf(spec.id, bench.dockerfileNamespace)).map(({ status }) => status?.phase),
          {
            timeout: 60_000,
          },
        )
        .toEqual(["Failed"]);
    } finally {
      await stop();
    }
  });

  it("is above the baseline level by its filters of system calls alone", async () => {
    const namespace = `${bench.namespace}-level`;
    const labels = { "pod-security.kubernetes.io/enforce": "baseline" };
    await bench.client.create({ ...KIND.namespace, metadata: { name: namespace, labels } });
    try {
      const options = { placement: { ...placement, namespace }, hostEnv: {}, isWhole: false };
      const refusal = bench.client.create(makeDockerfilePod(plainSpec, 1, options));
      const said = await refusal.then(String, (thrown: Error) => thrown.message);
      expect(said.slice(said.indexOf("violates"))).toBe(
        'violates PodSecurity "baseline:latest": forbidden AppArmor profile (container "builder" must not set AppArmor profile type to "Unconfined"), seccompProfile (container "builder" must not set securityContext.seccompProfile.type to "Unconfined")',
      );
    } finally {
      await bench.client.remove({ kind: KIND.namespace }, namespace);
    }
  });
});
