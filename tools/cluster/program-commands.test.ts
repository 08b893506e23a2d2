import { describe, expect, test } from "vitest";
import { clusterFolders } from "./cluster-folders.ts";
import { planCluster } from "./cluster-plan.ts";
import { controllerCommands, encryptionFile, nodeCommands, storeCommands } from "./program-commands.ts";

const folders = clusterFolders("dev", { CONIFER_CLUSTER_STATE: "/data", XDG_CACHE_HOME: "/cache" });
const settings = { name: "dev", slot: 12, nodes: 2, dualStack: false, egress: true };
const single = planCluster(settings);
const dual = planCluster({ ...settings, dualStack: true });

/** The options of one program. */
function optionsOf(commands: ReturnType<typeof storeCommands>, program: string): readonly string[] {
  const found = commands.find((one) => one.program === program);
  if (!found) throw new Error(`${program} is not among them`);
  return found.args;
}

describe("the store", () => {
  test("etcd answers its own node only, and keeps its data in the state folder", () => {
    const args = optionsOf(storeCommands(single, folders), "etcd");
    expect(args).toContain("--data-dir=/data/dev/etcd");
    const urls = args.filter((one) => one.includes("http"));
    expect(urls.length).toBeGreaterThan(3);
    for (const url of urls) expect(url).toContain("127.0.0.1");
  });

  test("the API server seals Secrets and asks who it is that calls", () => {
    const args = optionsOf(storeCommands(single, folders), "kube-apiserver");
    expect(args).toContain(`--encryption-provider-config=${encryptionFile(folders)}`);
    expect(args).toContain("--authorization-mode=Node,RBAC");
    expect(args).toContain("--client-ca-file=/data/dev/certificates/ca.crt");
    expect(args).toContain("--allow-privileged");
    expect(args.filter((one) => /insecure|anonymous-auth=true/.test(one))).toEqual([]);
  });

  test.each([
    ["one family", single, "198.19.204.0/22"],
    ["both", dual, "198.19.204.0/22,fd98:c0:12:ffff::/112"],
  ])("Services have addresses of %s", (_, plan, range) => {
    const expected = `--service-cluster-ip-range=${range}`;
    expect(optionsOf(storeCommands(plan, folders), "kube-apiserver")).toContain(expected);
    expect(optionsOf(controllerCommands(plan, folders), "kube-controller-manager")).toContain(expected);
  });
});

describe("what runs on every node", () => {
  const node = dual.members[1];
  if (!node) throw new Error("no second node");

  test("has its own files, which it is started again for when they change", () => {
    const commands = nodeCommands(dual, folders, node);
    expect(commands.map(({ program, settings: file }) => [program, file])).toEqual([
      ["kubelet", "/data/dev/node2/kubelet.json"],
      ["kube-proxy", "/data/dev/node2/kube-proxy.json"],
    ]);
    for (const { args, settings: file } of commands) expect(args).toContain(`--config=${file}`);
  });

  test("the kubelet says its addresses and that its node is real", () => {
    const args = optionsOf(nodeCommands(dual, folders, node), "kubelet");
    expect(args).toContain("--node-ip=198.19.200.12,fd98:c0:12:8::12");
    expect(args).toContain("--node-labels=conifer-cluster/real=true");
    expect(args).toContain("--hostname-override=node2");
  });
});

test("controllers and scheduler elect nobody, being alone", () => {
  for (const { args } of controllerCommands(single, folders)) {
    expect(args).toContain("--leader-elect=false");
    expect(args.filter((one) => one.startsWith("--kubeconfig="))).toHaveLength(1);
  }
});
