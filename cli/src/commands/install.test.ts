import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseAllDocuments } from "yaml";
import type {
  HeldCluster,
  HeldObject,
} from "../../../platform/src/drivers/kubernetes/client/held-cluster-fixtures.ts";
import {
  type ConfigFolder,
  kubeConfig,
  makeConfigFolder,
} from "../../../platform/src/drivers/kubernetes/client/kube-config-fixtures.ts";
import { readRecord } from "../cluster/installation-record.ts";
import { BAD, openInstallable } from "../cluster/installed-cluster-fixtures.ts";
import { run as install } from "./install.ts";
import { run as uninstall } from "./uninstall.ts";

/** Both commands from their arguments to what the cluster holds. */

const SYSTEM = "conifer-system";
let cluster: HeldCluster;
let folder: ConfigFolder;
const SIGNALS = ["SIGINT", "SIGTERM"] as const;
let listeners: ReadonlyMap<string, readonly unknown[]>;
let said: { out: string; err: string };

beforeEach(async () => {
  cluster = await openInstallable();
  const judge = cluster.control;
  cluster.control = (object) =>
    object.kind === "SelfSubjectAccessReview" ? { allowed: true } : (judge(object) ?? object.status);
  cluster.put({
    ...{ apiVersion: "v1", kind: "Node", metadata: { name: "a" }, spec: { providerID: "aws:///x" } },
    status: { conditions: [{ type: "Ready", status: "True" }], nodeInfo: { architecture: "amd64" } },
  });
  const annotations = { "storageclass.kubernetes.io/is-default-class": "true" };
  cluster.put({
    ...{ apiVersion: "storage.k8s.io/v1", kind: "StorageClass" },
    metadata: { name: "fast", annotations },
  });
  folder = makeConfigFolder();
  said = { out: "", err: "" };
  const keep = (name: "out" | "err") => (text: string | Uint8Array) => {
    said[name] += text;
    return true;
  };
  vi.spyOn(process.stdout, "write").mockImplementation(keep("out"));
  vi.spyOn(process.stderr, "write").mockImplementation(keep("err"));
  // A command ends its process, and with it what it listens for.
  listeners = new Map(SIGNALS.map((name) => [name, process.listeners(name)]));
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const name of SIGNALS)
    for (const one of process.listeners(name))
      if (!listeners.get(name)?.includes(one)) process.removeListener(name, one);
  folder.remove();
  await cluster.close();
});

const here = () => ["--kubeconfig", folder.write("config", kubeConfig({ cluster: { server: cluster.url } }))];
const image = (name: string) => ["--image", `registry.example/${name}:1`];
const run = (...args: string[]) => install([...here(), ...args]);
const imageNow = () =>
  /"image":"([^"]+)"/.exec(JSON.stringify(cluster.at(`deployments/${SYSTEM}/conifer-api`)?.spec))?.[1];

