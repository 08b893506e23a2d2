import { describe, expect, test } from "vitest";
import {
  planSimulated,
  SIMULATED_NODE,
  simulatedName,
  simulatedNode,
  simulatedStages,
} from "./simulated-objects.ts";

const named = (...numbers: number[]) => numbers.map(simulatedName);

describe("which nodes to make and to delete", () => {
  test.each([
    ["the first ones", [], 3, named(1, 2, 3), []],
    ["more", named(1, 2), 4, named(3, 4), []],
    ["fewer: the last ones go", named(1, 2, 3), 1, [], named(2, 3)],
    ["none", named(2, 1), 0, [], named(2, 1)],
    ["as many as there are", named(1, 2), 2, [], []],
    ["one in the middle was deleted", named(1, 3), 3, named(2), []],
    ["one that nobody made by us", ["simulated-x"], 1, named(1), ["simulated-x"]],
  ])("%s", (_, names, wanted, make, remove) => {
    expect(planSimulated(names, wanted)).toEqual({ make, remove });
  });
});

describe("a simulated node", () => {
  test("takes no pod that does not ask for one", () => {
    const node = simulatedNode("simulated-1");
    expect(node.metadata).toMatchObject({
      labels: { [SIMULATED_NODE]: "true", "kubernetes.io/hostname": "simulated-1" },
    });
    expect(node.spec).toEqual({ taints: [{ key: SIMULATED_NODE, effect: "NoSchedule" }] });
  });
});

describe("what becomes of simulated objects", () => {
  const stages = simulatedStages() as unknown as {
    readonly metadata: { readonly name: string };
    readonly spec: {
      readonly resourceRef: { readonly kind: string };
      readonly next: { readonly statusTemplate?: string; readonly delete?: boolean };
    };
  }[];

  test("a node is ready, a pod runs, a deleted one is gone", () => {
    expect(stages.map(({ metadata, spec }) => [metadata.name, spec.resourceRef.kind])).toEqual([
      ["node-is-ready", "Node"],
      ["pod-runs", "Pod"],
      ["pod-is-gone", "Pod"],
    ]);
    expect(stages[2]?.spec.next).toEqual({ delete: true });
  });

  test("templates close every bracket that they open", () => {
    for (const { spec } of stages) {
      const text = spec.next.statusTemplate ?? "";
      expect(text.split("{").length).toBe(text.split("}").length);
    }
  });

  test("a node without pressure is ready", () => {
    const text = stages[0]?.spec.next.statusTemplate ?? "";
    expect(text).toContain('{type: Ready, status: "True"');
    expect(text.match(/Pressure, status: "False"/g)).toHaveLength(3);
  });
});
