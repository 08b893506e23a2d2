import { describe, expect, test } from "vitest";
import type { ContainerStatus, Pod } from "../client/index.ts";
import { ANNOTATION, LABEL } from "./dyno-labels.ts";
import { pod, podRun, RUNNING, terminated } from "./pod-fixtures.ts";
import { currentRun, readBackOff, readPodRun, runKey } from "./pod-run.ts";

const at = (time: string) => Date.parse(`2026-11-21T08:00:${time}Z`);

describe("the status of a pod", () => {
  const rows: readonly [string, Partial<ContainerStatus>, Pod["status"], object][] = [
    ["not scheduled yet", {}, { phase: "Pending" }, { kind: "waiting" }],
    [
      "its sandbox is being made",
      { state: { waiting: { reason: "ContainerCreating" } } },
      undefined,
      { kind: "waiting" },
    ],
    [
      "running, not listening yet",
      { started: false, state: { running: { startedAt: "2026-11-21T08:00:01Z" } } },
      undefined,
      { kind: "running", startedAt: at("01"), started: false },
    ],
    [
      "running, seen to listen by the node",
      { started: true, ready: true, state: { running: { startedAt: "2026-11-21T08:00:01Z" } } },
      undefined,
      { kind: "running", startedAt: at("01"), started: true },
    ],
    [
      "ended with a status",
      { state: { terminated: terminated(3) } },
      undefined,
      {
        kind: "exited",
        exit: { key: "pod-1/0", code: 3, outOfMemory: false, startedAt: at("01"), finishedAt: at("05") },
      },
    ],
    [
      "ended by a signal",
      { state: { terminated: terminated(143) } },
      undefined,
      { kind: "exited", exit: { code: 143, signal: "SIGTERM" } },
    ],
    [
      "ended for want of memory",
      { state: { terminated: terminated(137, { reason: "OOMKilled" }) } },
      undefined,
      { kind: "exited", exit: { code: 137, signal: "SIGKILL", outOfMemory: true } },
    ],
    [
      "its program is missing",
      {
        state: {
          terminated: terminated(128, {
            reason: "StartError",
            message: 'exec: "/cnb/process/web": no such file',
            startedAt: "1970-01-01T00:00:00Z",
          }),
        },
      },
      undefined,
      { kind: "exited", exit: { code: 128, notStarted: 'exec: "/cnb/process/web": no such file' } },
    ],
    [
      "waiting between two runs",
      {
        restartCount: 2,
        state: {
          waiting: {
            reason: "CrashLoopBackOff",
            message: "back-off 20s restarting failed container=dyno pod=dyno-x_conifer-apps(uid)",
          },
        },
        lastState: { terminated: terminated(1) },
      },
      undefined,
      { kind: "exited", exit: { key: "pod-1/2", code: 1 }, backOffMs: 20_000 },
    ],
    [
      "the image is not there",
      { state: { waiting: { reason: "ErrImagePull", message: "not found" } } },
      { phase: "Pending" },
      { kind: "blocked", reason: "image", message: "not found", retried: true },
    ],
    [
      "the image is tried again later",
      { state: { waiting: { reason: "ImagePullBackOff" } } },
      { phase: "Pending" },
      { kind: "blocked", reason: "image", message: "ImagePullBackOff", retried: true },
    ],
    [
      "the image's name is wrong",
      { state: { waiting: { reason: "InvalidImageName", message: "couldn't parse" } } },
      { phase: "Pending" },
      { kind: "blocked", reason: "image", message: "couldn't parse" },
    ],
    [
      "the Secret is missing",
      { state: { waiting: { reason: "CreateContainerConfigError", message: 'secret "x" not found' } } },
      { phase: "Pending" },
      { kind: "blocked", reason: "platform", message: 'secret "x" not found' },
    ],
    [
      "the node is slow to get the Secret",
      {
        state: {
          waiting: {
            reason: "CreateContainerConfigError",
            message: "failed to sync secret cache: timed out waiting for the condition",
          },
        },
      },
      { phase: "Pending" },
      { kind: "waiting" },
    ],
    [
      "the runtime refuses",
      { state: { waiting: { reason: "RunContainerError", message: "no space left" } } },
      undefined,
      { kind: "blocked", reason: "platform", message: "no space left" },
    ],
  ];

  test.each(rows)("%s", (_what, container, status, expected) => {
    const given = pod(container);
    const changed = status ? { ...given, status: { ...given.status, ...status } } : given;
    expect(readPodRun(changed).phase).toMatchObject(expected);
  });

  test.each([
    [
      "evicted",
      { reason: "Evicted", message: "The node was low on resource: memory." },
      "The node was low on",
    ],
    ["refused by the node", { reason: "UnexpectedAdmissionError" }, "UnexpectedAdmissionError"],
    ["without a word", {}, "the pod failed"],
  ])("%s", (_what, status, message) => {
    const { phase } = readPodRun({ ...pod(), status: { phase: "Failed", ...status } });
    expect(phase).toMatchObject({ kind: "lost", message: expect.stringContaining(message) });
  });

  test("tells the end of the run before this one, under that run's key", () => {
    const run = readPodRun(
      pod({ restartCount: 3, state: { running: {} }, lastState: { terminated: terminated(9) } }),
    );
    expect(run.previous).toMatchObject({ key: "pod-1/2", code: 9 });
    expect(runKey(run)).toBe("pod-1/3");
  });

  test("a pod that was told to go has been going since before its deadline", () => {
    const given = pod();
    const leaving = { ...given.metadata, deletionTimestamp: "2026-11-21T08:01:00Z" };
    expect(readPodRun({ ...given, metadata: leaving }).leavingSince).toBe(at("30"));
    expect(readPodRun(given).leavingSince).toBeUndefined();
  });

  test("its deadline and its client are read; unknown words for a client are not", () => {
    const given = pod({}, { status: { phase: "Failed", reason: "DeadlineExceeded" } });
    expect(readPodRun(given)).toMatchObject({ overdue: true });
    const annotated = (client: string) =>
      readPodRun({ ...given, metadata: { ...given.metadata, annotations: { [ANNOTATION.client]: client } } });
    expect(annotated("awaited").client).toBe("awaited");
    expect(annotated("attached").client).toBe("attached");
    expect(annotated("lost").client).toBeUndefined();
  });

  test("a status that is not there yet is no error", () => {
    const { status: _, ...bare } = pod();
    expect(readPodRun(bare)).toMatchObject({ run: 0, phase: { kind: "waiting" }, address: undefined });
  });
});