describe("conifer install", () => {
  it("installs, and later keeps the values that nobody speaks of", async () => {
    expect(await run("--yes", ...image("first"), "--set", "domain=apps.example")).toBe(0);
    expect(imageNow()).toBe("registry.example/first:1");
    expect(said.err).toMatch(/Conifer \S+ is installed\./);
    expect(await run("--yes", "--set", "worker.replicas=3")).toBe(0);
    const { current } = await readRecord(cluster.client, SYSTEM);
    expect(current?.overrides).toEqual({
      ...{ image: "registry.example/first:1", domain: "apps.example", "worker.replicas": 3 },
    });
    expect(said.out).toBe("");
  });

  it("begins from the defaults where it is told to", async () => {
    await run("--yes", ...image("first"), "--set", "domain=apps.example");
    await run("--yes", ...image("first"), "--reset-values");
    const { current } = await readRecord(cluster.client, SYSTEM);
    expect(current?.overrides).toEqual({ image: "registry.example/first:1" });
  });

  it("takes values of a file, and what is said beside it before those", async () => {
    const values = folder.write("values.yaml", "domain: file.example\nworker:\n  replicas: 2\n");
    await run("--yes", "--values", values, "--set", "domain=said.example");
    expect((await readRecord(cluster.client, SYSTEM)).current?.overrides).toMatchObject({
      ...{ domain: "said.example", "worker.replicas": 2 },
    });
  });

  it("goes back to what was there when the new pods do not answer", async () => {
    await run("--yes", ...image("first"));
    await expect(run("--yes", ...image(BAD))).rejects.toMatchObject({
      failure: "failed",
      message: expect.stringContaining("The cluster is back at version"),
    });
    expect(imageNow()).toBe("registry.example/first:1");
  });

  it("changes nothing where nobody is there to say yes", async () => {
    await expect(run()).rejects.toMatchObject({ failure: "refused" });
    expect(cluster.changes).toEqual([]);
  });

  it.each<[string, string[], RegExp]>([
    ["a value that there is none of", ["--set", "routr.kind=DaemonSet"], /routr/],
    ["a value of another kind", ["--set", "worker.replicas=many"], /worker\.replicas/],
    ["a time that is none", ["--wait", "soon"], /--wait takes a time such as 90s/],
    ["a file that is not there", ["--values", "/nowhere.yaml"], /^The values cannot be read: ENOENT/],
  ])("asks no cluster with %s", async (_what, args, message) => {
    cluster.refuse = () => [500, "InternalError", "was asked"];
    await expect(run("--yes", ...args)).rejects.toMatchObject({
      failure: "usage",
      message: expect.stringMatching(message),
    });
  });

  it("looks, and does no more with --check; what would fail is its status", async () => {
    expect(await run("--check", "--json")).toBe(0);
    expect(JSON.parse(said.out)).toEqual(
      expect.arrayContaining([expect.objectContaining({ what: "Storage", state: "ok" })]),
    );
    cluster.drop("storageclasses//fast");
    expect(await run("--check")).toBe(3);
    expect(await run("--yes")).toBe(3);
    expect(cluster.changes).toEqual([]);
  });

  it("prints what it would apply with --dry-run, and no secret", async () => {
    expect(await run("--dry-run", ...image("first"))).toBe(0);
    const objects = parseAllDocuments(said.out).map((one) => one.toJS() as HeldObject);
    expect(objects[0]).toMatchObject({ kind: "Namespace" });
    const secrets = objects.filter(({ kind }) => kind === "Secret");
    expect(secrets.length).toBeGreaterThan(2);
    for (const secret of secrets) {
      expect(secret.data).toBeUndefined();
      expect(new Set(Object.values(secret.stringData as object)).size).toBe(1);
    }
    expect(cluster.changes).toEqual([]);
  });
});

describe("conifer uninstall", () => {
  const leave = (...args: string[]) => uninstall([...here(), ...args]);
  const rest = ["nodes//a", "storageclasses//fast"];

  it("takes all of it out again, and twice is as good as once", async () => {
    await run("--yes");
    expect(await leave("--yes")).toBe(0);
    expect(cluster.paths()).toEqual(rest);
    expect(await leave("--yes")).toBe(0);
    expect(said.err).toContain("There is no installation in conifer-system.");
  });

  it("leaves what another installation goes on with", async () => {
    await run("--yes", ...image("first"), "--set", "domain=apps.example");
    const keys = cluster.at(`secrets/${SYSTEM}/conifer-keys`)?.data;
    expect(await leave("--yes", "--keep-data")).toBe(0);
    expect(said.err).toContain("Left: namespace conifer-system: volumes, keys and the record");
    expect(cluster.paths("deployments/")).toEqual([]);
    expect(await run("--yes")).toBe(0);
    expect(cluster.at(`secrets/${SYSTEM}/conifer-keys`)?.data).toEqual(keys);
    expect(imageNow()).toBe("registry.example/first:1");
  });

  it("does not begin while somebody installs, nor where nobody is there to say yes", async () => {
    await run("--yes");
    const before = cluster.paths();
    await expect(leave()).rejects.toMatchObject({ failure: "refused" });
    await expect(leave("--keep-data")).rejects.toMatchObject({ failure: "refused" });
    expect(cluster.paths()).toEqual(before);
    cluster.put({
      ...{ apiVersion: "coordination.k8s.io/v1", kind: "Lease" },
      metadata: { name: "conifer-install", namespace: SYSTEM },
      spec: { holderIdentity: "desk/42/x", leaseDurationSeconds: 45, renewTime: new Date().toISOString() },
    });
    await expect(leave("--yes")).rejects.toThrow("under way from desk (process 42)");
    expect(cluster.paths().filter((path) => !path.startsWith("leases/"))).toEqual(before);
  });
});
