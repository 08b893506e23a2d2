import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import { clusterFolders } from "./cluster-folders.ts";
import { planCluster } from "./cluster-plan.ts";
import { type FileContext, nodeFiles, reservedMemory, sharedFiles } from "./node-files.ts";

const folders = clusterFolders("dev", { CONIFER_CLUSTER_STATE: "/data", XDG_CACHE_HOME: "/cache" });
const settings = { name: "dev", slot: 12, nodes: 2, dualStack: true, egress: true };
const context = (changes: Partial<typeof settings> = {}): FileContext => ({
  plan: planCluster({ ...settings, ...changes }),
  folders,
  memory: 16 * 2 ** 30,
  mtu: 1400,
  nameServers: ["192.0.2.53", "192.0.2.54"],
});

function filesOf(given: FileContext, number: number): Readonly<Record<string, string>> {
  const node = given.plan.members[number - 1];
  if (!node) throw new Error("no such node");
  return nodeFiles(given, node);
}

const json = (files: Readonly<Record<string, string>>, path: string) =>
  JSON.parse(files[path] ?? "null") as Record<string, unknown>;

describe("a node's files", () => {
  test("lie in its folder, and are the same each time", () => {
    const files = filesOf(context(), 2);
    expect(Object.keys(files)).toEqual([
      "/data/dev/node2/cni/10-pods.conflist",
      "/data/dev/node2/containerd.toml",
      "/data/dev/node2/kubelet.json",
      "/data/dev/node2/kube-proxy.json",
    ]);
    expect(filesOf(context(), 2)).toEqual(files);
  });

  test("give pods addresses of the node, in each family, in packets that fit", () => {
    const network = json(filesOf(context(), 2), "/data/dev/node2/cni/10-pods.conflist");
    expect(network.plugins).toMatchObject([
      {
        type: "bridge",
        mtu: 1400,
        hairpinMode: true,
        ipMasq: false,
        ipam: { ranges: [[{ subnet: "198.19.193.0/24" }], [{ subnet: "fd98:c0:12:1::/64" }]] },
      },
      { type: "portmap" },
    ]);
    const single = json(filesOf(context({ dualStack: false }), 2), "/data/dev/node2/cni/10-pods.conflist");
    expect(single.plugins).toMatchObject([{ ipam: { ranges: [[{ subnet: "198.19.193.0/24" }]] } }, {}]);
  });

  test("lead containerd to the node's own network and to the registries", () => {
    const config = parse(filesOf(context(), 1)["/data/dev/node1/containerd.toml"] ?? "");
    expect(config).toMatchObject({
      version: 2,
      root: "/var/lib/containerd",
      plugins: {
        "io.containerd.grpc.v1.cri": {
          sandbox_image: "localhost/pause:conifer",
          restrict_oom_score_adj: true,
          cni: { conf_dir: "/data/dev/node1/cni" },
          registry: { config_path: "/data/dev/registries" },
        },
      },
    });
  });

  test("tell the kubelet its cgroup, its certificates and what is not its to promise", () => {
    expect(json(filesOf(context(), 1), "/data/dev/node1/kubelet.json")).toMatchObject({
      cgroupRoot: "/ck-dev/node1",
      cgroupDriver: "cgroupfs",
      tlsCertFile: "/data/dev/certificates/node1.crt",
      clusterDNS: ["198.19.204.10"],
      authentication: { anonymous: { enabled: false } },
      systemReserved: { memory: "9831Mi" },
    });
  });

  test("tell kube-proxy which addresses are pods'", () => {
    const both = json(filesOf(context(), 1), "/data/dev/node1/kube-proxy.json");
    expect(both.clusterCIDR).toBe("198.19.192.0/21,fd98:c0:12::/61");
    const single = json(filesOf(context({ dualStack: false }), 1), "/data/dev/node1/kube-proxy.json");
    expect(single.clusterCIDR).toBe("198.19.192.0/21");
  });
});

describe("files that all nodes share", () => {
  test("name the registry with its address, over plain http", () => {
    const files = sharedFiles(context());
    const hosts = parse(files["/data/dev/registries/198.19.200.1:6450/hosts.toml"] ?? "");
    expect(hosts).toEqual({
      server: "http://198.19.200.1:6450",
      host: { "http://198.19.200.1:6450": { capabilities: ["pull", "resolve"] } },
    });
  });

  test.each([
    ["with a way out: the host's", {}, "nameserver 192.0.2.53\nnameserver 192.0.2.54\n"],
    ["without: none that answers", { egress: false }, "nameserver 127.0.0.1\n"],
  ])("name servers %s", (_, changes, text) => {
    expect(sharedFiles(context(changes))["/data/dev/resolv.conf"]).toBe(text);
  });
});

test.each([
  [1, 3277],
  [2, 9831],
  [4, 13108],
])("of 16 GiB, %i nodes each keep %i MiB from their pods", (nodes, reserved) => {
  expect(reservedMemory(16 * 2 ** 30, nodes)).toBe(`${reserved}Mi`);
  expect((16 * 1024 - reserved) * nodes).toBeLessThanOrEqual(16 * 1024 * 0.8);
});
