import { describe, expect, it } from "vitest";
import type { Pod } from "../client/index.ts";
import { CANCELLED } from "./build-labels.ts";
import { bounds, type PartStates, podOf } from "./build-pod-fixtures.ts";
import { POD_EXIT } from "./build-task.ts";
import { hasBegun, isOver, seePod } from "./pod-sight.ts";

const digest = `sha256:${"12".repeat(32)}`;
const delivered = { exitCode: 0, reason: "Completed", message: JSON.stringify({ image: digest }) };
const before = { prepare: 0, analyzer: 0, detector: 0, restorer: 0, builder: 0, exporter: 0 } as const;
const said = (exitCode: number, message: string) => ({
  ...{ exitCode, reason: "Error" },
  message: JSON.stringify({ message }),
});
const killed: PartStates = { prepare: 0, analyzer: 0, builder: 137, exporter: 137, deliver: 137 };
const unstarted = (reason: string) => ({ prepare: { waiting: reason } }) as const;
const none = { containerStatuses: [], phase: "Pending" };
const unscheduled = { conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable" }] };

const selecting = (nodeSelector: object) => ({ spec: { ...podOf().spec, nodeSelector } });
const arm64 = { "kubernetes.io/arch": "arm64" };
const refusedBy = (message: string, selector: object = arm64) => ({
  ...selecting(selector),
  status: { ...none, conditions: [{ ...unscheduled.conditions[0], message }] },
});
const AFFINITY = "node(s) didn't match Pod's node affinity/selector";
const PREEMPTION = " preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.";

describe("a pod that selects processors", () => {
  it.each<[string, object]>([
    ["no node has them", refusedBy(`0/3 nodes are available: 3 ${AFFINITY}.${PREEMPTION}`)],
    ["one node alone", refusedBy(`0/1 nodes are available: 1 ${AFFINITY}.`)],
    [
      "others are closed",
      refusedBy(
        `0/3 nodes are available: 1 node(s) had untolerated taint {a: b}, 2 ${AFFINITY}.${PREEMPTION}`,
      ),
    ],
  ])("says at once that there are none: %s", (_, change) => {
    expect(seePod(podOf({}, change), bounds)).toEqual({
      kind: "failed",
      exitCode: 1,
      message:
        "No node of this cluster has processors for arm64. Add one, or take arm64 out of the architectures in project.toml.",
    });
  });

  it.each<[string, object]>([
    ["one has them and no room", refusedBy(`0/3 nodes are available: 1 Insufficient memory, 2 ${AFFINITY}.`)],
    [
      "all that have them are closed",
      refusedBy("0/2 nodes are available: 2 node(s) had untolerated taint {a: b}."),
    ],
    ["it selects nothing", refusedBy(`0/3 nodes are available: 3 ${AFFINITY}.`, {})],
    ["it selects more", refusedBy(`0/3 nodes are available: 3 ${AFFINITY}.`, { ...arm64, pool: "builds" })],
    ["the cluster says it in other words", refusedBy("nothing fits")],
  ])("waits for room: %s", (_, change) => {
    expect(seePod(podOf({}, change), bounds)).toEqual({ kind: "waiting", why: "room" });
  });
});

describe("what a pod tells of its build", () => {
  it.each<[string, PartStates, object, object]>([
    ["its containers run", {}, {}, { kind: "running" }],
    ["it was just made", {}, { status: none }, { kind: "waiting", why: "start" }],
    ["no node has room", {}, { status: { ...none, ...unscheduled } }, { kind: "waiting", why: "room" }],
    ["it delivered", { ...before, deliver: delivered }, {}, { kind: "image", digest }],
    [
      "it delivered, and was removed then",
      { ...before, deliver: delivered },
      { metadata: { deletionTimestamp: "2026-01-01T00:01:00Z" } },
      { kind: "image", digest },
    ],
    [
      "no buildpack takes the source",
      { prepare: 0, analyzer: 0, detector: 20 },
      {},
      { kind: "failed", exitCode: 20 },
    ],
    [
      "a buildpack failed",
      { ...before, builder: 51, exporter: 0, deliver: 0 },
      {},
      { kind: "failed", exitCode: 51 },
    ],
    [
      "a buildpack failed, and the rest was ended",
      { ...before, builder: 51, exporter: 137, deliver: 137 },
      { status: { phase: "Failed", reason: "DeadlineExceeded" } },
      { kind: "failed", exitCode: 51 },
    ],
    [
      "its builder image has no shell",
      {
        prepare: 0,
        analyzer: {
          ...{ exitCode: 128, reason: "StartError" },
          message: 'exec: "/bin/sh": stat /bin/sh: no such file or directory',
        },
      },
      {},
      { kind: "failed", exitCode: 1, message: expect.stringContaining("has no /bin/sh") },
    ],
    [
      "its source was refused",
      { prepare: said(POD_EXIT.refused, "project.toml is not valid TOML.") },
      {},
      { kind: "failed", exitCode: 1, message: "project.toml is not valid TOML." },
    ],
    [
      "the registry is full",
      { ...before, deliver: said(POD_EXIT.broken, "The registry is full.") },
      {},
      { kind: "broken", message: "The registry is full." },
    ],
    ["preparing it was killed", { prepare: 139 }, {}, { kind: "broken" }],
    [
      "its build ran out of memory",
      { ...before, builder: { exitCode: 137, reason: "OOMKilled" }, exporter: 137, deliver: 137 },
      { status: { phase: "Failed", reason: "DeadlineExceeded" } },
      { kind: "failed", exitCode: 137, message: expect.stringContaining("2048 MB of memory") },
    ],
    [
      "its time is over",
      killed,
      { status: { phase: "Failed", reason: "DeadlineExceeded" } },
      { kind: "failed", exitCode: 124, message: expect.stringContaining("15 minutes") },
    ],
    [
      "it used too much disk",
      killed,
      {
        status: {
          phase: "Failed",
          ...{ reason: "Evicted", message: 'Usage of EmptyDir volume "layers" exceeds the limit "8Gi".' },
        },
      },
      { kind: "failed", message: expect.stringContaining("8 GB of disk") },
    ],
    [
      "its node ran out of memory",
      killed,
      {
        status: {
          ...{ phase: "Failed", reason: "Evicted", message: "The node was low on resource: memory." },
          conditions: [{ type: "DisruptionTarget", status: "True", reason: "TerminationByKubelet" }],
        },
      },
      { kind: "taken", message: expect.stringContaining("TerminationByKubelet") },
    ],
    [
      "it was removed",
      {},
      { metadata: { deletionTimestamp: "2026-01-01T00:01:00Z" } },
      { kind: "taken", message: "The build's pod was removed." },
    ],
    [
      "a kubelet refused it",
      {},
      { status: { phase: "Failed", reason: "OutOfmemory", message: "not enough", containerStatuses: [] } },
      { kind: "taken", message: expect.stringContaining("OutOfmemory, not enough") },
    ],
    [
      "its node came back without it",
      { prepare: 0, analyzer: 0, detector: { exitCode: 137, reason: "ContainerStatusUnknown" } },
      {},
      { kind: "taken" },
    ],
    ["its image cannot be pulled", unstarted("ImagePullBackOff"), {}, { kind: "trouble" }],
    ["its Secret is missing", unstarted("CreateContainerConfigError"), {}, { kind: "trouble" }],
    ["its image is being pulled", unstarted("ContainerCreating"), {}, { kind: "running" }],
    [
      "it was cancelled",
      { ...before, deliver: delivered },
      { metadata: { annotations: { [CANCELLED]: "yes" } } },
      { kind: "cancelled" },
    ],
  ])("%s", (_, states, change, wanted) => {
    expect(seePod(podOf(states, change as { [P in keyof Pod]?: unknown }), bounds)).toMatchObject(wanted);
  });

  it("says of what the cluster cannot start why", () => {
    expect(seePod(podOf(unstarted("ErrImagePull")), bounds)).toEqual({
      kind: "trouble",
      message: "ErrImagePull: why",
    });
  });

  it("believes no image of a container that failed, and none that is no digest's holder", () => {
    const odd = { exitCode: 0, reason: "Completed", message: "[]" };
    expect(seePod(podOf({ ...before, deliver: odd }), bounds).kind).not.toBe("image");
    const failed = { ...delivered, exitCode: POD_EXIT.broken };
    expect(seePod(podOf({ ...before, deliver: failed }), bounds).kind).toBe("broken");
  });
});

it("tells which containers have begun, and when all have ended", () => {
  const pod = podOf({ prepare: 0, deliver: { waiting: "ContainerCreating" } });
  expect([hasBegun(pod, "prepare"), hasBegun(pod, "builder"), hasBegun(pod, "deliver")]).toEqual([
    true,
    true,
    false,
  ]);
  expect([isOver(pod), isOver(podOf({}, { status: { phase: "Failed" } }))]).toEqual([false, true]);
});
