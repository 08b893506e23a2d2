import { describe, expect, test } from "vitest";
import { clusterFolders } from "./cluster-folders.ts";
import { planCluster } from "./cluster-plan.ts";
import type { LiveNode } from "./cluster-processes.ts";
import { describeStatus, type SeenByApi, statusLines } from "./cluster-status.ts";
import { mountScript, networkScript, quote } from "./node-scripts.ts";
import { isReady } from "./wait-for-members.ts";

const plan = planCluster({ name: "dev", slot: 12, nodes: 2, dualStack: false, egress: true });
const folders = clusterFolders("dev", { CONIFER_CLUSTER_STATE: "/data", XDG_CACHE_HOME: "/cache" });

const CONTROL = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"];
const EVERY = ["containerd", "kubelet", "kube-proxy", "policy-enforcer"];

function live(number: number, ...programs: string[]): LiveNode {
  const pairs = programs.map((program, at) => [program, number * 100 + at + 1] as const);
  return { number, pid: number * 100, namespace: `of node${number}`, programs: new Map(pairs) };
}

const all = [live(1, ...CONTROL, ...EVERY), live(2, ...EVERY)];
const seen = (changes: Partial<SeenByApi> = {}): SeenByApi => ({
  ready: new Set(["node1", "node2"]),
  simulated: 0,
  dns: true,
  ...changes,
});

describe("the status", () => {
  test("of a whole cluster", () => {
    const status = describeStatus(plan, folders, all, seen());
    expect(status).toMatchObject({
      name: "dev",
      healthy: true,
      kubeconfig: "/data/dev/kubeconfig",
      host: "198.19.200.1",
      registry: "198.19.200.1:6450",
    });
    expect(status.nodes[1]).toEqual({
      name: "node2",
      address: "198.19.200.12",
      pid: 200,
      ready: true,
      programs: { containerd: 201, kubelet: 202, "kube-proxy": 203, "policy-enforcer": 204 },
    });
    expect(statusLines(status).join("\n")).toMatch(/^dev is up\.[\s\S]*node2 +198\.19\.200\.12 {2}ready$/);
  });

  test.each<[string, readonly LiveNode[], Partial<SeenByApi>, string]>([
    ["a node is gone", all.slice(0, 1), {}, "node2       198.19.200.12  does not run"],
    [
      "a program is gone",
      [live(1, ...CONTROL, ...EVERY), live(2, "containerd")],
      {},
      "without kubelet, kube-proxy, policy-enforcer",
    ],
    ["a node is not ready", all, { ready: new Set(["node1"]) }, "node2       198.19.200.12  not ready"],
    ["names are not answered", all, { dns: false }, "DNS does not answer"],
    ["nothing runs", [], { ready: new Set(), dns: false }, "node1       198.19.200.11  does not run"],
  ])("when %s it is not healthy, and says why", (_, nodes, api, line) => {
    const status = describeStatus(plan, folders, nodes, seen(api));
    expect(status.healthy).toBe(false);
    const text = statusLines(status).join("\n");
    expect(text).toContain("dev is not healthy.");
    expect(text).toContain(line);
    expect(text).toContain("`up` starts what is missing.");
  });

  test("a node that does not run is not ready, whatever the API server still says", () => {
    expect(describeStatus(plan, folders, all.slice(0, 1), seen()).nodes[1]?.ready).toBe(false);
  });

  test("simulated nodes are counted apart", () => {
    const text = statusLines(describeStatus(plan, folders, all, seen({ simulated: 200 }))).join("\n");
    expect(text).toContain("simulated   200 nodes");
  });
});

test.each([
  [[{ type: "Ready", status: "True" }], true],
  [
    [
      { type: "MemoryPressure", status: "False" },
      { type: "Ready", status: "True" },
    ],
    true,
  ],
  [[{ type: "Ready", status: "False" }], false],
  [[{ type: "Ready", status: "Unknown" }], false],
  [[], false],
  [undefined, false],
])("conditions %j mean ready: %s", (conditions, ready) => {
  expect(isReady(conditions)).toBe(ready);
});

describe("scripts of a node", () => {
  const node = plan.members[0];
  if (!node) throw new Error("no node");

  test("what it has for itself is mounted, and mounts reach containers", () => {
    const lines = mountScript(node, folders).split("\n");
    expect(lines).toContain("mount --bind '/data/dev/node1/lib' /var/lib");
    expect(lines.at(-1)).toBe("mount --make-rshared /");
  });

  test("its network is set in one go", () => {
    const script = networkScript(plan, node, 1400, ["route replace default via 198.19.200.1"]);
    expect(script).toContain(
      "link set eth0 mtu 1400 up\naddress replace 198.19.200.11/24 dev eth0\nroute replace",
    );
    expect(script).not.toContain("ipv6");
    const both = networkScript({ ...plan, dualStack: true }, node, 1400, []);
    expect(both).toContain("address replace fd98:c0:12:8::11/64 dev eth0 nodad");
    expect(both).toContain("net.ipv6.conf.all.forwarding=1");
  });

  test.each([
    ["plain", "'plain'"],
    ["it's", "'it'\\''s'"],
    ["$(rm -rf /)", "'$(rm -rf /)'"],
  ])("%s is one word", (word, quoted) => {
    expect(quote(word)).toBe(quoted);
  });
});
