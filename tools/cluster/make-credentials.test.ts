import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { certificateOrders, encryptionConfig, makeCredentials } from "./cluster-certificates.ts";
import { type ClusterFolders, clusterFolders } from "./cluster-folders.ts";
import { MOST_NODES, planCluster } from "./cluster-plan.ts";
import { encryptionFile } from "./program-commands.ts";

const settings = { name: "dev", slot: 12, nodes: 2, dualStack: false, egress: true };
let folder = "";
let folders: ClusterFolders;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conifer-credentials-"));
  folders = clusterFolders("dev", { CONIFER_CLUSTER_STATE: join(folder, "data"), HOME: folder });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/**
 * Stands in for `make-certificates`: reads the same order and writes a file for each certificate and key that is not there,
 * with its name as content. What it was asked lies beside it.
 */
const PROGRAM = `#!${process.execPath}
const { existsSync, mkdirSync, readFileSync, writeFileSync } = require("node:fs");
const order = JSON.parse(readFileSync(0, "utf8"));
writeFileSync(__filename + ".order", JSON.stringify(order));
mkdirSync(order.folder, { recursive: true });
const put = (name) => {
  const path = order.folder + "/" + name;
  if (!existsSync(path)) writeFileSync(path, "the " + name);
};
for (const { name } of order.certificates) for (const end of ["crt", "key"]) put(name + "." + end);
for (const name of order.keys) for (const end of ["key", "pub"]) put(name + "." + end);
`;

function install(text = PROGRAM): string {
  const programs = join(folder, "programs");
  mkdirSync(programs, { recursive: true });
  writeFileSync(join(programs, "make-certificates"), text);
  chmodSync(join(programs, "make-certificates"), 0o755);
  return programs;
}

const modeOf = (path: string) => statSync(path).mode & 0o777;
const kubeconfig = (path: string) =>
  JSON.parse(readFileSync(path, "utf8")) as {
    readonly clusters: readonly { readonly cluster: Readonly<Record<string, string>> }[];
    readonly users: readonly { readonly name: string; readonly user: Readonly<Record<string, string>> }[];
  };

describe("credentials", () => {
  test("are ordered of the program, every one, into the cluster's folder", async () => {
    const plan = planCluster(settings);
    const programs = install();
    await makeCredentials(plan, folders, programs);
    const order: unknown = JSON.parse(readFileSync(join(programs, "make-certificates.order"), "utf8"));
    expect(order).toEqual({
      folder: folders.certificates,
      certificates: certificateOrders(plan),
      keys: ["service-accounts"],
    });
  });

  test("become a kubeconfig for each client, which only its owner reads", async () => {
    await makeCredentials(planCluster(settings), folders, install());
    const names = [
      "kube-controller-manager",
      "kube-proxy",
      "kube-scheduler",
      "node1",
      "node2",
      "policy-enforcer",
    ];
    const written = readdirSync(folders.certificates).filter((name) => name.endsWith(".kubeconfig"));
    expect(written.sort()).toEqual(names.map((name) => `${name}.kubeconfig`));
    for (const name of names) {
      const path = join(folders.certificates, `${name}.kubeconfig`);
      expect(modeOf(path)).toBe(0o600);
      const [user] = kubeconfig(path).users;
      expect(user?.name).toBe(name);
      expect(atob(user?.user["client-certificate-data"] ?? "")).toBe(`the ${name}.crt`);
      expect(atob(user?.user["client-key-data"] ?? "")).toBe(`the ${name}.key`);
    }
  });

  test("of the administrator lie where the user looks", async () => {
    await makeCredentials(planCluster(settings), folders, install());
    expect(modeOf(folders.kubeconfig)).toBe(0o600);
    const { clusters, users } = kubeconfig(folders.kubeconfig);
    expect(clusters[0]?.cluster.server).toBe("https://198.19.200.11:6443");
    expect(atob(clusters[0]?.cluster["certificate-authority-data"] ?? "")).toBe("the ca.crt");
    expect(users.map(({ name }) => name)).toEqual(["admin"]);
  });

  test("that are there stay, with the key that Secrets were sealed with; new nodes get theirs", async () => {
    const programs = install();
    await makeCredentials(planCluster(settings), folders, programs);
    const [key, admin] = [readFileSync(encryptionFile(folders)), readFileSync(folders.kubeconfig)];
    await makeCredentials(planCluster({ ...settings, nodes: 3 }), folders, programs);
    expect(readFileSync(encryptionFile(folders))).toEqual(key);
    expect(readFileSync(folders.kubeconfig)).toEqual(admin);
    expect(modeOf(join(folders.certificates, "node3.kubeconfig"))).toBe(0o600);
  });

  test("seal Secrets with 32 random bytes that only their owner reads", async () => {
    const keyOf = async (name: string) => {
      const own = clusterFolders(name, { CONIFER_CLUSTER_STATE: join(folder, "data"), HOME: folder });
      await makeCredentials(planCluster({ ...settings, name }), own, install());
      expect(modeOf(encryptionFile(own))).toBe(0o600);
      const key = /"secret": "([^"]+)"/.exec(readFileSync(encryptionFile(own), "utf8"))?.[1] ?? "";
      expect(readFileSync(encryptionFile(own), "utf8")).toBe(encryptionConfig(key));
      return key;
    };
    const [one, other] = [await keyOf("dev"), await keyOf("other")];
    expect(Buffer.from(one, "base64")).toHaveLength(32);
    expect(one).not.toBe(other);
  });

  test.each([
    ["fails", "#!/bin/sh\necho 'the disk is full' >&2\nexit 1\n", /status 1\nthe disk is full$/],
    ["makes nothing", "#!/bin/sh\nexit 0\n", /ENOENT.*ca\.crt/],
  ])("are not half made when the program %s", async (_, text, message) => {
    await expect(makeCredentials(planCluster(settings), folders, install(text))).rejects.toThrow(message);
    expect(() => statSync(folders.kubeconfig)).toThrow("ENOENT");
    expect(() => statSync(encryptionFile(folders))).toThrow("ENOENT");
  });
});

describe("orders", () => {
  const plans = [true, false].flatMap((dualStack) =>
    [1, MOST_NODES].map((nodes) => planCluster({ ...settings, dualStack, nodes })),
  );

  test("have a name for each, which is a file's", () => {
    for (const plan of plans) {
      const names = certificateOrders(plan).map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9-]*$/);
    }
  });

  test("make administrators of two only: the user and the API server towards kubelets", () => {
    for (const plan of plans) {
      const masters = certificateOrders(plan).filter((one) => one.organizations?.includes("system:masters"));
      expect(masters.map(({ name }) => name)).toEqual(["kubelet-client", "admin"]);
    }
  });

  test("hold for each node its name and addresses and no other's", () => {
    for (const plan of plans) {
      const orders = certificateOrders(plan);
      for (const { name, address } of plan.members) {
        const own = orders.filter(({ hosts }) => hosts?.includes(name));
        expect(own.map((order) => [order.name, order.commonName])).toEqual([[name, `system:node:${name}`]]);
        expect(own[0]?.hosts).toEqual([name, address.v4, address.v6]);
      }
    }
  });
});
