import { describe, expect, test } from "vitest";
import { installation } from "../installation/installation-fixtures.ts";
import { makeInstallation } from "../installation/make-installation.ts";
import { neededRights, sayRight } from "./needed-rights.ts";
import {
  type ClusterFacts,
  findingLines,
  isGood,
  judgeCluster,
  type NodeFacts,
  type Wanted,
} from "./preflight.ts";

const node = (more: Partial<NodeFacts> = {}): NodeFacts => ({
  name: "node1",
  architecture: "amd64",
  ready: true,
  ofCloud: false,
  ...more,
});

const GOOD: ClusterFacts = {
  version: "v1.34.1",
  clockAheadMs: 400,
  missingRights: [],
  nodes: [node(), node({ name: "node2", architecture: "arm64" })],
  storageClasses: [{ name: "fast", isDefault: true }],
  takenPorts: [{ port: 30999, owner: "shop/front" }],
  balancerSeen: true,
  podSecurity: true,
};
const WANTED: Wanted = { storageClass: undefined, routerService: "LoadBalancer", nodePorts: [30450] };

/** What is found of one matter. */
function judge(what: string, facts: Partial<ClusterFacts>, wanted: Partial<Wanted> = {}) {
  const found = judgeCluster({ ...GOOD, ...facts }, { ...WANTED, ...wanted }).find(
    (one) => one.what === what,
  );
  return `${found?.state}: ${found?.said}`;
}

test("a good cluster has one warning: what cannot be seen", () => {
  const findings = judgeCluster(GOOD, WANTED);
  expect(findings.filter(({ state }) => state !== "ok").map(({ what }) => what)).toEqual(["Secrets"]);
  expect(isGood(findings)).toBe(true);
});

