import { describe, expect, it } from "vitest";
import { makeBuildPod, makeBuildSecret } from "./build-pod.ts";
import { placement, spec, task } from "./build-pod-fixtures.ts";
import type { KubernetesBuilderOptions } from "./builder-options.ts";
import { buildNames, optionsFor, specFor } from "./platform-options.ts";

const other = {
  builderImage: `registry.test:5000/conifer/builder@sha256:${"99".repeat(32)}`,
  runImage: { repository: "conifer/run", digest: `sha256:${"88".repeat(32)}` },
};
const options = {
  placement,
  runImage: task.runImage,
  builders: { registries: [], architecture: "amd64", imageIn: () => "" },
  other,
} as unknown as KubernetesBuilderOptions;

const podFor = (architecture: "amd64" | "arm64", from = options) => {
  const chosen = optionsFor(from, architecture);
  const its = { placement: chosen.placement, hostEnv: {}, isWhole: false };
  return makeBuildPod(specFor(spec, architecture, "amd64"), 1, its);
};

describe("the builds of a source for several processors", () => {
  it("are a pod each, on nodes that have them, in the builder of theirs", () => {
    const pods = [podFor("amd64"), podFor("arm64")];
    expect(
      pods.map(({ metadata, spec: { nodeSelector, containers } }) => ({
        name: metadata.name,
        build: metadata.labels?.["conifer.dev/build"],
        nodeSelector,
        images: [...new Set((containers as { image: string }[]).map(({ image }) => image))],
      })),
    ).toEqual([
      {
        name: `build-${spec.id}-1`,
        build: spec.id,
        nodeSelector: { "kubernetes.io/arch": "amd64" },
        images: [placement.builderImage],
      },
      {
        name: `build-${spec.id}-arm64-1`,
        build: `${spec.id}-arm64`,
        nodeSelector: { "kubernetes.io/arch": "arm64" },
        images: [other.builderImage],
      },
    ]);
    const [{ spec: first }, { spec: second }] = pods as [(typeof pods)[0], (typeof pods)[0]];
    const rest = ({ containers: _, nodeSelector: __, volumes: ___, ...same }: typeof first) => same;
    expect(rest(second)).toEqual(rest(first));
  });

  it("stay on the nodes of builds", () => {
    const apart = { ...options, placement: { ...placement, nodeSelector: { pool: "builds" } } };
    expect(podFor("arm64", apart).spec.nodeSelector).toEqual({
      pool: "builds",
      "kubernetes.io/arch": "arm64",
    });
  });

  it("have a run image and a cache each, and the first has the app's usual one", () => {
    const chosen = (["amd64", "arm64"] as const).map((one) => optionsFor(options, one));
    expect(chosen.map(({ runImage }) => runImage)).toEqual([task.runImage, other.runImage]);
    expect(chosen.map(({ platform }) => platform)).toEqual([{}, { tagSuffix: "-arm64" }]);
    expect(chosen.map(({ builders }) => builders.architecture)).toEqual(["amd64", "arm64"]);
    expect(options).not.toHaveProperty("platform");
  });

  it("have Secrets of their own, with all that a build is told", () => {
    const its = { ...task, spec: specFor(spec, "arm64", "amd64"), tagSuffix: "-arm64" };
    const { metadata, data } = makeBuildSecret(its, 2, placement.namespace);
    expect(metadata.name).toBe(`build-${spec.id}-arm64-2`);
    expect(JSON.parse(Buffer.from(data?.["task.json"] ?? "", "base64").toString())).toEqual(its);
  });

  it("are all found by the build's id", () => {
    expect(buildNames("b1")).toEqual(["b1", "b1-amd64", "b1-arm64"]);
    expect(buildNames(spec.id)).toContain(specFor(spec, "arm64", "amd64").id);
  });

  it("need images that the operator has made", () => {
    const { other: _, ...without } = options;
    expect(() => optionsFor(without as KubernetesBuilderOptions, "arm64")).toThrow(
      /wants an image for arm64, and Conifer has no builder and run image for it here\. .*--arch arm64.* CONIFER_OTHER_BUILDER_IMAGE and CONIFER_OTHER_RUN_IMAGE/,
    );
    expect(optionsFor(without as KubernetesBuilderOptions, "amd64").platform).toEqual({});
  });
});
