import type { DynoSpec } from "../../../runtime/dyno/index.ts";
import type { ContainerStatus, Pod, TerminatedState } from "../client/index.ts";
import type { DynoEntry } from "./app-record.ts";
import { ANNOTATION, dynoLabels, titleAnnotations, titleLabels } from "./dyno-labels.ts";
import type { DynoPlacement } from "./dyno-manifests.ts";
import type { DynoSight } from "./dyno-sight.ts";
import type { PodRun, RunExit, RunPhase } from "./pod-run.ts";

/** Builders for the rules' tests: values as a real cluster gave them. */
export const DYNO_ID = "8b8f4a50-3c6f-4d8e-9d3b-0f6f2c1f9a10";
export const APP_ID = "11111111-1111-4111-8111-111111111111";

export const placement: DynoPlacement = {
  namespace: "conifer-apps",
  imageRef: ({ image, appId }) => `registry.test:5000/apps/${appId}@${image}`,
  user: { uid: 1000, gid: 1000 },
  nameservers: [],
  cpuMillisPerShare: 100,
  pullSecrets: [],
  diskBytes: 2 ** 30,
  nodes: {},
  lostNodeSeconds: 5,
};

export function spec(change: Partial<DynoSpec> = {}): DynoSpec {
  return {
    ...{ id: DYNO_ID, name: "web.1", type: "web", appId: APP_ID, appName: "example" },
    ...{ releaseId: "22222222-2222-4222-8222-222222222222", releaseVersion: 3 },
    image: `sha256:${"ab".repeat(32)}`,
    command: { kind: "process", type: "web" },
    displayCommand: "npm start",
    env: { GREETING: "hello" },
    limits: { memoryBytes: 512 * 1024 * 1024, cpuShare: 1, pids: 256 },
    ...{ bootSeconds: 60, stopSeconds: 30, duty: "serve" },
    ...change,
  };
}

export function entry(change: Partial<DynoEntry> = {}): DynoEntry {
  const { id, name, type, appId, releaseId, releaseVersion, duty } = spec();
  return { id, name, type, appId, releaseId, releaseVersion, duty, ...change };
}

/** A pod with a container in that state. */
export function pod(container: Partial<ContainerStatus> = {}, change: Partial<Pod> = {}): Pod {
  const title = spec();
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `dyno-${DYNO_ID}-x7k2p`,
      namespace: placement.namespace,
      uid: "pod-1",
      resourceVersion: "100",
      creationTimestamp: "2026-11-21T08:00:00Z",
      labels: { ...dynoLabels(title, "formation"), ...titleLabels(title) },
      annotations: { ...titleAnnotations(title), [ANNOTATION.type]: "web" },
    },
    spec: { nodeName: "node1", terminationGracePeriodSeconds: 30 },
    status: {
      phase: "Running",
      podIP: "198.18.129.7",
      containerStatuses: [{ name: "dyno", restartCount: 0, ...container }],
    },
    ...change,
  };
}

export function terminated(exitCode: number, change: Partial<TerminatedState> = {}): TerminatedState {
  return {
    exitCode,
    reason: exitCode === 0 ? "Completed" : "Error",
    startedAt: "2026-11-21T08:00:01Z",
    finishedAt: "2026-11-21T08:00:05Z",
    ...change,
  };
}

export const RUNNING: RunPhase = {
  kind: "running",
  startedAt: Date.parse("2026-11-21T08:00:01Z"),
  started: false,
};

export function exit(code: number, change: Partial<RunExit> = {}): RunExit {
  return {
    key: "pod-1/0",
    code,
    outOfMemory: false,
    startedAt: Date.parse("2026-11-21T08:00:01Z"),
    finishedAt: Date.parse("2026-11-21T08:00:05Z"),
    ...change,
  };
}

export function podRun(phase: RunPhase, change: Partial<PodRun> = {}): PodRun {
  return {
    uid: "pod-1",
    pod: `dyno-${DYNO_ID}-x7k2p`,
    createdAt: Date.parse("2026-11-21T08:00:00Z"),
    run: 0,
    node: "node1",
    address: "198.18.129.7",
    addresses: ["198.18.129.7"],
    phase,
    overdue: false,
    ...change,
  };
}

export function sight(change: Partial<DynoSight> = {}): DynoSight {
  return {
    entry: entry(),
    displayCommand: "npm start",
    bootSeconds: 60,
    stopSeconds: 30,
    oneOff: false,
    wanted: true,
    port: 20_001,
    runs: [],
    listening: new Set(),
    timedOut: new Set(),
    unpulled: new Set(),
    heardOn: new Map(),
    exits: [],
    ...change,
  };
}
