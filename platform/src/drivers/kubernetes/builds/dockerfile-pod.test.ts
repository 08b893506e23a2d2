import { describe, expect, it } from "vitest";
import { placement, spec } from "./build-pod-fixtures.ts";
import { DOCKERFILE_IDS, makeDockerfilePod } from "./dockerfile-pod.ts";

interface Container {
  readonly name: string;
  readonly securityContext: Record<string, unknown>;
  readonly volumeMounts: readonly { readonly name: string; readonly readOnly?: boolean }[];
}

const podWith = (isWhole: boolean) =>
  makeDockerfilePod(spec, 1, {
    placement: { ...placement, trust: "conifer-trust", priorityClass: "conifer-builds" },
    hostEnv: { HTTPS_PROXY: "http://proxy.test:3128/$x" },
    isWhole,
  });
const containers = podWith(false).spec.containers as readonly Container[];
const named = (name: string) => containers.find((one) => one.name === name);

describe("the pod of a build by Dockerfiles", () => {
  it.each([
    ["where memory is set aside for containers", false, "golden/dockerfile-pod.json"],
    ["where it is for whole pods", true, "golden/dockerfile-pod-whole.json"],
  ])("is made whole, %s", async (_, isWhole, file) => {
    await expect(`${JSON.stringify(podWith(isWhole), undefined, 2)}\n`).toMatchFileSnapshot(file);
  });

  it("shows the credential to no container that runs what a source says", () => {
    const mounts = (name: string) => named(name)?.volumeMounts.map((mount) => mount.name) ?? [];
    expect(containers.filter(({ name }) => mounts(name).includes("task")).map(({ name }) => name)).toEqual([
      "prepare",
      "deliver",
    ]);
    expect(mounts("builder")).not.toContain("task");
    expect(podWith(false).spec).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
    });
  });

  it("lets the one in the middle write nothing that the others read, but what it makes", () => {
    const written = named("builder")?.volumeMounts.filter(({ readOnly }) => !readOnly) ?? [];
    expect(written.map(({ name }) => name)).toEqual([
      ...["storage", "out", "work", "cache", "run", "tmp", "tmp", "turns"],
    ]);
    const read = named("deliver")?.volumeMounts.filter(({ readOnly }) => readOnly) ?? [];
    expect(read.map(({ name }) => name)).toEqual(["task", "plan", "out", "cache"]);
  });

  it("gives it two capabilities, no way to more, and ids that nobody else has", () => {
    expect(named("builder")?.securityContext).toEqual({
      ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
      ...{ runAsNonRoot: false, runAsUser: 0, runAsGroup: 0 },
      capabilities: { drop: ["ALL"], add: ["SETGID", "SETUID"] },
      seccompProfile: { type: "Unconfined" },
      appArmorProfile: { type: "Unconfined" },
    });
    for (const name of ["prepare", "deliver"])
      expect(named(name)?.securityContext).toEqual({
        ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
        capabilities: { drop: ["ALL"] },
      });
    const { securityContext } = podWith(false).spec as { securityContext: Record<string, unknown> };
    expect(securityContext).toMatchObject({
      ...{ runAsNonRoot: true, runAsUser: DOCKERFILE_IDS.first, seccompProfile: { type: "RuntimeDefault" } },
    });
    expect(JSON.stringify(podWith(false))).not.toMatch(/privileged|hostPath|hostNetwork|hostPID/);
  });
});