test.each([
  ["back-off 10s restarting failed container=dyno pod=x", 10_000],
  ["back-off 1m20s restarting failed container=dyno pod=x", 80_000],
  ["back-off 5m0s restarting failed container=dyno pod=x", 300_000],
  ["back-off 1h0m1.5s restarting", 3_601_500],
  ["back-off 500ms restarting", 500],
  ["Back-off pulling image", undefined],
  ["", undefined],
])("reads the pause in %j", (message, expected) => {
  expect(readBackOff(message)).toBe(expected);
});

describe("the pod that counts", () => {
  const old = podRun(RUNNING, { uid: "old", createdAt: 1 });
  const young = podRun(RUNNING, { uid: "young", createdAt: 2 });
  const leaving = podRun(RUNNING, { uid: "leaving", createdAt: 3, leavingSince: 4 });
  const lost = podRun({ kind: "lost", message: "" }, { uid: "lost", createdAt: 5 });

  test.each([
    ["the newest", [old, young], "young"],
    ["one that stays, before newer ones that go", [old, leaving], "old"],
    ["one that may run, before newer ones that failed", [old, lost], "old"],
    ["a failed one before one that goes", [leaving, lost], "lost"],
    ["the one that goes, when there is no other", [leaving], "leaving"],
  ])("is %s", (_what, runs, uid) => {
    expect(currentRun(runs)?.uid).toBe(uid);
    expect(currentRun(runs.toReversed())?.uid).toBe(uid);
  });

  test("is none without pods", () => {
    expect(currentRun([])).toBeUndefined();
  });
});

describe("a pod that its node ended", () => {
  const message = "Pod ephemeral local storage usage exceeds the total limit of containers 64Mi. ";
  const evicted = { phase: "Failed", reason: "Evicted", message } as const;
  const unknown = terminated(137, { reason: "ContainerStatusUnknown", message: "could not be located" });

  test("says why, whatever else is known of its process", () => {
    expect(readPodRun(pod({}, { status: evicted }))).toMatchObject({
      evicted: message,
      phase: { kind: "lost" },
    });
    const status = {
      ...evicted,
      containerStatuses: [{ name: "dyno", restartCount: 0, state: { terminated: unknown } }],
    };
    const { phase } = readPodRun(pod({}, { status }));
    expect(phase).toMatchObject({ kind: "exited", exit: { code: 137 } });
    expect(phase).not.toHaveProperty("exit.notStarted");
  });

  test("before its process began has no end to tell of when it was told to go, and one when it stays", () => {
    const seen = pod({ state: { terminated: unknown } });
    expect(readPodRun(seen).phase).toMatchObject({
      kind: "exited",
      exit: { notStarted: "could not be located" },
    });
    const metadata = { ...seen.metadata, deletionTimestamp: "2026-11-21T08:00:30Z" };
    expect(readPodRun({ ...seen, metadata }).phase).toMatchObject({ kind: "lost" });
    const labels = { ...metadata.labels, [LABEL.part]: "one-off" };
    expect(readPodRun({ ...seen, metadata: { ...metadata, labels } }).phase).toMatchObject({
      kind: "exited",
    });
  });

  test("is not one that failed by itself", () => {
    expect(readPodRun(pod({}, { status: { phase: "Failed", reason: "Error" } }))).not.toHaveProperty(
      "evicted",
    );
    expect(readPodRun(pod({}, { status: { phase: "Running", reason: "Evicted" } }))).not.toHaveProperty(
      "evicted",
    );
  });
});
