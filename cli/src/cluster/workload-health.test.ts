import type { Pod } from "@conifer/platform/kubernetes-client";
import { describe, expect, test } from "vitest";
import type { Manifest } from "../installation/installation-names.ts";
import { podTrouble, workloadHealth } from "./workload-health.ts";

function workload(kind: string, status: Record<string, unknown>, replicas = 2): Manifest {
  const metadata = { name: "conifer-api", generation: 3 };
  const spec = kind === "DaemonSet" ? {} : { replicas };
  return { apiVersion: "apps/v1", kind, metadata, spec, status: { observedGeneration: 3, ...status } };
}

describe("a workload", () => {
  const told = { replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 };

  test.each([
    ["Deployment", told, "well"],
    ["StatefulSet", told, "well"],
    ["DaemonSet", { desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 3 }, "well"],
    ["DaemonSet", { desiredNumberScheduled: 0 }, "well"],
    ["Deployment", { ...told, observedGeneration: 2 }, "not looked at yet"],
    ["Deployment", {}, "0 of 2 are new"],
    ["Deployment", { ...told, updatedReplicas: 1 }, "1 of 2 are new"],
    ["Deployment", { ...told, replicas: 3 }, "1 of before are to end"],
    ["Deployment", { ...told, availableReplicas: 1 }, "1 of 2 answer"],
    ["StatefulSet", { ...told, readyReplicas: undefined }, "0 of 2 answer"],
    [
      "DaemonSet",
      { desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 1 },
      "1 of 3 answer",
    ],
    [
      "DaemonSet",
      { desiredNumberScheduled: 3, updatedNumberScheduled: 2, numberAvailable: 3 },
      "2 of 3 are new",
    ],
  ])("%s of which is told %j: %s", (kind, status, said) => {
    const health = workloadHealth(workload(kind, status));
    expect(health.state === "well" ? "well" : health.said).toBe(said);
  });

  test("one that makes no progress has failed", () => {
    const stuck = {
      type: "Progressing",
      status: "False",
      reason: "ProgressDeadlineExceeded",
      message: "stuck",
    };
    const status = { ...told, updatedReplicas: 1, conditions: [stuck] };
    expect(workloadHealth(workload("Deployment", status))).toEqual({ state: "failed", said: "stuck" });
    const before = { ...status, observedGeneration: 2 };
    expect(workloadHealth(workload("Deployment", before))).toMatchObject({ state: "on its way" });
  });

  test("one without a status has not been looked at", () => {
    const { status: _none, ...bare } = workload("Deployment", {});
    expect(workloadHealth(bare as Manifest)).toMatchObject({ state: "on its way" });
  });
});

describe("a pod", () => {
  const container = (one: object) => ({ containerStatuses: [{ name: "api", restartCount: 0, ...one }] });
  const condition = (type: string, status: string, more = {}) => ({
    conditions: [{ type, status, ...more }],
  });

  test.each<[string, object, string | undefined]>([
    ["that is ready has none", condition("Ready", "True"), undefined],
    [
      "whose image is not there",
      container({ state: { waiting: { reason: "ErrImagePull", message: "not found" } } }),
      "ErrImagePull: not found",
    ],
    [
      "that ends again and again",
      container({
        state: { waiting: { reason: "CrashLoopBackOff", message: "back-off" } },
        lastState: { terminated: { exitCode: 3, reason: "Error" } },
      }),
      "CrashLoopBackOff: Error: exit status 3",
    ],
    [
      "that has ended",
      container({ state: { terminated: { exitCode: 137, reason: "OOMKilled" } } }),
      "OOMKilled: exit status 137",
    ],
    [
      "for which there is no place",
      condition("PodScheduled", "False", { reason: "Unschedulable", message: "no volume" }),
      "Unschedulable: no volume",
    ],
    [
      "that is on its way",
      container({ state: { waiting: { reason: "ContainerCreating" } } }),
      "its image is fetched, or its volumes are mounted",
    ],
    ["that runs and does not answer", container({ state: { running: {} } }), "not ready"],
    [
      "that was started again",
      container({ restartCount: 2, state: { running: {} } }),
      "started 3 times, not ready",
    ],
    ["that nobody knows", {}, "not started"],
    [
      "that was evicted",
      { phase: "Failed", message: "The node was low on memory." },
      "The node was low on memory.",
    ],
  ])("%s", (_what, status, said) => {
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "api-1" }, spec: {}, status };
    expect(podTrouble(pod as Pod)).toBe(said);
  });

  test("that is leaving is nobody's trouble", () => {
    const metadata = { name: "api-1", deletionTimestamp: "2026-01-01T00:00:00Z" };
    expect(podTrouble({ apiVersion: "v1", kind: "Pod", metadata, spec: {}, status: {} })).toBeUndefined();
  });
});
