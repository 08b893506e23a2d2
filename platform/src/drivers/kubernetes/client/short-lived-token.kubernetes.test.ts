import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { silentLogger } from "../../../kernel/index.ts";
import { type KubeClient, makeKubeClient } from "./kube-client.ts";
import { openKubeAccess, readInClusterAccess } from "./kube-config.ts";
import { KubeConnection } from "./kube-connection.ts";
import { KubeError } from "./kube-error.ts";
import { KIND, type KubeObject } from "./kube-objects.ts";
import { watchObjects } from "./object-watch.ts";
import { keepTold } from "./object-watch-fixtures.ts";

/** A pod's token that a real API server takes no longer, and the file in which the kubelet puts the next one. */

const namespace = `conifer-token-${randomUUID().slice(0, 8)}`;
const place = { kind: KIND.configMap, namespace };
const folder = mkdtempSync(join(tmpdir(), "conifer-token-"));
let admin: KubeClient;
let connection: KubeConnection;

interface AnyObject extends KubeObject {
  readonly [field: string]: unknown;
}

const object = (apiVersion: string, kind: string, rest: object, name = "reader"): AnyObject => ({
  ...{ apiVersion, kind, metadata: { name, namespace } },
  ...rest,
});

beforeAll(async () => {
  const access = await openKubeAccess(process.env.KUBECONFIG);
  admin = makeKubeClient(access);
  connection = new KubeConnection(access);
  await admin.create<AnyObject>({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  const rbac = "rbac.authorization.k8s.io";
  const roleRef = { apiGroup: rbac, kind: "Role", name: "reader" };
  const rules = [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list", "watch"] }];
  for (const one of [
    object("v1", "ServiceAccount", {}),
    object(`${rbac}/v1`, "Role", { rules }),
    object(`${rbac}/v1`, "RoleBinding", { roleRef, subjects: [{ kind: "ServiceAccount", name: "reader" }] }),
    object("v1", "ConfigMap", { data: {} }),
  ])
    await admin.create<AnyObject>(one);
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await admin?.remove({ kind: KIND.namespace }, namespace);
  await Promise.all([admin?.close(), connection?.close()]);
});

/** A token that is good as long as the Secret of that name is there. */
async function tokenFor(secret: string): Promise<string> {
  const { metadata } = await admin.create<AnyObject>(object("v1", "Secret", {}, secret));
  const boundObjectRef = { apiVersion: "v1", kind: "Secret", name: secret, uid: metadata.uid };
  const { statusCode, body } = await connection.request({
    method: "POST",
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/reader/token`,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ spec: { boundObjectRef, expirationSeconds: 600 } }),
    signal: AbortSignal.timeout(10_000),
  });
  const { status } = (await body.json()) as { status?: { token?: string } };
  if (!status?.token) throw new Error(`no token, but ${statusCode}`);
  return status.token;
}

/** What a kubelet puts into a pod. */
const put = (file: string, text: string) => writeFileSync(join(folder, file), text);

async function inPod(): Promise<KubeClient> {
  const { server, ca = "" } = admin.access;
  const { hostname, port } = new URL(server);
  put("ca.crt", ca);
  put("namespace", namespace);
  const env = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
  return makeKubeClient(await readInClusterAccess(env, folder));
}

test("that is taken no longer is left for the next one; requests and watches go on", async () => {
  put("token", await tokenFor("first"));
  const client = await inPod();
  const told = keepTold();
  const watch = watchObjects({
    ...{ client, place, labelSelector: "", logger: silentLogger, listener: told.listener },
    timing: { watchSeconds: 1, graceMs: 5_000, firstRetryMs: 50, longestRetryMs: 200 },
  });
  try {
    await watch.ready;
    const next = await tokenFor("second");
    await admin.remove({ kind: KIND.secret, namespace }, "first");
    // The API server believes a token that it has seen for some seconds more.
    await vi.waitUntil(() => client.get(place, "reader").then(() => false, isRefused), { timeout: 60_000 });
    put("token", next);
    expect(await client.get(place, "reader")).toMatchObject({ metadata: { name: "reader" } });
    await admin.create<AnyObject>(object("v1", "ConfigMap", { data: {} }, "late"));
    await vi.waitUntil(() => told.held().some((name) => name.startsWith("late@")), { timeout: 30_000 });
  } finally {
    await watch.stop();
    await client.close();
  }
});

function isRefused(thrown: unknown): boolean {
  if (thrown instanceof KubeError && thrown.status === 401) return true;
  throw thrown;
}
