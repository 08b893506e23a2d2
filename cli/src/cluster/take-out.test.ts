import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type {
  HeldCluster,
  HeldObject,
} from "../../../platform/src/drivers/kubernetes/client/held-cluster-fixtures.ts";
import { installation } from "../installation/installation-fixtures.ts";
import { ENGINE_LABEL, foreignObjects } from "./foreign-objects.ts";
import { NO_RECORD } from "./installation-record.ts";
import { openInstallable } from "./installed-cluster-fixtures.ts";
import { runInstallation } from "./run-installation.ts";
import { findNamespaces, removeNamespaces, takeOut } from "./take-out.ts";

const SYSTEM = "conifer-system";
const signal = new AbortController().signal;
let cluster: HeldCluster;

const ENGINES = [
  ["ReplicaSet", "conifer-apps", "web-1"],
  ["Pod", "conifer-apps", "web-1-x"],
  ["Secret", "conifer-apps", "web-1"],
  ["ConfigMap", "conifer-apps", "route-1"],
  ["Pod", "conifer-builds", "build-1"],
] as const;

function put(kind: string, namespace: string, name: string, labels = {}): HeldObject {
  const metadata = { name, ...(namespace && { namespace }), labels };
  return cluster.put({ apiVersion: "v1", kind, metadata });
}

const options = (keepData: boolean) => ({
  ...{ client: cluster.client, namespace: SYSTEM, keepData, signal },
  tell: () => {},
});

async function leave(keepData: boolean): Promise<string[]> {
  const namespaces = await findNamespaces(cluster.client, SYSTEM);
  await takeOut(options(keepData), namespaces);
  return await removeNamespaces(options(keepData), namespaces);
}

const FOREIGN = ["deployments/shop/conifer-api", "deployments/shop/front", "namespaces//shop"];

