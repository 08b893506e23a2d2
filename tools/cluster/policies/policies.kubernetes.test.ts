import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  KIND,
  type KubeObject,
  openPodStream,
  type Pod,
} from "../../../platform/src/drivers/kubernetes/client/index.ts";
import { reaches, runInPod } from "../../../platform/src/drivers/kubernetes/client/pod-command-fixtures.ts";
import {
  openTestCluster,
  type TestCluster,
} from "../../../platform/src/drivers/kubernetes/dynos/cluster-fixtures.ts";
import { REAL_NODE } from "../program-commands.ts";

/** Policies on the cluster that KUBECONFIG names, tried from one pod to another. */

const PORT = 8080;
const ECHO_PORT = 9090;
const HERE = `policies-${randomUUID().slice(0, 8)}`;
const THERE = `${HERE}-other`;
/** A change holds within so long. */
const SOON_MS = 1_000;

let cluster: TestCluster;
let nodes: readonly string[];
const addresses = new Map<string, readonly string[]>();

const place = (name: string) => ({
  namespace: name === "stranger" ? THERE : HERE,
  pod: name,
  container: "main",
});

function podObject(name: string, node: string, command?: readonly string[]): KubeObject {
  const serve = `httpd -f -p ${PORT} & exec nc -ll -p ${ECHO_PORT} -e cat`;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: place(name).namespace, labels: { app: name } },
    spec: {
      nodeName: node,
      terminationGracePeriodSeconds: 0,
      restartPolicy: command ? "Never" : "Always",
      automountServiceAccountToken: false,
      containers: [
        {
          name: "main",
          image: cluster.imageRef,
          command: command ?? ["/bin/sh", "-c", serve],
          ports: [{ name: "web", containerPort: PORT }],
          ...(command ? {} : { readinessProbe: { tcpSocket: { port: PORT }, periodSeconds: 1 } }),
        },
      ],
    },
  } as KubeObject;
}

async function untilPod(name: string, holds: (pod: Pod) => boolean): Promise<Pod> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const pod = await cluster.client.get<Pod>({ kind: KIND.pod, namespace: place(name).namespace }, name);
    if (holds(pod)) return pod;
    if (Date.now() > deadline) throw new Error(`${name} stayed ${JSON.stringify(pod.status)}`);
    await wait(50);
  }
}

const isReady = ({ status }: Pod) =>
  status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false;

function policy(name: string, spec: unknown, namespace = HERE): KubeObject {
  const { apiVersion, kind } = KIND.networkPolicy;
  return { apiVersion, kind, metadata: { name, namespace }, spec } as KubeObject;
}

const applyPolicy = (name: string, spec: unknown) => cluster.client.apply(policy(name, spec));
const only = (app: string) => ({ podSelector: { matchLabels: { app } } });
const closed = (app: string, ...policyTypes: string[]) => ({ ...only(app), policyTypes });

/** Whether one reaches the other; undefined where that is not the same on every address, as in the middle of a change. */
async function connects(from: string, to: string, port = PORT): Promise<boolean | undefined> {
  const found = await Promise.all(
    (addresses.get(to) ?? []).map((address) => reaches(cluster.client, place(from), { address, port })),
  );
  return new Set(found).size === 1 ? found[0] : undefined;
}

/** Who of the others reaches a pod. */
async function callersOf(to: string): Promise<string[]> {
  const others = [...addresses.keys()].filter((name) => name !== to);
  const found = await Promise.all(
    others.map(async (name) => {
      const found = await connects(name, to);
      return found === undefined ? [`${name} in part`] : found ? [name] : [];
    }),
  );
  return found.flat().sort();
}

/** Asks again until it is so, and says how long that took. */
async function untilSo<T>(ask: () => Promise<T>, wanted: T): Promise<number> {
  const began = performance.now();
  for (;;) {
    const found = await ask();
    const took = performance.now() - began;
    if (isDeepStrictEqual(found, wanted)) return took;
    if (took > 15_000) throw new Error(`it stayed ${JSON.stringify(found)}`);
    await wait(20);
  }
}

