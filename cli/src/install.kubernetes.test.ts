import { randomUUID } from "node:crypto";
import { type KubeClient, makeKubeClient, openKubeAccess } from "@conifer/platform/kubernetes-client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kindOf } from "./cluster/api-kinds.ts";
import { applyObject } from "./cluster/apply-stages.ts";
import { holdLease } from "./cluster/hold-lease.ts";
import { makeRecord, NO_RECORD, readRecord } from "./cluster/installation-record.ts";
import { keepSecrets, readSecrets } from "./cluster/keep-secrets.ts";
import { findNamespaces, removeNamespaces, takeOut } from "./cluster/take-out.ts";
import { installation, LARGE } from "./installation/installation-fixtures.ts";
import type { Manifest } from "./installation/installation-names.ts";
import { makeInstallation } from "./installation/make-installation.ts";
import { RIGHTS } from "./installation/role-accounts.ts";
import { gatherFacts } from "./preflight/gather-facts.ts";
import { neededRights } from "./preflight/needed-rights.ts";

/** Objects against a real API server: nothing here needs an image. */

const id = `conifer-test-${randomUUID().slice(0, 8)}`;
const places = {
  appsNamespace: `${id}-apps`,
  buildsNamespace: `${id}-builds`,
  agentsNamespace: `${id}-agents`,
  "dockerfiles.namespace": `${id}-dockerfiles`,
};
const settings = { ...places, "dockerfiles.enabled": true };
const one = installation({ ...settings, "agent.enabled": true, "registry.nodePort": 31999 }, id);
const signal = new AbortController().signal;
const stages = makeInstallation(one);
const objects = stages.flatMap((stage) => stage.objects);
let client: KubeClient;

beforeAll(async () => {
  client = makeKubeClient(await openKubeAccess(process.env.KUBECONFIG));
  for (const object of stages[0]?.objects ?? []) {
    // All installations of a cluster have this one together, so it stays whose it is.
    if (object.metadata.name !== "conifer-builds") await applyObject(object, { client, signal });
  }
});

const options = () => ({ client, namespace: id, tell: () => {}, signal });

afterAll(async () => {
  const namespaces = await findNamespaces(client, id);
  await takeOut({ ...options(), keepData: false }, namespaces);
  await removeNamespaces({ ...options(), keepData: false }, namespaces);
  await client.close();
});

const large = makeInstallation(installation({ ...LARGE, ...settings, "registry.nodePort": 31998 }, id))
  .flatMap((stage) => stage.objects)
  .filter(({ apiVersion }) => !apiVersion.startsWith("gateway."));

describe("the API server takes", () => {
  test.each(objects.map((object) => [object.kind, object.metadata.name, object] as const))(
    "%s %s",
    async (_kind, _name, object) => {
      await client.apply(object, { dryRun: true, fieldManager: "conifer-install" });
    },
  );

  test("all of a large installation", async () => {
    for (const object of large) await client.apply(object, { dryRun: true, fieldManager: "conifer-install" });
  });
});

test("pods of every role but the agent's are what Pod Security restricted allows", async () => {
  const workloads = objects.filter(({ kind }) => ["Deployment", "StatefulSet"].includes(kind));
  expect(workloads.length).toBeGreaterThan(6);
  for (const { metadata, spec } of workloads) {
    const { template } = spec as { template: { metadata: object; spec: Record<string, unknown> } };
    const claims = [{ name: "home", emptyDir: {} }];
    const volumes = [...(template.spec.volumes as { name: string }[])];
    const pod = {
      ...{
        apiVersion: "v1",
        kind: "Pod",
        metadata: { ...template.metadata, name: metadata.name, namespace: id },
      },
      spec: {
        ...template.spec,
        // Accounts are not made yet; that is no matter of Pod Security.
        serviceAccountName: "default",
        volumes: volumes.some(({ name }) => name === "home") ? volumes : [...volumes, ...claims],
      },
    };
    await client.apply(pod, { dryRun: true });
  }
});

test("keys are made once", async () => {
  const first = await keepSecrets(one, { client, signal });
  expect(await keepSecrets(one, { client, signal })).toEqual(first);
  expect((await readSecrets(client, id)).keys["master.json"]).toBe(first.keys["master.json"]);
});

test("the record is found again", async () => {
  expect(await readRecord(client, id)).toEqual(NO_RECORD);
  const version = {
    ...{ version: "1.2.3", image: "x:1", overrides: { domain: "a.example" }, digest: "sha256:0" },
    ...{ installedAt: "2026-01-01T00:00:00.000Z", stages },
  };
  await applyObject(makeRecord({ current: version, previous: undefined }, one), { client, signal });
  expect((await readRecord(client, id)).current).toEqual(JSON.parse(JSON.stringify(version)));
});

