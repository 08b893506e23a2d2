import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type HeldCluster,
  type HeldObject,
  openHeldCluster,
} from "../../../platform/src/drivers/kubernetes/client/held-cluster-fixtures.ts";
import { installation } from "../installation/installation-fixtures.ts";
import { checkCluster } from "./check-cluster.ts";
import { gatherFacts } from "./gather-facts.ts";
import { type NeededRight, sayRight } from "./needed-rights.ts";

let cluster: HeldCluster;
/** What this account may not do. */
let forbidden: RegExp;

beforeEach(async () => {
  cluster = await openHeldCluster();
  forbidden = /^nothing$/;
  cluster.control = ({ kind, spec, status }) => {
    if (kind !== "SelfSubjectAccessReview") return status;
    const { resourceAttributes } = spec as { resourceAttributes: NeededRight };
    return { allowed: !forbidden.test(sayRight(resourceAttributes)) };
  };
  cluster.refuse = refuseUnknownLevel;
});
afterEach(() => cluster.close());

/** As Pod Security does. */
const refuseUnknownLevel: HeldCluster["refuse"] = ({ path }) =>
  path === "namespaces//conifer-preflight"
    ? [422, "Invalid", 'metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "no-such-level"']
    : undefined;

function put(kind: string, metadata: HeldObject["metadata"], more: object = {}): HeldObject {
  return cluster.put({ apiVersion: "v1", kind, metadata, ...more });
}

const RIGHTS: readonly NeededRight[] = [
  { verb: "create", group: "", resource: "namespaces" },
  { verb: "get", group: "", resource: "pods", subresource: "log", namespace: "conifer-system" },
  { verb: "patch", group: "apps", resource: "deployments", namespace: "conifer-system" },
];

const gather = () => gatherFacts(cluster.client, "conifer-system", RIGHTS);

describe("what a cluster tells of itself", () => {
  it("is all unknown or empty in one that has nothing", async () => {
    expect(await gather()).toEqual({
      version: "v1.34.1",
      clockAheadMs: expect.any(Number),
      ...{ missingRights: [], nodes: [], storageClasses: [], takenPorts: [] },
      ...{ balancerSeen: false, podSecurity: true },
    });
    expect(cluster.changes).toEqual([]);
  });

  it("has this machine's clock within a second or so", async () => {
    expect(Math.abs((await gather()).clockAheadMs ?? Number.NaN)).toBeLessThan(5_000);
  });

  it.each([
    [/namespaces/, ["create namespaces"]],
    [/^(?:get|patch)/, ["get pods/log in conifer-system", "patch deployments.apps in conifer-system"]],
    [/./, RIGHTS.map(sayRight)],
  ])("names the rights that are missing (%s), in their order", async (pattern, missing) => {
    forbidden = pattern;
    expect((await gather()).missingRights).toEqual(missing);
  });

  it("knows nodes that take pods from others, and those of clouds", async () => {
    const status = (ready: string) => ({
      status: { conditions: [{ type: "Ready", status: ready }], nodeInfo: { architecture: "arm64" } },
    });
    put("Node", { name: "a" }, { ...status("True"), spec: { providerID: "aws:///x" } });
    put("Node", { name: "b" }, status("Unknown"));
    put("Node", { name: "c" }, { ...status("True"), spec: { unschedulable: true } });
    put("Node", { name: "d" });
    expect((await gather()).nodes).toEqual([
      { name: "a", architecture: "arm64", ready: true, ofCloud: true },
      { name: "b", architecture: "arm64", ready: false, ofCloud: false },
      { name: "c", architecture: "arm64", ready: false, ofCloud: false },
      { name: "d", architecture: "unknown", ready: false, ofCloud: false },
    ]);
  });

  it("knows which storage class is taken where none is named", async () => {
    const annotations = { "storageclass.kubernetes.io/is-default-class": "true" };
    put("StorageClass", { name: "fast", annotations });
    put("StorageClass", { name: "slow" });
    expect((await gather()).storageClasses).toEqual([
      { name: "fast", isDefault: true },
      { name: "slow", isDefault: false },
    ]);
  });

  it("counts ports of nodes that others have, and not the installation's own", async () => {
    const ports = (...taken: (number | undefined)[]) => ({
      spec: { ports: taken.map((nodePort) => (nodePort ? { port: 80, nodePort } : { port: 80 })) },
    });
    const labels = { "conifer.dev/installation": "conifer-system" };
    put("Service", { name: "front", namespace: "shop" }, ports(30080, undefined, 30443));
    put("Service", { name: "conifer-registry", namespace: "conifer-system", labels }, ports(30450));
    put("Service", { name: "headless", namespace: "shop" });
    expect((await gather()).takenPorts).toEqual([
      { port: 30080, owner: "shop/front" },
      { port: 30443, owner: "shop/front" },
    ]);
  });

  it("has seen a balancer where a Service got an address", async () => {
    put("Service", { name: "waits", namespace: "shop" }, { status: { loadBalancer: {} } });
    expect((await gather()).balancerSeen).toBe(false);
    const status = { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } };
    put("Service", { name: "front", namespace: "shop" }, { status });
    expect((await gather()).balancerSeen).toBe(true);
  });

  it.each<[string, HeldCluster["refuse"], boolean | undefined]>([
    ["takes any level", () => undefined, false],
    ["does not let us ask", () => [403, "Forbidden", "you may not"], undefined],
    ["refuses for another reason", () => [422, "Invalid", "a webhook says no"], undefined],
  ])("tells whether it has Pod Security, unless it %s", async (_what, refuse, seen) => {
    cluster.refuse = (request) => (request.path.startsWith("namespaces/") ? refuse(request) : undefined);
    expect((await gather()).podSecurity).toBe(seen);
    expect(cluster.paths("namespaces/")).toEqual([]);
  });

  it("stays without what we may not look at", async () => {
    cluster.refuse = ({ path }) =>
      /^(?:nodes|storageclasses|services|selfsubject)/.test(path)
        ? [403, "Forbidden", "you may not"]
        : refuseUnknownLevel({ method: "PATCH", path, object: undefined });
    expect(await gather()).toMatchObject({
      ...{ missingRights: undefined, nodes: undefined, storageClasses: undefined, takenPorts: undefined },
      ...{ balancerSeen: false, podSecurity: true },
    });
  });

  it("is an error where the cluster fails", async () => {
    cluster.refuse = ({ path }) =>
      path.startsWith("nodes/") ? [500, "InternalError", "etcd is away"] : undefined;
    await expect(gather()).rejects.toThrow("etcd is away");
  });
});

