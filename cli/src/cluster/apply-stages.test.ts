import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type {
  HeldCluster,
  HeldObject,
  Refusal,
} from "../../../platform/src/drivers/kubernetes/client/held-cluster-fixtures.ts";
import { installation, LARGE } from "../installation/installation-fixtures.ts";
import type { Stage } from "../installation/make-installation.ts";
import { allManifests } from "./all-manifests.ts";
import { applyObject, applyStages } from "./apply-stages.ts";
import { openInstallable } from "./installed-cluster-fixtures.ts";
import { keepSecrets, readSecret, readSecrets } from "./keep-secrets.ts";
import { findObjects, removeObject } from "./prune-objects.ts";
import { waitForWorkload } from "./wait-for-workload.ts";

const SYSTEM = "conifer-system";
const signal = new AbortController().signal;
let cluster: HeldCluster;
const said: string[] = [];

beforeEach(async () => {
  cluster = await openInstallable();
  said.length = 0;
  cluster.put({ apiVersion: "v1", kind: "Namespace", metadata: { name: SYSTEM } });
});
afterEach(() => cluster.close());

const options = (within = 10_000) => ({
  ...{ client: cluster.client, signal, until: performance.now() + within },
  tell: (line: string) => void said.push(line),
});

function configMap(name: string, more: object = {}): HeldObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: SYSTEM }, ...more };
}

function workload(kind: string, name: string, image = "registry.example/good:1"): HeldObject {
  const labels = { "conifer.dev/role": name };
  const metadata = { name: `conifer-${name}`, namespace: SYSTEM, labels };
  const spec = { replicas: 1, template: { spec: { containers: [{ name, image }] } } };
  return { apiVersion: "apps/v1", kind, metadata, spec };
}

describe("an object that is applied", () => {
  it.each<[string, Refusal]>([
    ["is overloaded", [429, "TooManyRequests", "slow down"]],
    ["starts", [503, "ServiceUnavailable", "starting"]],
  ])("is applied again while the API server %s", async (_what, refusal) => {
    let refusals = 1;
    cluster.refuse = () => (refusals-- > 0 ? refusal : undefined);
    await applyObject(configMap("one"), options());
    expect(cluster.changes).toEqual(Array(2).fill("PATCH configmaps/conifer-system/one"));
    expect(cluster.at("configmaps/conifer-system/one")).toBeDefined();
  });

  it("takes no other's field away", async () => {
    cluster.put(configMap("one", { data: { theirs: "1", ours: "old" } }));
    await applyObject(configMap("one", { data: { ours: "new" } }), options());
    expect(cluster.at("configmaps/conifer-system/one")?.data).toEqual({ theirs: "1", ours: "new" });
  });

  it.each<[Refusal, RegExp]>([
    [
      [403, "Forbidden", "you may not"],
      /^ConfigMap conifer-system\/one cannot be applied: .*you may not\. Ask for that permission/,
    ],
    [[422, "Invalid", "data is wrong"], /^ConfigMap conifer-system\/one cannot be applied: .*is wrong\.$/],
    [[404, "NotFound", "no such kind"], /no such kind\.$/],
  ])("that is refused (%j) is not tried again, and named", async (refusal, message) => {
    cluster.refuse = () => refusal;
    await expect(applyObject(configMap("one"), options())).rejects.toMatchObject({
      failure: "failed",
      message: expect.stringMatching(message),
    });
    expect(cluster.changes).toHaveLength(1);
  });

  it("is not waited for once somebody stops", async () => {
    const stopping = new AbortController();
    cluster.refuse = () => {
      stopping.abort(new Error("enough"));
      return [503, "ServiceUnavailable", "away"];
    };
    const applying = applyObject(configMap("one"), { client: cluster.client, signal: stopping.signal });
    await expect(applying).rejects.toThrow(/enough|aborted/);
    await expect(
      applyObject(configMap("one"), { client: cluster.client, signal: stopping.signal }),
    ).rejects.toThrow("enough");
    expect(cluster.changes).toHaveLength(1);
  });
});

describe("stages", () => {
  const stages = (firstImage?: string): Stage[] => [
    { name: "ground", roles: [], objects: [configMap("settings")] },
    { name: "stores", roles: ["files", "logs"], objects: [workload("StatefulSet", "files", firstImage)] },
    { name: "edge", roles: ["router"], objects: [workload("Deployment", "router")] },
  ];

  it("come one after the other, and each is told", async () => {
    await applyStages(stages(), options());
    expect(said).toEqual(["Making the ground ...", "Starting files, logs ...", "Starting router ..."]);
    expect(cluster.changes.map((change) => change.split("/").at(-1))).toEqual([
      ...["settings", "conifer-files", "conifer-router"],
    ]);
  });

  it("end with one whose pods do not answer", async () => {
    await expect(applyStages(stages("registry.example/bad:1"), options())).rejects.toThrow(
      "conifer-files is not well: no progress.",
    );
    expect(cluster.at("deployments/conifer-system/conifer-router")).toBeUndefined();
  });
});

