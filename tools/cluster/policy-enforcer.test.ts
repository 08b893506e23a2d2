import { expect, test } from "vitest";
import { pathOf } from "./cluster-api.ts";
import { certificateOrders } from "./cluster-certificates.ts";
import { clusterFolders } from "./cluster-folders.ts";
import { planCluster } from "./cluster-plan.ts";
import { ENFORCER, ENFORCER_USER, enforcerCommand, enforcerRights } from "./policy-enforcer.ts";

const plan = planCluster({ name: "dev", slot: 1, nodes: 2, dualStack: false, egress: true });
const folders = clusterFolders("dev", { CONIFER_CLUSTER_STATE: "/data", XDG_CACHE_HOME: "/cache" });

test("the enforcer may read what policies are made of, and nothing else", () => {
  const [role, binding] = enforcerRights();
  expect([role, binding].map((object) => object && pathOf(object))).toEqual([
    `/apis/rbac.authorization.k8s.io/v1/clusterroles/${ENFORCER_USER}`,
    `/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/${ENFORCER_USER}`,
  ]);
  const rules = role?.rules as { resources: string[]; verbs: string[] }[];
  expect(rules.flatMap(({ resources }) => resources)).toEqual(["pods", "namespaces", "networkpolicies"]);
  expect(new Set(rules.flatMap(({ verbs }) => verbs))).toEqual(new Set(["get", "list", "watch"]));
  expect(binding?.subjects).toMatchObject([{ kind: "User", name: ENFORCER_USER }]);
});

test("it comes to the API server with a certificate of that name, and of no group", () => {
  const order = certificateOrders(plan).find(({ name }) => name === ENFORCER);
  expect(order).toMatchObject({ issuer: "ca", commonName: ENFORCER_USER, organizations: [] });
});

test("each node's knows its node, and starts anew when its code is another", () => {
  const [first, second] = plan.members.map((node) => enforcerCommand(folders, node, "abc"));
  expect(first).toMatchObject({ program: "policy-enforcer", outside: true });
  expect(first?.args.slice(3)).toEqual([
    "/data/dev/certificates/policy-enforcer.kubeconfig",
    "node1",
    "pods0",
    "pods",
    "/data/dev/node1/lib/cni/results",
    "abc",
  ]);
  expect(second?.args).toContain("node2");
});