describe("each matter", () => {
  test.each([
    ["v1.32.0", "ok"],
    ["v1.34.1+k3s1", "ok"],
    ["1.33", "ok"],
    ["v2.0.0", "ok"],
    ["v1.31.9", "failed"],
    ["v1.9.0", "failed"],
    ["", "failed"],
    ["latest", "failed"],
  ])("version %j", (version, state) => {
    expect(judge("Kubernetes", { version })).toMatch(new RegExp(`^${state}:`));
  });

  test.each([
    [[], "ok: you may make all that is needed"],
    [["create pods in x"], "failed: you may not create pods in x"],
    [["a", "b", "c", "d", "e", "f", "g"], "failed: you may not a; b; c; d; e and 2 more"],
    [undefined, "warning: the cluster does not say what you may do"],
  ])("rights %j", (missingRights, said) => {
    expect(judge("Permissions", { missingRights })).toBe(said);
  });

  test.each([
    [[node(), node()], "ok: 2 ready (amd64)"],
    [[node(), node({ architecture: "arm64" })], "ok: 2 ready (amd64, arm64)"],
    [[node()], "warning: 1 ready (amd64)"],
    [[node(), node({ ready: false })], "warning: 1 ready (amd64)"],
    [[node(), node(), node({ architecture: "s390x" })], "warning: 3 ready (amd64, s390x)"],
    [[node({ architecture: "riscv64" })], "failed: none of 1 is ready and has one of amd64, arm64"],
    [[], "failed: none of 0 is ready and has one of amd64, arm64"],
    [undefined, "warning: they cannot be listed"],
  ])("nodes %#", (nodes, said) => {
    expect(judge("Nodes", { nodes })).toBe(said);
  });

  const classes = [
    { name: "fast", isDefault: false },
    { name: "slow", isDefault: true },
  ];
  test.each([
    [classes, undefined, "ok: class slow"],
    [classes, "fast", "ok: class fast"],
    [classes, "none", "failed: there is no storage class none (there is: fast, slow)"],
    [classes.slice(0, 1), undefined, "failed: no default storage class (there is: fast)"],
    [[], undefined, "failed: no default storage class (there is: none)"],
    [undefined, "fast", "warning: storage classes cannot be listed"],
  ])("storage %#", (storageClasses, storageClass, said) => {
    expect(judge("Storage", { storageClasses }, { storageClass })).toBe(said);
  });

  test.each([
    [{}, "LoadBalancer", "ok: a load balancer of the cluster"],
    [{ balancerSeen: false }, "NodePort", "ok: a Service of type NodePort"],
    [
      { balancerSeen: false, nodes: [node({ ofCloud: true })] },
      "LoadBalancer",
      "ok: a load balancer of the cluster",
    ],
    [
      { balancerSeen: false },
      "LoadBalancer",
      "warning: nothing seems to give addresses to Services of type LoadBalancer",
    ],
    [
      { balancerSeen: false, nodes: undefined },
      "LoadBalancer",
      "warning: nothing seems to give addresses to Services of type LoadBalancer",
    ],
  ])("the way in %#", (facts, routerService, said) => {
    expect(judge("Way in", facts, { routerService })).toBe(said);
  });

  test.each([
    [[30450], "ok: 30450"],
    [[30450, 30999], "failed: 30999 belongs to shop/front"],
  ])("ports %j", (nodePorts, said) => {
    expect(judge("Node ports", {}, { nodePorts })).toBe(said);
  });

  test.each([
    [0, "ok: in step with the cluster's"],
    [-5_000, "ok: in step with the cluster's"],
    [6_400, "warning: the cluster's is 6 s ahead of this machine's"],
    [-299_000, "warning: the cluster's is 299 s behind this machine's"],
    [400_000, "failed: the cluster's is 400 s ahead of this machine's"],
    [undefined, "warning: the API server does not tell the time"],
  ])("a clock %s ms ahead", (clockAheadMs, said) => {
    expect(judge("Clock", { clockAheadMs })).toBe(said);
  });

  test.each([
    [true, "ok: enforced"],
    [false, "warning: the cluster does not enforce it"],
    [undefined, "warning: it cannot be found out whether it is enforced"],
  ])("Pod Security %s", (podSecurity, said) => {
    expect(judge("Pod Security", { podSecurity })).toBe(said);
  });

  test("that is not ok says what to do", () => {
    const bad: ClusterFacts = {
      ...{ version: "v1.20.0", clockAheadMs: undefined, missingRights: ["x"], nodes: [], storageClasses: [] },
      ...{ takenPorts: [{ port: 30450, owner: "a/b" }], balancerSeen: false, podSecurity: false },
    };
    const findings = judgeCluster(bad, WANTED);
    expect(findings.map(({ todo }) => Boolean(todo))).toEqual(findings.map(() => true));
    expect(isGood(findings)).toBe(false);
  });
});

test("lines stand under each other", () => {
  expect(
    findingLines([
      { what: "Kubernetes", state: "ok", said: "v1.34.1" },
      { what: "Clock", state: "warning", said: "6 s ahead", todo: "set it" },
    ]),
  ).toEqual([
    "ok       Kubernetes  v1.34.1",
    "warning  Clock       6 s ahead",
    "                     set it",
  ]);
});

describe("rights that are needed", () => {
  const one = installation();
  const objects = makeInstallation(one).flatMap((stage) => stage.objects);
  const said = neededRights(objects, one).map(sayRight);

  test("are asked once each", () => {
    expect(new Set(said).size).toBe(said.length);
    expect(said.length).toBeLessThan(250);
  });

  test.each([
    "create namespaces",
    "create priorityclasses.scheduling.k8s.io",
    "patch deployments.apps in conifer-system",
    "delete statefulsets.apps in conifer-system",
    "create networkpolicies.networking.k8s.io in conifer-system",
    "create rolebindings.rbac.authorization.k8s.io in conifer-builds",
    "create pods/portforward in conifer-system",
    "get pods/log in conifer-system",
    // What accounts are given, whoever installs must have.
    "create pods/exec in conifer-apps",
    "patch namespaces in conifer-apps",
    "delete secrets in conifer-builds",
  ])("%s", (right) => {
    expect(said).toContain(right);
  });

  test("nothing is asked for all", () => {
    expect(said.join("\n")).not.toContain("*");
  });
});
