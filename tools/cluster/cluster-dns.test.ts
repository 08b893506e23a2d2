import { describe, expect, test } from "vitest";
import { pathOf } from "./cluster-api.ts";
import { corefile, DNS_PATH, dnsObjects } from "./cluster-dns.ts";
import { readMachine, usableNameServers } from "./cluster-machine.ts";
import { planCluster } from "./cluster-plan.ts";

const plan = planCluster({ name: "dev", slot: 12, nodes: 1, dualStack: false, egress: true });

describe("what answers names", () => {
  test("asks the host's name servers for what is not the cluster's", () => {
    const text = corefile(["192.0.2.53", "192.0.2.54"]);
    expect(text).toContain("forward . 192.0.2.53 192.0.2.54");
    expect(text).not.toContain("NXDOMAIN");
  });

  test("without a way out says that there is no such name, in a block of its own", () => {
    const text = corefile([]);
    expect(text).not.toContain("forward");
    const [cluster = "", elsewhere = ""] = text.split("\n.:53");
    expect(cluster).toContain("kubernetes cluster.local");
    expect(cluster).not.toContain("template");
    expect(elsewhere).toContain("rcode NXDOMAIN");
  });
});

describe("its objects", () => {
  const objects = dnsObjects(plan, "/cache/programs", []);

  test("the Service has the address that every pod is told", () => {
    const service = objects.find(({ kind }) => kind === "Service");
    expect(service?.spec).toMatchObject({ clusterIP: "198.19.204.10", selector: { "k8s-app": "kube-dns" } });
  });

  test("the program is mounted from the node, read only, and may only read the cluster", () => {
    const deployment = JSON.stringify(objects.find(({ kind }) => kind === "Deployment"));
    expect(deployment).toContain('"hostPath":{"path":"/cache/programs","type":"Directory"}');
    expect(deployment).toContain('"mountPath":"/programs","readOnly":true');
    expect(deployment).toContain('"conifer-cluster/real":"true"');
    const role = objects.find(({ kind }) => kind === "ClusterRole") as unknown as {
      rules: { verbs: string[] }[];
    };
    for (const { verbs } of role.rules) expect(verbs).toEqual(["list", "watch"]);
  });

  test("each is where the API has it", () => {
    expect(objects.map(pathOf)).toEqual([
      "/api/v1/namespaces/kube-system/serviceaccounts/coredns",
      "/apis/rbac.authorization.k8s.io/v1/clusterroles/coredns",
      "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/coredns",
      "/api/v1/namespaces/kube-system/configmaps/coredns",
      "/api/v1/namespaces/kube-system/services/kube-dns",
      DNS_PATH,
    ]);
  });

  test.each([
    ["Node", "/api/v1/nodes/x"],
    ["PriorityClass", "/api/v1/priorityclasses/x"],
    ["NetworkPolicy", "/api/v1/networkpolicies/x"],
  ])("a %s is at %s", (kind, path) => {
    expect(pathOf({ apiVersion: "v1", kind, metadata: { name: "x" } })).toBe(path);
  });
});

test.each([
  ["nameserver 192.0.2.1\nnameserver 192.0.2.2\n", ["192.0.2.1", "192.0.2.2"]],
  ["search example.test\nnameserver\t192.0.2.1 # home\noptions ndots:5", ["192.0.2.1"]],
  ["nameserver 127.0.0.53\n", []],
  ["nameserver ::1\nnameserver fe80::1%eth0\nnameserver 2001:db8::1\n", []],
  ["# nameserver 192.0.2.1\n", []],
  ["", []],
])("pods can ask those of %j", (text, servers) => {
  expect(usableNameServers(text)).toEqual(servers);
});

test("this machine has memory, and a way out that packets fit through", async () => {
  const { memory, mtu, nameServers } = await readMachine();
  expect(memory).toBeGreaterThan(2 ** 28);
  expect(mtu).toBeGreaterThanOrEqual(576);
  expect(mtu).toBeLessThanOrEqual(1500);
  for (const server of nameServers) expect(server).toMatch(/^\d+(?:\.\d+){3}$/);
});