describe("a check before an installation", () => {
  const NODE = {
    spec: { providerID: "aws:///x" },
    status: { conditions: [{ type: "Ready", status: "True" }], nodeInfo: { architecture: "amd64" } },
  };

  async function check(overrides = {}): Promise<[boolean, string]> {
    const lines: string[] = [];
    const report = { tell: (line: string) => void lines.push(line), json: false };
    return [await checkCluster(cluster.client, installation(overrides), report), lines.join("\n")];
  }

  beforeEach(() => {
    put("Node", { name: "a" }, NODE);
    const annotations = { "storageclass.kubernetes.io/is-default-class": "true" };
    put("StorageClass", { name: "fast", annotations });
  });

  it("passes where all is there, and changes nothing", async () => {
    const [good, lines] = await check();
    expect([good, lines]).toEqual([true, expect.stringContaining("Looking at the cluster ...")]);
    expect(cluster.changes).toEqual([]);
  });

  it("asks for each right of each part, so that no installation stops half-way", async () => {
    forbidden = /^create networkpolicies\.networking\.k8s\.io in conifer-system$/;
    const [good, lines] = await check();
    expect(good).toBe(false);
    expect(lines).toContain("create networkpolicies.networking.k8s.io in conifer-system");
  });

  it("sees a port that somebody else has, where one is wanted", async () => {
    const spec = { ports: [{ port: 80, nodePort: 30080 }] };
    put("Service", { name: "front", namespace: "shop" }, { spec });
    const wishes = { "router.service": "NodePort", "router.httpNodePort": 30080 };
    expect((await check(wishes))[0]).toBe(false);
    expect((await check({ ...wishes, "router.httpNodePort": 30081 }))[0]).toBe(true);
    // One that is only kept inside of the cluster has none.
    expect((await check({ ...wishes, "router.service": "ClusterIP" }))[0]).toBe(true);
  });

  it("sees that a storage class is missing", async () => {
    expect((await check({ storageClass: "slow" }))[0]).toBe(false);
    cluster.drop("storageclasses//fast");
    expect((await check())[0]).toBe(false);
  });
});
