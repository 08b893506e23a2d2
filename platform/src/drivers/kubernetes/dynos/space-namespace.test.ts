import { expect, test } from "vitest";
import { makeNamespace, makeSpaceObjects, ORDINARY_LIMITS } from "./space-namespace.ts";

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

const objects = makeSpaceObjects({
  namespace: "space",
  fence: { routerRanges: ["192.0.2.1/32"] },
  limits: { quota: { pods: "20" }, container: { max: { memory: "2Gi" } } },
});

test("it has its fence first, then an account, a quota and limits", () => {
  expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
    "NetworkPolicy conifer-closed",
    "NetworkPolicy conifer-callers",
    "NetworkPolicy conifer-outside",
    "ServiceAccount conifer-dyno",
    "ResourceQuota conifer-space",
    "LimitRange conifer-space",
  ]);
});

test("all of it says whose it is and which Conifer made it", () => {
  for (const { metadata } of objects) {
    expect(metadata).toMatchObject({
      namespace: "space",
      labels: { "app.kubernetes.io/managed-by": "conifer" },
      annotations: { "conifer.dev/version": "1" },
    });
  }
});

test("the account gives no token away", () => {
  expect(objects[3]).toMatchObject({ apiVersion: "v1", automountServiceAccountToken: false });
});

test("quota and limits are those that are wished", () => {
  expect(objects[4]).toMatchObject({ spec: { hard: { pods: "20" } } });
  expect(objects[5]).toMatchObject({ spec: { limits: [{ type: "Container", max: { memory: "2Gi" } }] } });
});

test("ordinary limits say both what is asked for and what is the most, or the cluster would fill in the other", () => {
  const { default: most = {}, defaultRequest: least = {} } = ORDINARY_LIMITS.container;
  for (const resource of Object.keys(most)) expect(least).toHaveProperty(resource);
});
