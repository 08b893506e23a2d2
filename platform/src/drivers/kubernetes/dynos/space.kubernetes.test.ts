import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Logger, Running } from "../../../kernel/index.ts";
import { KIND, type KubeKind, type KubeObject } from "../client/index.ts";
import { openTestCluster, type TestCluster, type TestSpace } from "./cluster-fixtures.ts";
import { keepSpace } from "./keep-space.ts";
import { ORDINARY_LIMITS } from "./space-namespace.ts";

/** A space's fence, against those who change it. */

let cluster: TestCluster;
let space: TestSpace;
let kept: Running;
let said: string[];

beforeAll(async () => {
  cluster = await openTestCluster();
});
afterAll(() => cluster?.close());
beforeEach(async () => {
  space = cluster.openSpace();
  said = [];
  kept = await keep();
});
afterEach(async () => {
  await kept.stop();
  await space.close();
});

function keep(): Promise<Running> {
  const say = (message: string, fields?: Readonly<Record<string, unknown>>) =>
    void said.push(`${message}: ${fields?.what} ${fields?.kind} ${fields?.name}`);
  const logger = { debug: () => {}, info: () => {}, warn: say, error: say } as unknown as Logger;
  const wishes = {
    namespace: space.namespace,
    fence: { routerRanges: ["192.0.2.1/32"] },
    limits: ORDINARY_LIMITS,
  };
  return keepSpace({ client: cluster.client, wishes, logger }, new AbortController().signal);
}

type Held = KubeObject & { readonly spec?: Readonly<Record<string, unknown>> };
const place = (kind: KubeKind) => ({ kind, namespace: space.namespace });
const read = (kind: KubeKind, name: string) => cluster.client.get<Held>(place(kind), name);
const PUT_RIGHT = "an object that fences a space in was put right";

test.each<[string, KubeKind, string, object]>([
  ["a rule more", KIND.networkPolicy, "conifer-closed", { spec: { egress: [{}] } }],
  [
    "another selector",
    KIND.networkPolicy,
    "conifer-closed",
    { spec: { podSelector: { matchLabels: { a: "b" } } } },
  ],
  ["other callers", KIND.networkPolicy, "conifer-callers", { spec: { ingress: [{}] } }],
  [
    "an exception less",
    KIND.networkPolicy,
    "conifer-outside",
    { spec: { egress: [{ to: [{ ipBlock: { cidr: "0.0.0.0/0" } }] }] } },
  ],
  [
    "no label",
    KIND.networkPolicy,
    "conifer-closed",
    { metadata: { labels: null }, spec: { policyTypes: ["Egress"] } },
  ],
  ["a quota more", KIND.resourceQuota, "conifer-space", { spec: { hard: { pods: "0" } } }],
  [
    "other limits",
    KIND.limitRange,
    "conifer-space",
    { spec: { limits: [{ type: "Pod", max: { memory: "1Mi" } }] } },
  ],
  ["a token", KIND.serviceAccount, "conifer-dyno", { automountServiceAccountToken: true }],
])("%s is taken back", async (_what, kind, name, patch) => {
  const { metadata: _, ...before } = await read(kind, name);
  await cluster.client.merge(place(kind), name, patch);
  await expect
    .poll(async () => (({ metadata: __, ...now }) => now)(await read(kind, name)), { timeout: 10_000 })
    .toEqual(before);
  await expect
    .poll(() => said)
    .toContainEqual(expect.stringMatching(`^${PUT_RIGHT}: (changed|removed) ${kind.kind} ${name}$`));
});

test.each([
  [KIND.networkPolicy, "conifer-closed"],
  [KIND.networkPolicy, "conifer-outside"],
  [KIND.resourceQuota, "conifer-space"],
  [KIND.limitRange, "conifer-space"],
  [KIND.serviceAccount, "conifer-dyno"],
] as const)("%o that was removed comes back", async (kind, name) => {
  const before = await read(kind, name);
  await cluster.client.remove(place(kind), name);
  await expect
    .poll(async () => (await read(kind, name).catch(() => undefined))?.metadata.uid ?? before.metadata.uid, {
      timeout: 10_000,
    })
    .not.toBe(before.metadata.uid);
  expect((await read(kind, name)).spec).toEqual(before.spec);
});

test("what others put into the namespace is left alone", async () => {
  const { apiVersion, kind } = KIND.networkPolicy;
  const labels = { "app.kubernetes.io/managed-by": "conifer" };
  const spec = { podSelector: { matchLabels: { app: "theirs" } }, policyTypes: ["Ingress"], ingress: [{}] };
  const theirs = { apiVersion, kind, metadata: { name: "theirs", namespace: space.namespace, labels }, spec };
  const { metadata } = await cluster.client.create(theirs as KubeObject);
  await cluster.client.remove(place(KIND.networkPolicy), "conifer-closed");
  await expect
    .poll(async () => (await read(KIND.networkPolicy, "conifer-closed").catch(() => undefined))?.kind)
    .toBe(kind);
  expect((await read(KIND.networkPolicy, "theirs")).metadata.resourceVersion).toBe(metadata.resourceVersion);
});

test("two processes that keep one space leave each other's alone", async () => {
  const second = await keep();
  try {
    const versions = async () =>
      Promise.all(
        ["conifer-closed", "conifer-callers", "conifer-outside"].map(
          async (name) => (await read(KIND.networkPolicy, name)).metadata.resourceVersion,
        ),
      );
    const before = await versions();
    await cluster.client.remove(place(KIND.limitRange), "conifer-space");
    await expect
      .poll(async () => (await read(KIND.limitRange, "conifer-space").catch(() => undefined))?.kind)
      .toBe("LimitRange");
    expect(await versions()).toEqual(before);
  } finally {
    await second.stop();
  }
});

test("the quota keeps out what opens ports of nodes", async () => {
  const metadata = { name: "open", namespace: space.namespace };
  const spec = { type: "NodePort", ports: [{ port: 80 }], selector: { a: "b" } };
  const service = { apiVersion: "v1", kind: "Service", metadata, spec } as KubeObject;
  await expect
    .poll(() => cluster.client.create(service).then(String, (thrown: Error) => thrown.message), {
      timeout: 10_000,
    })
    .toContain("exceeded quota");
});

test("dynos' account may do nothing, and a pod of the space gets no token", async () => {
  const account = `system:serviceaccount:${space.namespace}:conifer-dyno`;
  const review = {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SubjectAccessReview",
    metadata: { name: "" },
  };
  for (const resource of ["pods", "secrets", "configmaps", "networkpolicies"]) {
    const resourceAttributes = { namespace: space.namespace, verb: "list", resource };
    const { status } = (await cluster.client.create({
      ...review,
      spec: { user: account, resourceAttributes },
    } as KubeObject)) as {
      status?: { allowed: boolean };
    } & KubeObject;
    expect(status?.allowed).toBe(false);
  }
});