beforeAll(async () => {
  cluster = await openTestCluster();
  const kind = { apiVersion: "v1", kind: "Node", plural: "nodes" };
  const { items } = await cluster.client.list({ kind }, { labelSelector: REAL_NODE });
  nodes = items.map(({ metadata }) => metadata.name);
  for (const name of [HERE, THERE]) {
    const metadata = { name, labels: { part: name === HERE ? "here" : "there" } };
    await cluster.client.create({ apiVersion: "v1", kind: "Namespace", metadata });
  }
  await untilSo(
    async () => (await cluster.client.list({ kind: ACCOUNT, namespace: THERE }, {})).items.length,
    1,
  );
  const [first = "", second = first] = nodes;
  const where = { web: first, near: first, far: second, stranger: first };
  for (const [name, node] of Object.entries(where)) await cluster.client.create(podObject(name, node));
  for (const name of Object.keys(where)) {
    const { status } = await untilPod(name, isReady);
    addresses.set(
      name,
      (status?.podIPs ?? []).map(({ ip }) => ip),
    );
  }
});

const ACCOUNT = { apiVersion: "v1", kind: "ServiceAccount", plural: "serviceaccounts" };

afterEach(async () => {
  const at = { kind: KIND.networkPolicy, namespace: HERE };
  for (const { metadata } of (await cluster.client.list(at, {})).items) {
    await cluster.client.remove(at, metadata.name);
  }
  await untilSo(() => callersOf("web"), ["far", "near", "stranger"]);
});

afterAll(async () => {
  for (const name of [HERE, THERE]) await cluster?.client.remove({ kind: KIND.namespace }, name);
  await cluster?.close();
});

describe("without policies", () => {
  test("every pod reaches every pod, on each family", async () => {
    for (const name of addresses.keys()) expect((await callersOf(name)).length).toBe(3);
  });

  test("and none reaches another by the address of its link alone", async () => {
    const { output } = await runInPod(cluster.client, place("web"), [
      "/bin/busybox",
      "ip",
      "-6",
      "addr",
      "show",
      "eth0",
    ]);
    const [, link = ""] = /inet6 (fe80:\S+)\//.exec(output) ?? [];
    expect(link).toMatch(/^fe80:/);
    expect(await reaches(cluster.client, place("near"), { address: `${link}%eth0`, port: PORT })).toBe(false);
  });
});

