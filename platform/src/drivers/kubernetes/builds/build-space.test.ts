import { describe, expect, it } from "vitest";
import { silentLogger } from "../../../kernel/index.ts";
import { type KubeClient, KubeError, type KubeObject } from "../client/index.ts";
import { ensureBuildSpace, makeBuildSpace, makeTrust } from "./build-space.ts";

const space = { namespace: "builds", quota: { pods: 3, memoryBytes: 1_000 }, priorityClass: "low" };
const byKind = (objects: readonly KubeObject[], kind: string) =>
  objects.find((one) => one.kind === kind) as never;

describe("what builds stand on", () => {
  it("is a namespace of restricted pods, a class that gives way, a quota and a fence", () => {
    const objects = makeBuildSpace(space);
    expect(objects.map(({ kind }) => kind)).toEqual([
      ...["Namespace", "PriorityClass", "ResourceQuota", "NetworkPolicy"],
    ]);
    expect(byKind(objects, "Namespace")).toMatchObject({
      metadata: { name: "builds", labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
    });
    expect(byKind(objects, "PriorityClass")).toMatchObject({ value: -100, preemptionPolicy: "Never" });
    expect(byKind(objects, "ResourceQuota")).toMatchObject({
      spec: { hard: { pods: "3", "requests.memory": "1000" } },
    });
  });

  it("has bounds and a class only where they are wanted", () => {
    expect(makeBuildSpace({ namespace: "builds" }).map(({ kind }) => kind)).toEqual([
      ...["Namespace", "NetworkPolicy"],
    ]);
  });

  it("lets nobody in, and builds out, but not to where clouds tell their secrets", () => {
    const policy = byKind(makeBuildSpace(space), "NetworkPolicy") as { spec: Record<string, unknown> };
    expect(policy.spec).toMatchObject({ podSelector: {}, policyTypes: ["Ingress", "Egress"] });
    expect(policy.spec).not.toHaveProperty("ingress");
    const text = JSON.stringify(policy.spec.egress);
    for (const part of ["0.0.0.0/0", "::/0", "169.254.0.0/16", "fd00:ec2::254/128", '"port":53'])
      expect(text).toContain(part);
    expect(text).not.toContain("conifer.dev/role");
  });

  it("lets them to the registry of an installation in the cluster", () => {
    const policy = byKind(makeBuildSpace({ ...space, systemNamespace: "sys" }), "NetworkPolicy");
    expect(JSON.stringify(policy)).toContain('"conifer.dev/role":"registry"');
    expect(JSON.stringify(policy)).toContain('"kubernetes.io/metadata.name":"sys"');
  });

  it("has the operator's certificates", () => {
    expect(makeTrust("builds", "PEM")).toMatchObject({
      ...{ kind: "ConfigMap", metadata: { name: "conifer-trust", namespace: "builds" } },
      data: { "ca-certificates.crt": "PEM" },
    });
  });
});

describe("making it", () => {
  const clientThat = (refuses: (object: KubeObject) => KubeError | false) => {
    const applied: string[] = [];
    const apply = async <T extends KubeObject>(object: T) => {
      const refusal = refuses(object);
      if (refusal) throw refusal;
      applied.push(object.kind);
      return object;
    };
    return { applied, client: { apply } as unknown as KubeClient };
  };
  const answer = (status: number) => new KubeError("PATCH", { status, reason: "", message: "no" });

  it("leaves to the installation what this account may not", async () => {
    const { applied, client } = clientThat(({ kind }) => kind === "PriorityClass" && answer(403));
    await ensureBuildSpace(client, makeBuildSpace(space), silentLogger);
    expect(applied).toEqual(["Namespace", "ResourceQuota", "NetworkPolicy"]);
  });

  it("fails when the cluster does", async () => {
    const { client } = clientThat(({ kind }) => kind === "Namespace" && answer(500));
    await expect(ensureBuildSpace(client, makeBuildSpace(space), silentLogger)).rejects.toThrow("no");
  });
});