describe("taking an installation out", () => {
  /** An installation with a dyno, a build, a volume, and objects of somebody else. */
  beforeEach(async () => {
    cluster = await openInstallable();
    await runInstallation({
      ...{ client: cluster.client, installation: installation(), overrides: {}, record: NO_RECORD },
      ...{ within: 1_000, tell: () => {}, signal },
    });
    put("Namespace", "", "shop");
    for (const [kind, namespace, name] of ENGINES) put(kind, namespace, name, { [ENGINE_LABEL]: "conifer" });
    put("PersistentVolumeClaim", SYSTEM, "home-files", { "conifer.dev/installation": SYSTEM });
    put("Deployment", "shop", "front");
    // Another's, by the labels of another installation.
    put("Deployment", "shop", "conifer-api", { "conifer.dev/installation": "other" });
  });
  afterEach(() => cluster.close());

  it("leaves nothing of it, and all of what is not its own", async () => {
    expect(await leave(false)).toEqual([]);
    expect(cluster.paths()).toEqual(FOREIGN);
  });

  it("finds its namespaces by their label", async () => {
    const all = ["conifer-agents", "conifer-apps", "conifer-builds", SYSTEM];
    expect(await findNamespaces(cluster.client, SYSTEM)).toEqual(all);
    expect(await findNamespaces(cluster.client, "nobody")).toEqual([]);
  });

  it("keeps volumes, keys and the record where asked to", async () => {
    expect(await leave(true)).toEqual([
      "namespace conifer-system: volumes, keys and the record of the installation",
    ]);
    expect(cluster.paths().filter((path) => !FOREIGN.includes(path))).toEqual([
      "namespaces//conifer-system",
      "persistentvolumeclaims/conifer-system/home-files",
      "secrets/conifer-system/conifer-admin",
      "secrets/conifer-system/conifer-database",
      "secrets/conifer-system/conifer-installation",
      "secrets/conifer-system/conifer-keys",
      "secrets/conifer-system/conifer-metrics",
    ]);
  });

  it("ends the roles before the dynos, so that nobody makes them anew", async () => {
    cluster.changes.length = 0;
    await leave(false);
    const removed = cluster.changes.map((change) => change.replace("DELETE ", ""));
    const last = removed.findLastIndex((path) => /^(?:deployments|statefulsets|daemonsets)\//.test(path));
    expect(last).toBeGreaterThan(0);
    for (const dyno of ["replicasets/conifer-apps/web-1", "pods/conifer-builds/build-1"])
      expect(removed.indexOf(dyno)).toBeGreaterThan(last);
    const rights = removed.findIndex((path) => path.startsWith("roles/"));
    expect(rights).toBeGreaterThan(removed.indexOf("pods/conifer-builds/build-1"));
  });

  it("goes on from wherever a kill has left it", async () => {
    const requests = cluster.changes.length;
    let allowed = 0;
    cluster.refuse = ({ method }) => {
      if (method !== "DELETE") return undefined;
      allowed -= 1;
      return allowed < 0 ? [403, "Forbidden", "killed"] : undefined;
    };
    for (let kills = 0; ; kills += 1) {
      allowed = 4;
      const left = await leave(false).catch((thrown: Error) => thrown.message);
      if (typeof left !== "string") {
        expect([left, kills > 3, cluster.changes.length > requests]).toEqual([[], true, true]);
        break;
      }
      expect(left).toContain("killed");
    }
    expect(cluster.paths()).toEqual(FOREIGN);
  });

  it("spares a namespace that somebody else has put something into", async () => {
    for (const name of ["a", "b", "c", "d", "e", "f"]) put("ConfigMap", "conifer-apps", name);
    put("Secret", "conifer-builds", "mine");
    const named = ["a", "b", "c", "d", "e"].map((name) => `ConfigMap ${name}`).join(", ");
    expect(await leave(false)).toEqual([
      `namespace conifer-apps: not Conifer's: ${named} and more`,
      "namespace conifer-builds: not Conifer's: Secret mine",
    ]);
    expect(cluster.at("configmaps/conifer-apps/a")).toBeDefined();
    expect(cluster.at("secrets/conifer-builds/mine")).toBeDefined();
    expect(cluster.paths("namespaces/")).toEqual([
      "namespaces//conifer-apps",
      "namespaces//conifer-builds",
      "namespaces//shop",
    ]);
  });

  it("does not remove an object that was made anew under the same name", async () => {
    cluster.refuse = ({ method, path }) => {
      if (method === "DELETE" && path === "deployments/conifer-system/conifer-api") {
        cluster.refuse = () => undefined;
        const labels = { "conifer.dev/installation": SYSTEM };
        cluster.drop(path);
        put("Deployment", SYSTEM, "conifer-api", labels);
      }
      return undefined;
    };
    await expect(leave(false)).rejects.toThrow("the uid is");
    expect(cluster.at("deployments/conifer-system/conifer-api")).toBeDefined();
  });

  it("stops when it is told to while something does not go", async () => {
    const stopping = new AbortController();
    const held = put("Pod", SYSTEM, "conifer-files-0", { "conifer.dev/installation": SYSTEM });
    cluster.refuse = ({ method, path }) => {
      if (method === "GET" && path === `pods/${SYSTEM}/`) stopping.abort(new Error("enough"));
      return undefined;
    };
    const namespaces = await findNamespaces(cluster.client, SYSTEM);
    await expect(takeOut({ ...options(false), signal: stopping.signal }, namespaces)).rejects.toThrow(
      "enough",
    );
    expect(cluster.at(`pods/${SYSTEM}/conifer-files-0`)?.metadata.uid).toBe(held.metadata.uid);
    expect(cluster.at("replicasets/conifer-apps/web-1")).toBeDefined();
  });
});

describe("an object is somebody else's", () => {
  const object = (metadata: object): HeldObject => ({
    ...{ apiVersion: "v1", kind: "ConfigMap" },
    metadata: { name: "one", ...metadata },
  });
  const owner = { apiVersion: "apps/v1", kind: "Deployment", name: "conifer-api", uid: "u" };

  it.each<[string, object, boolean]>([
    ["without labels", {}, true],
    ["with this installation's label", { labels: { "conifer.dev/installation": SYSTEM } }, false],
    ["with another installation's", { labels: { "conifer.dev/installation": "other" } }, true],
    ["made by workers", { labels: { [ENGINE_LABEL]: "conifer" } }, false],
    ["made by a chart", { labels: { [ENGINE_LABEL]: "Helm" } }, true],
    ["made by the cluster from another", { ownerReferences: [owner] }, false],
    ["that the cluster puts into every namespace", { name: "kube-root-ca.crt" }, false],
  ])("%s: %j: %s", (_what, metadata, isForeign) => {
    expect(foreignObjects([object(metadata)], SYSTEM)).toHaveLength(isForeign ? 1 : 0);
  });
});
