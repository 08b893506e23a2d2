import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { pathOf } from "./cluster-api.ts";
import { type Script, type ScriptedApi, scriptApi } from "./cluster-api-fixtures.ts";
import { clusterFolders } from "./cluster-folders.ts";
import { planCluster } from "./cluster-plan.ts";
import {
  provideVolumes,
  releasedAmong,
  STORAGE_CLASS,
  storageClass,
  VOLUMES_OF_A_NODE,
  volumesOf,
} from "./local-volumes.ts";

const plan = planCluster({ name: "dev", slot: 3, nodes: 2, dualStack: false, egress: true });
const folders = clusterFolders("dev", { CONIFER_CLUSTER_STATE: "/data/clusters", HOME: "/root" });
const volumes = volumesOf(plan, folders);

describe("the storage class", () => {
  test("is the cluster's default, and binds a volume only once a pod has its node", () => {
    expect(storageClass()).toMatchObject({
      metadata: {
        name: STORAGE_CLASS,
        annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
      },
      volumeBindingMode: "WaitForFirstConsumer",
      provisioner: "kubernetes.io/no-provisioner",
    });
    expect(pathOf(storageClass())).toBe("/apis/storage.k8s.io/v1/storageclasses/local");
  });
});

describe("volumes", () => {
  test("each node has its own, with names and folders that nobody else has", () => {
    expect(volumes).toHaveLength(2 * VOLUMES_OF_A_NODE);
    expect(new Set(volumes.map(({ name }) => name)).size).toBe(volumes.length);
    expect(new Set(volumes.map(({ folder }) => folder)).size).toBe(volumes.length);
    expect(volumes[0]).toMatchObject({ name: "node1-1", folder: "/data/clusters/dev/node1/volumes/1" });
    expect(volumes.at(-1)).toMatchObject({ name: "node2-8", folder: "/data/clusters/dev/node2/volumes/8" });
  });

  test.each(volumes)("$name is a folder of its node, and of no other", ({ name, folder, object }) => {
    const [node] = name.split("-");
    expect(object.spec).toMatchObject({
      storageClassName: STORAGE_CLASS,
      persistentVolumeReclaimPolicy: "Retain",
      local: { path: folder },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [node] }] },
          ],
        },
      },
    });
    expect(pathOf(object)).toBe(`/api/v1/persistentvolumes/${name}`);
  });
});

describe("what is emptied", () => {
  const seen = (name: string, phase?: string) => ({
    metadata: { name },
    ...(phase && { status: { phase } }),
  });

  test.each([
    ["Released", ["node1-1"]],
    ["Bound", []],
    ["Available", []],
    ["Failed", []],
    ["Pending", []],
  ])("a volume that is %s", (phase, emptied) => {
    expect(releasedAmong([seen("node1-1", phase)], volumes).map(({ name }) => name)).toEqual(emptied);
  });

  test("never one that is not ours, or of which nothing is known", () => {
    expect(releasedAmong([seen("somebody-elses", "Released"), seen("node1-2")], volumes)).toEqual([]);
  });
});

describe("bringing a cluster up", () => {
  let server: ScriptedApi | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  const answering =
    (phases: Readonly<Record<string, string>>): Script =>
    ({ method }) =>
      method === "PATCH"
        ? { body: {} }
        : { body: { items: Object.entries(phases).map(([name, phase]) => seen(name, phase)) } };
  const seen = (name: string, phase: string) => ({ metadata: { name }, status: { phase } });

  test("makes class, folders and volumes, and keeps what is in use", async () => {
    server = await scriptApi(answering({ "node1-1": "Bound" }), { nodes: 2 });
    const used = join(server.folders.state, "node1", "volumes", "1");
    mkdirSync(used, { recursive: true });
    writeFileSync(join(used, "data"), "kept");
    await provideVolumes(server, () => {});
    const applied = server.calls.filter(({ method }) => method === "PATCH").map(({ body }) => body);
    expect((applied as { kind: string }[]).map(({ kind }) => kind)).toEqual([
      "StorageClass",
      ...Array(2 * VOLUMES_OF_A_NODE).fill("PersistentVolume"),
    ]);
    expect(readdirSync(used)).toEqual(["data"]);
    expect(existsSync(join(server.folders.state, "node2", "volumes", String(VOLUMES_OF_A_NODE)))).toBe(true);
  });

  test("empties a volume whose claim is gone, before anybody may claim it again", async () => {
    let leftWhenFreed: string[] | undefined;
    const script: Script = (call) => {
      if (call.type === "application/merge-patch+json") leftWhenFreed = readdirSync(folder);
      return answering({ "node1-2": "Released" })(call);
    };
    server = await scriptApi(script);
    const folder = join(server.folders.state, "node1", "volumes", "2");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "data"), "old");
    const said: string[] = [];
    await provideVolumes(server, (line) => said.push(line));
    expect(leftWhenFreed).toEqual([]);
    expect(said).toEqual(["Emptying volume node1-2, whose claim is gone."]);
    expect(server.calls).toContainEqual({
      method: "PATCH",
      path: "/api/v1/persistentvolumes/node1-2",
      type: "application/merge-patch+json",
      body: { spec: { claimRef: null } },
    });
  });
});