describe("two installations at once", () => {
  test("the second is refused while the first works, and may begin after it", async () => {
    const first = await holdLease(client, id);
    await expect(holdLease(client, id)).rejects.toThrow("An installation is under way");
    await first.release();
    await (await holdLease(client, id)).release();
  });

  test("one whose holder was killed runs out", async () => {
    const lease = {
      ...{ apiVersion: "coordination.k8s.io/v1", kind: "Lease" },
      metadata: { name: "conifer-install", namespace: id },
      spec: {
        holderIdentity: "elsewhere/1/x",
        leaseDurationSeconds: 45,
        renewTime: new Date(Date.now() - 60_000).toISOString().replace("Z", "000Z"),
      },
    };
    await client.create(lease);
    await (await holdLease(client, id)).release();
  });
});

test("the look before finds a cluster that can take it", async () => {
  const facts = await gatherFacts(client, id, neededRights(objects, one));
  expect(facts).toMatchObject({ missingRights: [], podSecurity: true });
  expect(facts.version).toMatch(/^v1\.\d+/);
  expect(Math.abs(facts.clockAheadMs ?? Number.NaN)).toBeLessThan(5_000);
  expect(facts.nodes?.some(({ ready }) => ready)).toBe(true);
});

describe("accounts", () => {
  beforeAll(async () => {
    const rbac = objects.filter(({ kind }) => ["ServiceAccount", "Role", "RoleBinding"].includes(kind));
    for (const object of rbac) await applyObject(object, { client, signal });
  });

  const may = async (role: string, attributes: object) => {
    const home = role === "agent" ? places.agentsNamespace : id;
    const review: Manifest = {
      ...{ apiVersion: "authorization.k8s.io/v1", kind: "SubjectAccessReview", metadata: { name: "" } },
      spec: { user: `system:serviceaccount:${home}:conifer-${role}`, resourceAttributes: attributes },
    };
    const { status } = await client.create<Manifest>(review);
    return (status as { allowed: boolean }).allowed;
  };
  const at = {
    ...{ apps: places.appsNamespace, builds: places.buildsNamespace, system: id },
    dockerfiles: places["dockerfiles.namespace"],
  };

  test("may do what the table says, and nothing of it elsewhere", async () => {
    for (const { role, place, group, resources, verbs, names } of RIGHTS) {
      const [resource = "", subresource = ""] = (resources[0] ?? "").split("/");
      const name = names ? at[place] : "";
      const attributes = { verb: verbs[0], group, resource, subresource, name, namespace: at[place] };
      expect([role, attributes, await may(role, attributes)]).toEqual([role, attributes, true]);
      const elsewhere = { ...attributes, name: names ? "default" : "", namespace: "default" };
      expect([role, elsewhere, await may(role, elsewhere)]).toEqual([role, elsewhere, false]);
    }
  });

  test.each([
    ["worker", { verb: "get", resource: "secrets", namespace: id }],
    ["api", { verb: "list", resource: "secrets", namespace: places.appsNamespace }],
    ["router", { verb: "get", resource: "secrets", namespace: places.appsNamespace }],
    [
      "worker",
      { verb: "delete", resource: "namespaces", name: places.appsNamespace, namespace: places.appsNamespace },
    ],
    ["worker", { verb: "create", group: "rbac.authorization.k8s.io", resource: "roles", namespace: id }],
  ])("%s may not %j", async (role, attributes) => {
    expect(await may(role, attributes)).toBe(false);
  });
});

test("taking it out leaves what is somebody else's, and says so", async () => {
  const mine = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "mine", namespace: id } };
  await client.apply(mine, { fieldManager: "somebody" });
  const namespaces = await findNamespaces(client, id);
  expect(namespaces).toEqual([id, ...Object.values(places)].toSorted());
  await takeOut({ ...options(), keepData: false }, namespaces);
  const left = await removeNamespaces({ ...options(), keepData: false }, namespaces);
  expect(left).toEqual([`namespace ${id}: not Conifer's: ConfigMap mine`]);
  expect(await findNamespaces(client, id)).toEqual([id]);
  expect(await readSecrets(client, id)).toEqual({ keys: {}, database: {}, admin: {}, metrics: {} });
  await client.remove({ kind: kindOf("ConfigMap"), namespace: id }, "mine");
});
