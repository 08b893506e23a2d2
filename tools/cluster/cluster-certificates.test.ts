import { describe, expect, test } from "vitest";
import { certificateOrders, encryptionConfig, makeKubeconfig } from "./cluster-certificates.ts";
import { planCluster } from "./cluster-plan.ts";

const plan = planCluster({ name: "dev", slot: 12, nodes: 2, dualStack: true, egress: true });
const orders = certificateOrders(plan);
const order = (name: string) => orders.find((one) => one.name === name);

describe("certificates", () => {
  test("each is signed by an authority that was made before it", () => {
    for (const [at, { issuer }] of orders.entries()) {
      if (issuer === undefined) continue;
      const before = orders.slice(0, at).find(({ name }) => name === issuer);
      expect(before?.issuer).toBeUndefined();
      expect(before).toBeDefined();
    }
    expect(orders.filter(({ issuer }) => issuer === undefined).map(({ name }) => name)).toEqual([
      "ca",
      "front-ca",
    ]);
  });

  test("the API server's holds every name and address it is called by", () => {
    expect(order("kube-apiserver")?.hosts).toEqual([
      "localhost",
      "kubernetes",
      "kubernetes.default",
      "kubernetes.default.svc",
      "kubernetes.default.svc.cluster.local",
      "198.19.200.11",
      "fd98:c0:12:8::11",
      "198.19.204.1",
      "fd98:c0:12:ffff::1",
      "127.0.0.1",
      "::1",
    ]);
  });

  test.each([
    ["admin", "admin", ["system:masters"]],
    ["kube-scheduler", "system:kube-scheduler", []],
    ["kube-controller-manager", "system:kube-controller-manager", []],
    ["kube-proxy", "system:kube-proxy", []],
    ["node2", "system:node:node2", ["system:nodes"]],
  ])("%s is %s, in %j, as the built-in roles know it", (name, commonName, organizations) => {
    expect(order(name)).toMatchObject({ issuer: "ca", commonName, organizations });
  });

  test("whoever is trusted to pass requests on has an authority of its own", () => {
    expect(order("front-proxy")?.issuer).toBe("front-ca");
  });

  test("a node's is also a server's", () => {
    expect(order("node1")?.hosts).toEqual(["node1", "198.19.200.11", "fd98:c0:12:8::11"]);
  });
});

test("a kubeconfig holds all it needs", () => {
  const text = makeKubeconfig(plan, "admin", { ca: "CA", certificate: "CERT", key: "KEY" });
  expect(JSON.parse(text)).toMatchObject({
    "current-context": "conifer-dev",
    clusters: [
      { cluster: { server: "https://198.19.200.11:6443", "certificate-authority-data": btoa("CA") } },
    ],
    users: [
      { name: "admin", user: { "client-certificate-data": btoa("CERT"), "client-key-data": btoa("KEY") } },
    ],
    contexts: [{ name: "conifer-dev", context: { cluster: "conifer-dev", user: "admin" } }],
  });
});

test("Secrets are sealed with the key first, and read without one last", () => {
  const [rule] = (JSON.parse(encryptionConfig("c2VjcmV0")) as { resources: { providers: unknown[] }[] })
    .resources;
  expect(rule).toEqual({
    resources: ["secrets"],
    providers: [{ secretbox: { keys: [{ name: "key1", secret: "c2VjcmV0" }] } }, { identity: {} }],
  });
});
