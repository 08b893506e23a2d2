import { describe, expect, test } from "vitest";
import type { Pod, ReplicaSet } from "../client/index.ts";
import { dynoLabels } from "./dyno-labels.ts";
import { DYNO_PORTS, dynoPort, makeDynoSet } from "./dyno-manifests.ts";
import { avoidedNodes, avoidNodes, nodesHolding, podsToAsk, podsToReplace } from "./lost-pods.ts";
import { holdsAll } from "./object-subset.ts";
import { DYNO_ID, placement, pod, spec } from "./pod-fixtures.ts";

const running = { state: { running: { startedAt: "2026-11-21T08:00:01Z" } } };

function on(node: string, change: Partial<Pod["metadata"]> = {}, ip = "198.18.129.7"): Pod {
  const made = pod(running);
  return {
    ...made,
    metadata: { ...made.metadata, ...change },
    spec: { ...made.spec, nodeName: node },
    status: { ...made.status, podIP: ip },
  };
}

/** Made to keep off a node, and waiting for another. */
function placeless(avoided: string): Pod {
  const { spec: change } = avoidNodes(new Set([avoided])) as { spec: { template: Pick<Pod, "spec"> } };
  return { ...on("a"), spec: change.template.spec };
}

const GOING = { deletionTimestamp: "2026-11-21T08:01:00Z" };
const ONE_OFF = { labels: dynoLabels(spec(), "one-off") };

describe("who is asked", () => {
  test("a few pods of each node, at a port where nobody listens", () => {
    const pods = [...["1", "2", "3", "4"].map((last) => on("a", {}, `198.18.0.${last}`)), on("b")];
    const asked = podsToAsk(pods);
    const port = dynoPort(DYNO_ID) + 1;
    expect(asked.get("a")).toEqual(["1", "2", "3"].map((last) => ({ host: `198.18.0.${last}`, port })));
    expect(asked.get("b")).toEqual([{ host: "198.18.129.7", port }]);
  });

  test("after the last port comes the first", () => {
    const ids = Array.from({ length: 100_000 }, (_, i) => `dyno-${i}`);
    const id = ids.find((one) => dynoPort(one) === DYNO_PORTS.last) ?? "";
    const asked = podsToAsk([on("a", { labels: dynoLabels({ ...spec(), id }, "formation") })]);
    expect(asked.get("a")?.[0]?.port).toBe(DYNO_PORTS.first);
  });

  test.each([
    ["without an address", { ...on("a"), status: { ...on("a").status, podIP: undefined } } as unknown as Pod],
    ["that nobody has placed", { ...on("a"), spec: {} }],
    ["on its way out", on("a", GOING)],
    ["that does not run yet", pod()],
    ["of a one-off dyno, which nobody may call", on("a", ONE_OFF)],
  ])("not one %s", (_, one) => {
    expect(podsToAsk([one]).size).toBe(0);
  });
});

describe("what is replaced", () => {
  const lost = new Set(["a"]);
  test.each([
    ["a pod there", on("a"), 1],
    ["one that was just sent there", pod({}, { spec: { nodeName: "a" } }), 1],
    ["one elsewhere", on("b"), 0],
    ["one that goes already", on("a", GOING), 0],
    ["a one-off dyno: it is not started again", on("a", ONE_OFF), 0],
    ["one that nobody has placed", { ...on("a"), spec: {} }, 0],
    ["one that has no place and keeps off a lost node", placeless("a"), 0],
    ["one that has no place and keeps off a node that is back", placeless("b"), 1],
  ])("%s", (_, one, count) => {
    expect(podsToReplace([one], lost)).toHaveLength(count);
  });

  test("without a lost node: only what waits for a place because of one that is back", () => {
    const pods = [on("a"), on("b"), { ...on("a"), spec: {} }, placeless("a")];
    expect(podsToReplace(pods, new Set())).toEqual([placeless("a")]);
  });

  test("nodes hold pods that run, and such that go", () => {
    expect(nodesHolding([on("a"), on("b", GOING), { ...on("c"), spec: {} }])).toEqual(new Set(["a", "b"]));
  });
});

describe("keeping off nodes", () => {
  const { env: _env, duty: _duty, ...body } = spec();
  const set = makeDynoSet(body, spec(), placement, "uid");

  /** As the API merges a patch into the set's template. */
  function patched(before: ReplicaSet, patch: unknown): ReplicaSet {
    const { spec: change } = patch as { spec: { template: { spec: { affinity: unknown } } } };
    const template = before.spec.template as { spec: Record<string, unknown> };
    const pods = { ...template.spec, affinity: change.template.spec.affinity ?? undefined };
    return { ...before, spec: { ...before.spec, template: { ...template, spec: pods } } };
  }

  test("is seen in the set, and taken back", () => {
    expect(avoidedNodes(set)).toEqual(new Set());
    const away = patched(set, avoidNodes(new Set(["b", "a"])));
    expect(avoidedNodes(away)).toEqual(new Set(["a", "b"]));
    expect(avoidedNodes(patched(away, avoidNodes(new Set())))).toEqual(new Set());
  });

  test("names one node in each condition, all of which must hold", () => {
    expect(avoidNodes(new Set(["b", "a"]))).toMatchObject({
      spec: {
        template: {
          spec: {
            affinity: {
              nodeAffinity: {
                requiredDuringSchedulingIgnoredDuringExecution: {
                  nodeSelectorTerms: [
                    {
                      matchFields: [
                        { key: "metadata.name", operator: "NotIn", values: ["a"] },
                        { key: "metadata.name", operator: "NotIn", values: ["b"] },
                      ],
                    },
                  ],
                },
              },
            },
          },
        },
      },
    });
  });

  test("is no edit that would be put right", () => {
    expect(holdsAll(patched(set, avoidNodes(new Set(["a"]))), set)).toBe(true);
  });

  test("a set that was written by somebody else avoids nothing that we know of", () => {
    expect(avoidedNodes({ spec: {} })).toEqual(new Set());
    const other = { matchFields: [{ key: "metadata.uid", operator: "NotIn", values: ["x"] }] };
    const required = { nodeSelectorTerms: [other] };
    const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } };
    expect(avoidedNodes({ spec: { template: { spec: { affinity } } } })).toEqual(new Set());
  });
});
