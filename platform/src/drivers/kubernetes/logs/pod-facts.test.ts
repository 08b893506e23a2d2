import { describe, expect, test } from "vitest";
import type { ContainerStatus, Pod } from "../client/index.ts";
import { nameAt, outputFolder, readPodFacts, streamName } from "./pod-facts.ts";

function pod(change: {
  readonly name?: string;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly status?: Partial<ContainerStatus>;
  readonly phase?: "Running" | "Failed" | "Succeeded";
}): Pod {
  const { name = "web.1", status, phase = "Running" } = change;
  return {
    ...{ apiVersion: "v1", kind: "Pod" },
    metadata: {
      ...{ name: "dyno-d1-abc", namespace: "conifer-apps", uid: "u1" },
      labels: { "conifer.dev/app": "a1", "conifer.dev/dyno": "d1", ...change.labels },
      annotations: { "conifer.dev/name": name, ...change.annotations },
    },
    spec: {},
    status: {
      phase,
      ...(status ? { containerStatuses: [{ name: "dyno", restartCount: 0, ...status }] } : {}),
    },
  };
}

test("the facts of a dyno's pod", () => {
  const facts = readPodFacts(pod({}), undefined, 1_000);
  expect(facts).toEqual({
    ...{ uid: "u1", namespace: "conifer-apps", pod: "dyno-d1-abc", appId: "a1" },
    ...{ names: [[0, "web.1"]], endedRun: -1, isGone: false },
  });
  expect(facts && outputFolder(facts)).toBe("conifer-apps_dyno-d1-abc_u1/dyno");
  expect(streamName("u1", 3)).toBe("u1/3");
});

test.each([
  ["a client reads", pod({ annotations: { "conifer.dev/client": "awaited" } })],
  ["belongs to no app", pod({ labels: { "conifer.dev/app": "" } })],
  ["is no dyno's", pod({ labels: { "conifer.dev/dyno": "" } })],
])("there are none of a pod whose output %s", (_what, given) => {
  expect(readPodFacts(given, undefined, 0)).toBeUndefined();
});

const terminated = { exitCode: 1 };
test.each<[string, number, Partial<ContainerStatus> | undefined, "Running" | "Failed" | undefined]>([
  ["nothing has begun", -1, undefined, undefined],
  ["the first runs", -1, { state: { running: {} } }, undefined],
  ["the first has ended", 0, { state: { terminated } }, undefined],
  ["the third runs", 1, { restartCount: 2, state: { running: {} } }, undefined],
  [
    "the node waits before the next",
    2,
    { restartCount: 2, state: { waiting: { reason: "CrashLoopBackOff" } }, lastState: { terminated } },
    undefined,
  ],
  ["the image is pulled", -1, { state: { waiting: { reason: "ContainerCreating" } } }, undefined],
  ["the pod has failed", 0, undefined, "Failed"],
])("ended runs: %s", (_what, wanted, status, phase) => {
  const given = pod({ ...(status ? { status } : {}), ...(phase ? { phase } : {}) });
  expect(readPodFacts(given, undefined, 0)?.endedRun).toBe(wanted);
});

test("an end that was seen stays one, also when the cluster's words go back", () => {
  const first = readPodFacts(pod({ status: { restartCount: 4, state: { terminated } } }), undefined, 0);
  expect(readPodFacts(pod({}), first, 1)?.endedRun).toBe(4);
});

describe("a dyno's name", () => {
  test("is the one it had when the line was written", () => {
    const first = readPodFacts(pod({}), undefined, 1_000);
    const second = readPodFacts(pod({ name: "web.2" }), first, 5_000);
    const third = readPodFacts(pod({ name: "web.2" }), second, 6_000);
    expect(third?.names).toEqual([
      [0, "web.1"],
      [5_000, "web.2"],
    ]);
    const names = { names: third?.names ?? [] };
    expect([0, 4_999, 5_000, 9_000].map((ms) => nameAt(names, ms))).toEqual([
      "web.1",
      "web.1",
      "web.2",
      "web.2",
    ]);
  });

  test("is remembered so often only", () => {
    let facts = readPodFacts(pod({}), undefined, 0);
    for (let i = 0; i < 100; i++) facts = readPodFacts(pod({ name: `web.${i}` }), facts, i * 10);
    expect(facts?.names.length).toBe(16);
    expect(nameAt({ names: facts?.names ?? [] }, 0)).toBe("web.84");
    expect(nameAt({ names: [] }, 0)).toBe("");
  });
});
