import { expect, test } from "vitest";
import { makeFencePolicies, makeNamespace } from "./space-namespace.ts";

test("a space's namespace holds its pods to the strictest level", () => {
  expect(makeNamespace("conifer-apps")).toEqual({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name: "conifer-apps",
      labels: {
        "app.kubernetes.io/managed-by": "conifer",
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/warn": "restricted",
        "pod-security.kubernetes.io/audit": "restricted",
      },
    },
  });
});

const nothing = {
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: {
    name: "conifer-nothing-in",
    namespace: "x",
    labels: { "app.kubernetes.io/managed-by": "conifer" },
  },
  spec: { podSelector: {}, policyTypes: ["Ingress"] },
};

test("nothing comes in but from the router, and that only to dynos", () => {
  expect(makeFencePolicies({ namespace: "x", routerRanges: ["192.0.2.0/24", "fd98::/64"] })).toEqual([
    nothing,
    {
      ...nothing,
      metadata: { ...nothing.metadata, name: "conifer-router-in" },
      spec: {
        podSelector: { matchExpressions: [{ key: "conifer.dev/dyno", operator: "Exists" }] },
        policyTypes: ["Ingress"],
        ingress: [{ from: [{ ipBlock: { cidr: "192.0.2.0/24" } }, { ipBlock: { cidr: "fd98::/64" } }] }],
      },
    },
  ]);
});

test("without a router's address nothing comes in at all", () => {
  expect(makeFencePolicies({ namespace: "x", routerRanges: [] })).toEqual([nothing]);
});
