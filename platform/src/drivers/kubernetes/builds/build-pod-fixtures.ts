import type { BuildSpec } from "../../../delivery/build/index.ts";
import type { ContainerStatus, Pod, TerminatedState } from "../client/index.ts";
import { PARTS, type PartName } from "./build-parts.ts";
import { type BuildPlacement, makeBuildPod } from "./build-pod.ts";
import type { BuildTask } from "./build-task.ts";

/** Builders for the rules' tests: values as a real cluster gave them. */
export const GIB = 1024 ** 3;

export const placement: BuildPlacement = {
  namespace: "conifer-builds",
  builderImage: `registry.test:5000/conifer/builder@sha256:${"ab".repeat(32)}`,
  pullSecrets: ["conifer-registry"],
  user: { uid: 1000, gid: 1000 },
  ...{ memoryBytes: 2 * GIB, cpuMillis: 250, diskBytes: 8 * GIB },
  dnsPolicy: "Default",
  lostNodeSeconds: 5,
};

export const bounds = { timeoutSeconds: 900, memoryBytes: 2 * GIB, diskBytes: 8 * GIB };

export const spec: BuildSpec = {
  id: "8b8f4a50-3c6f-4d8e-9d3b-0f6f2c1f9a10",
  appId: "11111111-1111-4111-8111-111111111111",
  appName: "quiet-pine-1",
  ownerId: "00000000-0000-4000-8000-00000000000a",
  rank: 1,
  acceptedAt: "2026-01-01T00:00:00.000Z",
  source: `sha256:${"cd".repeat(32)}`,
  sourceVersion: "0123abc",
  env: { SECRET: "s3cret" },
  stack: "cnb",
  timeoutSeconds: 900,
};

export const task: BuildTask = {
  spec,
  registry: { url: "http://registry.test:5000", username: "build+common/x", password: "p4ssword" },
  repository: `common/${spec.appId}`,
  runImage: { repository: "conifer/run", digest: `sha256:${"ef".repeat(32)}` },
  runtimeSources: ["official"],
  hostEnv: { HTTPS_PROXY: "http://proxy.test:3128" },
  sourceLimits: { bytes: GIB, entries: 1_000 },
  imageLimitBytes: GIB,
};

/** The states of a pod's containers; those that are not named run. */
export type PartStates = Partial<Record<PartName, number | TerminatedState | { readonly waiting: string }>>;

/** A pod as the cluster tells of it. */
export function podOf(states: PartStates = {}, change: { readonly [P in keyof Pod]?: unknown } = {}): Pod {
  const made = makeBuildPod(spec, 1, { placement, hostEnv: {}, isWhole: false });
  const containerStatuses = PARTS.map((name): ContainerStatus => {
    const state = states[name];
    const common = { name, restartCount: 0 };
    if (state === undefined) return { ...common, state: { running: { startedAt: "2026-01-01T00:00:00Z" } } };
    if (typeof state === "number")
      return {
        ...common,
        state: { terminated: { exitCode: state, reason: state === 0 ? "Completed" : "Error" } },
      };
    if ("waiting" in state)
      return { ...common, state: { waiting: { reason: state.waiting, message: "why" } } };
    return { ...common, state: { terminated: state } };
  });
  const { metadata = {}, status = {}, ...rest } = change as Record<string, object>;
  return {
    ...made,
    ...rest,
    metadata: { ...made.metadata, uid: "u1", creationTimestamp: "2026-01-01T00:00:00Z", ...metadata },
    status: { phase: "Running", containerStatuses, ...status },
  } as Pod;
}