describe("a workload that is waited for", () => {
  const object = workload("Deployment", "api", "registry.example/bad:1");
  const pod = (name: string, created: string, status: object): HeldObject => ({
    ...{ apiVersion: "v1", kind: "Pod", spec: {}, status },
    metadata: {
      ...{ name, namespace: SYSTEM, creationTimestamp: created },
      labels: { "conifer.dev/role": "api" },
    },
  });
  const crashed = (restartCount: number) => ({
    containerStatuses: [
      {
        ...{ name: "api", restartCount },
        state: { waiting: { reason: "CrashLoopBackOff" } },
        lastState: { terminated: { exitCode: 1, reason: "Error" } },
      },
    ],
  });

  it("shows the newest bad pod and the end of the log before its last start", async () => {
    cluster.put(object);
    cluster.put(pod("old", "2026-01-01T00:00:00Z", crashed(9)));
    cluster.put(pod("new", "2026-01-02T00:00:00Z", crashed(2)));
    cluster.put(
      pod("newest-but-well", "2026-01-03T00:00:00Z", { conditions: [{ type: "Ready", status: "True" }] }),
    );
    cluster.log = (path, { previous }) => `${path} ${previous === "true" ? "before" : "now"}\nlast line\n`;
    await expect(waitForWorkload(object, options())).rejects.toThrow(
      "conifer-api is not well: no progress. Pod new: CrashLoopBackOff: Error: exit status 1.\n" +
        "Its last lines:\n    pods/conifer-system/new before\n    last line",
    );
  });

  it("shows the log of now where there is none of before, and none where there is none", async () => {
    cluster.put(object);
    cluster.put(pod("new", "2026-01-02T00:00:00Z", crashed(1)));
    cluster.log = (_path, { previous }) => (previous === "true" ? "" : "just begun");
    await expect(waitForWorkload(object, options())).rejects.toThrow(/Its last lines:\n {4}just begun$/);
    cluster.log = () => " \n";
    await expect(waitForWorkload(object, options())).rejects.toThrow(/exit status 1\.$/);
  });

  it("ends with what was said last when its time is over, also with nothing to show", async () => {
    cluster.control = () => ({ observedGeneration: 1, replicas: 1, updatedReplicas: 0 });
    cluster.put(object);
    await expect(waitForWorkload(object, options(-1))).rejects.toThrow(
      /^conifer-api is not well: 0 of 1 are new\.$/,
    );
    cluster.refuse = ({ path }) => (path.startsWith("pods/") ? [403, "Forbidden", "no"] : undefined);
    await expect(waitForWorkload(object, options(-1))).rejects.toThrow(
      /^conifer-api is not well: 0 of 1 are new\.$/,
    );
    cluster.refuse = () => [503, "ServiceUnavailable", "away"];
    await expect(waitForWorkload(object, options(-1))).rejects.toThrow("no answer of the API server");
  });

  it("is not waited for where nobody may look at it, or it is gone", async () => {
    await expect(waitForWorkload(object, options())).rejects.toMatchObject({ status: 404 });
    cluster.refuse = () => [403, "Forbidden", "no"];
    await expect(waitForWorkload(object, options())).rejects.toMatchObject({ status: 403 });
  });
});

describe("the keys of an installation", () => {
  it("are completed, and what is there is never replaced", async () => {
    const part = { secret: "mine", "master.json": "{}" };
    const data = Object.fromEntries(Object.entries(part).map(([key, text]) => [key, btoa(text)]));
    cluster.put({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "conifer-keys", namespace: SYSTEM },
      data,
    });
    const small = installation({ "agent.enabled": false });
    const made = await keepSecrets(small, options());
    expect(made.keys).toMatchObject(part);
    expect(await readSecrets(cluster.client, SYSTEM)).toEqual(made);
    expect(await keepSecrets(small, options())).toEqual(made);
    expect(await readSecret(cluster.client, SYSTEM, "nothing")).toEqual({});
  });

  it("are not made where they cannot be read: they might be there", async () => {
    cluster.refuse = ({ method }) => (method === "GET" ? [403, "Forbidden", "no"] : undefined);
    await expect(keepSecrets(installation(), options())).rejects.toMatchObject({ status: 403 });
    expect(cluster.changes).toEqual([]);
  });

  it("are shown to nobody who does not ask, and looking changes nothing", async () => {
    const large = installation({ ...LARGE, "database.url": "postgres://u:hush@db.example/x" });
    await keepSecrets(installation({ "agent.enabled": false }), options());
    const { keys, admin } = await readSecrets(cluster.client, SYSTEM);
    cluster.changes.length = 0;
    const masked = JSON.stringify(await allManifests(cluster.client, large, false));
    for (const secret of ["hush", keys.secret, admin.password, admin.token])
      for (const form of [secret ?? "", btoa(secret ?? "")]) expect(masked).not.toContain(form);
    const shown = JSON.stringify(await allManifests(cluster.client, large, true));
    expect(shown).toContain(btoa(admin.token ?? ""));
    expect(cluster.changes).toEqual([]);
  });
});

describe("objects that are looked for", () => {
  it("are none where the cluster has no such kind, and an error where nobody may look", async () => {
    cluster.put(configMap("one"));
    cluster.refuse = ({ path }) =>
      path.startsWith("httproutes/") ? [404, "NotFound", "no such resource"] : undefined;
    const what = { namespaces: [SYSTEM], kinds: ["HTTPRoute", "ConfigMap"] } as const;
    expect((await findObjects(cluster.client, what)).map(({ metadata }) => metadata.name)).toEqual(["one"]);
    cluster.refuse = () => [403, "Forbidden", "no"];
    await expect(findObjects(cluster.client, what)).rejects.toMatchObject({ status: 403 });
  });

  it("may be gone before they are removed", async () => {
    const one = cluster.put(configMap("one"));
    await removeObject(cluster.client, one);
    await removeObject(cluster.client, one);
    expect(cluster.paths("configmaps/")).toEqual([]);
    cluster.put(configMap("one"));
    await expect(removeObject(cluster.client, one)).rejects.toMatchObject({ status: 409 });
  });
});