describe("what comes in", () => {
  test("is nothing once a policy says so, on the same node and from another, and soon", async () => {
    await applyPolicy("closed", closed("web", "Ingress"));
    const took = await untilSo(() => connects("near", "web"), false);
    expect(await callersOf("web")).toEqual([]);
    expect(took).toBeLessThan(SOON_MS + 1_000); // the one that fails is noticed after a second
    expect(await callersOf("near")).toEqual(["far", "stranger", "web"]);
  });

  test("is still the kubelet's asking", async () => {
    await applyPolicy("closed", closed("web", "Ingress"));
    await untilSo(() => callersOf("web"), []);
    await wait(3_000); // three of its questions, each of which would be missed
    expect(isReady(await untilPod("web", () => true))).toBe(true);
  });

  test.each<[string, unknown, string[]]>([
    ["pods by their labels", [{ from: [only("far")] }], ["far"]],
    ["every pod of the namespace", [{ from: [{ podSelector: {} }] }], ["far", "near"]],
    [
      "another namespace",
      [{ from: [{ namespaceSelector: { matchLabels: { part: "there" } } }] }],
      ["stranger"],
    ],
    ["a port by its name", [{ from: [only("near")], ports: [{ port: "web" }] }], ["near"]],
    ["another port only", [{ ports: [{ port: ECHO_PORT }] }], []],
    ["a range of ports", [{ ports: [{ port: PORT - 5, endPort: PORT + 5 }] }], ["far", "near", "stranger"]],
  ])("may be %s", async (_what, ingress, callers) => {
    await applyPolicy("some", { ...closed("web", "Ingress"), ingress });
    await untilSo(() => callersOf("web"), callers);
  });

  test("may be addresses, but for some", async () => {
    const all = [...addresses].filter(([name]) => name !== "web");
    const ranges = (list: readonly string[]) => list.map((one) => `${one}/${one.includes(":") ? 128 : 32}`);
    const near = ranges(addresses.get("near") ?? []);
    const from = all[0]?.[1].map((address) => {
      const v6 = address.includes(":");
      return {
        ipBlock: { cidr: v6 ? "::/0" : "0.0.0.0/0", except: near.filter((one) => one.includes(":") === v6) },
      };
    });
    await applyPolicy("some", { ...closed("web", "Ingress"), ingress: [{ from }] });
    await untilSo(() => callersOf("web"), ["far", "stranger"]);
  });

  test("follows labels of pods as they change", async () => {
    await applyPolicy("some", {
      ...closed("web", "Ingress"),
      ingress: [{ from: [{ podSelector: { matchLabels: { friend: "yes" } } }] }],
    });
    await untilSo(() => callersOf("web"), []);
    const at = { kind: KIND.pod, namespace: HERE };
    await cluster.client.merge(at, "near", { metadata: { labels: { friend: "yes" } } });
    const took = await untilSo(() => connects("near", "web"), true);
    expect(took).toBeLessThan(SOON_MS + 1_000);
    await cluster.client.merge(at, "near", { metadata: { labels: { friend: null } } });
    await untilSo(() => callersOf("web"), []);
  });

  test("goes on over a connection that is there already", async () => {
    const [address = ""] = addresses.get("web") ?? [];
    const command = ["/bin/busybox", "nc", address, String(ECHO_PORT)];
    const stream = await openPodStream(cluster.client.access, {
      ...place("near"),
      terminal: false,
      kind: "exec",
      command,
    });
    let said = "";
    stream.stdout.on("data", (piece) => {
      said += piece;
    });
    stream.stdin.write("before\n");
    await expect.poll(() => said).toBe("before\n");
    await applyPolicy("closed", closed("web", "Ingress"));
    await untilSo(() => connects("near", "web", ECHO_PORT), false);
    stream.stdin.write("after\n");
    await expect.poll(() => said).toBe("before\nafter\n");
    stream.close();
    await stream.ended;
  });
});

describe("what goes out", () => {
  const api = () => {
    const { hostname, port } = new URL(cluster.client.access.server);
    return { address: hostname, port: Number(port) };
  };

  test("is nothing once a policy says so: not to pods, not to the API server on a node", async () => {
    expect(await reaches(cluster.client, place("near"), api())).toBe(true);
    await applyPolicy("closed", closed("near", "Egress"));
    await untilSo(() => callersOf("web"), ["far", "stranger"]);
    expect(await connects("near", "far")).toBe(false);
    expect(await reaches(cluster.client, place("near"), api())).toBe(false);
    expect(await callersOf("near")).toEqual(["far", "stranger", "web"]);
  });

  test("may be what a policy names, by a name of the other's port too", async () => {
    const egress = [{ to: [only("web")], ports: [{ port: "web" }] }];
    await applyPolicy("some", { ...closed("near", "Egress"), egress });
    await untilSo(() => connects("near", "far"), false);
    expect(await connects("near", "web")).toBe(true);
    expect(await connects("near", "web", ECHO_PORT)).toBe(false);
  });

  test("is fenced in from a pod's first moment", async () => {
    const [address = ""] = addresses.get("web") ?? [];
    await applyPolicy("closed", closed("hasty", "Egress"));
    const hurry = `i=0; while [ $i -lt 30 ]; do nc -w 1 ${address} ${PORT} -e /bin/busybox true && exit 9; i=$((i+10)); done; exit 0`;
    await cluster.client.create(podObject("hasty", nodes[0] ?? "", ["/bin/sh", "-c", hurry]));
    const { status } = await untilPod(
      "hasty",
      (pod) => pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed",
    );
    expect(status?.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(0);
    await cluster.client.remove({ kind: KIND.pod, namespace: HERE }, "hasty");
  });
});
