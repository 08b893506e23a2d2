import { describe, expect, test } from "vitest";
import { clusterFolders } from "./cluster-folders.ts";
import { familyList, MOST_NODES, planCluster } from "./cluster-plan.ts";
import { type FileContext, nodeFiles, reservedMemory, sharedFiles } from "./node-files.ts";
import { controllerCommands, nodeCommands, type ProgramCommand, storeCommands } from "./program-commands.ts";

const folders = clusterFolders("dev", { CONIFER_CLUSTER_STATE: "/data", XDG_CACHE_HOME: "/cache" });
const plans = [true, false].flatMap((dualStack) =>
  [1, MOST_NODES].flatMap((nodes) =>
    [true, false].map((egress) => planCluster({ name: "dev", slot: 5, nodes, dualStack, egress })),
  ),
);

/** Every command of a cluster, and the same as options by name. */
const commandsOf = (plan: (typeof plans)[number]): ProgramCommand[] => [
  ...storeCommands(plan, folders),
  ...controllerCommands(plan, folders),
  ...plan.members.flatMap((node) => nodeCommands(plan, folders, node)),
];
const optionsOf = ({ args }: ProgramCommand) =>
  new Map(args.map((arg) => [arg.split("=", 1)[0] ?? "", arg.slice(arg.indexOf("=") + 1)]));

describe("every program of every cluster", () => {
  test("is given each option once, with a value", () => {
    for (const plan of plans) {
      for (const command of commandsOf(plan)) {
        expect(optionsOf(command).size).toBe(command.args.length);
        for (const arg of command.args) {
          expect(arg).toMatch(/^--[a-z0-9-]+(?:=.+)?$/);
          expect(arg).not.toMatch(/undefined|null|NaN|\[object|,$/);
        }
      }
    }
  });

  test("keeps its files in the cluster's folder", () => {
    for (const plan of plans) {
      for (const { args } of commandsOf(plan)) {
        const paths = args
          .map((arg) => arg.slice(arg.indexOf("=") + 1))
          .filter((value) => value.startsWith("/"));
        for (const path of paths) expect(path.startsWith("/data/dev/")).toBe(true);
      }
    }
  });

  test("is called the same by the same cluster, or it would start again at each up", () => {
    for (const plan of plans) expect(commandsOf(plan)).toEqual(commandsOf(planCluster(plan)));
  });

  test("of the first nodes stays as it is when more nodes come", () => {
    const [few, many] = [2, 5].map((nodes) =>
      planCluster({ name: "dev", slot: 5, nodes, dualStack: true, egress: true }),
    );
    if (!few || !many) throw new Error("no plans");
    const shared = (plan: typeof few) => [
      ...storeCommands(plan, folders),
      ...controllerCommands(plan, folders),
    ];
    expect(shared(many)).toEqual(shared(few));
    for (const node of few.members) {
      expect(nodeCommands(many, folders, node)).toEqual(nodeCommands(few, folders, node));
    }
  });
});

describe("who may speak to whom", () => {
  test("the API server signs tokens with the key that it and the controllers know", () => {
    for (const plan of plans) {
      const [, api] = storeCommands(plan, folders).map(optionsOf);
      const [controllers] = controllerCommands(plan, folders).map(optionsOf);
      const key = "/data/dev/certificates/service-accounts.key";
      expect(api?.get("--service-account-signing-key-file")).toBe(key);
      expect(controllers?.get("--service-account-private-key-file")).toBe(key);
      expect(api?.get("--client-ca-file")).toBe(controllers?.get("--root-ca-file"));
    }
  });

  test("controllers and scheduler each have a kubeconfig of their own, and no node has theirs", () => {
    for (const plan of plans) {
      const used = commandsOf(plan).flatMap((command) => optionsOf(command).get("--kubeconfig") ?? []);
      expect(used).toEqual([
        "/data/dev/certificates/kube-controller-manager.kubeconfig",
        "/data/dev/certificates/kube-scheduler.kubeconfig",
        ...plan.members.map(({ name }) => `/data/dev/certificates/${name}.kubeconfig`),
      ]);
    }
  });
});

describe("a node's files", () => {
  const contextOf = (plan: (typeof plans)[number]): FileContext => ({
    plan,
    folders,
    memory: 8 * 2 ** 30,
    mtu: 1450,
    nameServers: ["192.0.2.53"],
  });
  const json = (text: string | undefined) => JSON.parse(text ?? "null") as Record<string, unknown>;

  test("are those that its programs are told to read", () => {
    for (const plan of plans) {
      for (const node of plan.members) {
        const paths = Object.keys(nodeFiles(contextOf(plan), node));
        for (const { settings } of nodeCommands(plan, folders, node)) expect(paths).toContain(settings);
        for (const path of paths) expect(path.startsWith(`/data/dev/${node.name}/`)).toBe(true);
      }
    }
  });

  test("give pods the addresses that the node's plan has, in its families", () => {
    for (const plan of plans) {
      for (const node of plan.members) {
        const network = nodeFiles(contextOf(plan), node)[`/data/dev/${node.name}/cni/10-pods.conflist`];
        const ranges = familyList(plan, node.pods).map((subnet) => [{ subnet }]);
        expect(json(network)).toMatchObject({ plugins: [{ mtu: 1450, ipam: { ranges } }, {}] });
      }
    }
  });

  test("tell each kubelet a cgroup and certificates of its own", () => {
    for (const plan of plans) {
      for (const node of plan.members) {
        const kubelet = json(nodeFiles(contextOf(plan), node)[`/data/dev/${node.name}/kubelet.json`]);
        expect(kubelet).toMatchObject({
          cgroupRoot: `/${plan.cgroup}/${node.name}`,
          tlsCertFile: `/data/dev/certificates/${node.name}.crt`,
          resolvConf: "/data/dev/resolv.conf",
          clusterDNS: [plan.dnsService],
        });
      }
    }
  });

  test("of all nodes lie in no node's folder, and always name a name server", () => {
    for (const plan of plans) {
      for (const nameServers of [[], ["192.0.2.1"], ["192.0.2.1", "192.0.2.2"]]) {
        const files = sharedFiles({ ...contextOf(plan), nameServers });
        for (const path of Object.keys(files)) expect(path).not.toMatch(/\/node\d/);
        const asked = plan.egress && nameServers.length > 0 ? nameServers : ["127.0.0.1"];
        expect(files["/data/dev/resolv.conf"]).toBe(`nameserver ${asked.join("\nnameserver ")}\n`);
      }
    }
  });
});

test("however many nodes there are, their pods have four fifths of the memory and never more", () => {
  for (const gibibytes of [1, 2, 8, 15.6, 64, 512]) {
    for (let nodes = 1; nodes <= MOST_NODES; nodes += 1) {
      const memory = gibibytes * 2 ** 30;
      const reserved = Number(/^(\d+)Mi$/.exec(reservedMemory(memory, nodes))?.[1]) * 2 ** 20;
      const promised = (memory - reserved) * nodes;
      expect(promised).toBeLessThanOrEqual(memory * 0.8);
      expect(promised).toBeGreaterThan(memory * 0.8 - nodes * 2 ** 20 - 1);
    }
  }
});
