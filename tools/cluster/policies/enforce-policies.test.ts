import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  KIND,
  type KubeClient,
  type KubeKind,
  type KubeObject,
  objectPath,
} from "../../../platform/src/drivers/kubernetes/client/index.ts";
import { type Running, silentLogger } from "../../../platform/src/kernel/index.ts";
import { startPolicyEnforcer } from "./enforce-policies.ts";
import { networkPolicy } from "./policy-fixtures.ts";

/** An API server's lists and watches, told by the test. */
class ToldServer {
  readonly #objects = new Map<string, KubeObject[]>();
  readonly #watches = new Map<string, PassThrough>();
  #version = 1;

  readonly client = {
    list: async ({ kind }: { kind: KubeKind }) => ({
      resourceVersion: String(this.#version),
      items: this.#objects.get(objectPath(kind, {})) ?? [],
      continue: undefined,
    }),
    stream: async (path: string, _query: unknown, signal: AbortSignal) => {
      const body = new PassThrough();
      signal.addEventListener("abort", () => body.destroy(new Error("aborted")));
      body.on("error", () => {});
      this.#watches.set(path, body);
      return body;
    },
  } as unknown as Pick<KubeClient, "list" | "stream">;

  has(kind: KubeKind, ...objects: KubeObject[]): void {
    this.#objects.set(objectPath(kind, {}), objects);
  }

  async tell(kind: KubeKind, type: string, object: KubeObject): Promise<void> {
    await expect.poll(() => this.#watches.has(objectPath(kind, {}))).toBe(true);
    this.#version += 1;
    const metadata = { ...object.metadata, resourceVersion: String(this.#version) };
    this.#watches
      .get(objectPath(kind, {}))
      ?.write(`${JSON.stringify({ type, object: { ...object, metadata } })}\n`);
  }
}

function podObject(name: string, node: string, ip?: string): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "here", uid: `uid-${name}`, labels: { app: name }, resourceVersion: "1" },
    spec: { nodeName: node },
    status: { phase: "Pending", ...(ip ? { podIPs: [{ ip }] } : {}) },
  } as KubeObject;
}

const here: KubeObject = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "here", resourceVersion: "1" },
};
const closed = networkPolicy({ podSelector: { matchLabels: { app: "web" } }, policyTypes: ["Ingress"] });

let folder: string;
let server: ToldServer;
let written: string[];
let failing: number;
let running: Running[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "enforcer-"));
  server = new ToldServer();
  server.has(KIND.namespace, here);
  written = [];
  failing = 0;
  running = [];
});
afterEach(async () => {
  for (const one of running) await one.stop();
  await rm(folder, { recursive: true });
});

async function start(timing: { rewriteMs?: number } = {}): Promise<void> {
  running.push(
    await startPolicyEnforcer({
      ...{ client: server.client, node: "node1", bridge: "pods0", logger: silentLogger },
      results: { folder: join(folder, "results"), network: "pods" },
      timing: { retryMs: 5, ...timing },
      write: async (rules) => {
        failing -= 1;
        if (failing >= 0) throw new Error("no such table");
        written.push(rules);
      },
    }),
  );
}

/** The verdicts for packets to pods, as they were written last. */
const gate = () => /map to4 \{[^}]*?elements = \{ (.*?) \}/s.exec(written.at(-1) ?? "")?.[1];

test("writes the rules of its own node's pods, and again at each change", async () => {
  server.has(KIND.pod, podObject("web", "node1", "10.0.0.1"), podObject("far", "node2", "10.0.1.1"));
  await start();
  await expect.poll(gate).toBe("10.0.0.1 : return");
  await server.tell(KIND.networkPolicy, "ADDED", closed);
  await expect.poll(gate).toBe("10.0.0.1 : drop");
  const open = { ...closed, spec: { ...closed.spec, ingress: [{ from: [{ podSelector: {} }] }] } };
  await server.tell(KIND.networkPolicy, "MODIFIED", open);
  await expect.poll(() => written.at(-1)).toContain("ip saddr { 10.0.0.1, 10.0.1.1 } return");
  await server.tell(KIND.pod, "DELETED", podObject("far", "node2", "10.0.1.1"));
  await expect.poll(() => written.at(-1)).toContain("ip saddr { 10.0.0.1 } return");
  await server.tell(KIND.networkPolicy, "DELETED", open);
  await expect.poll(gate).toBe("10.0.0.1 : return");
});

test("knows a pod's address from its node before the API server does", async () => {
  server.has(KIND.pod, podObject("web", "node1"));
  server.has(KIND.networkPolicy, closed);
  await start();
  await expect.poll(() => written.length).toBe(1);
  expect(gate()).toBeUndefined();
  const record = {
    networkName: "pods",
    cniArgs: [["K8S_POD_UID", "uid-web"]],
    result: { ips: [{ address: "10.0.0.5/24" }] },
  };
  await writeFile(join(folder, "results", "pods-1-eth0"), JSON.stringify(record));
  await expect.poll(gate).toBe("10.0.0.5 : drop");
});

test("writes nothing twice, but on its timer", async () => {
  server.has(KIND.pod, podObject("web", "node1", "10.0.0.1"));
  await start();
  await expect.poll(() => written.length).toBe(1);
  await server.tell(KIND.pod, "ADDED", podObject("far", "node2", "10.0.1.1"));
  await server.tell(KIND.pod, "ADDED", podObject("near", "node1", "10.0.0.2"));
  await expect.poll(() => written.length).toBe(2);
  expect(gate()).toBe("10.0.0.1 : return, 10.0.0.2 : return");
  await start({ rewriteMs: 5 });
  await expect.poll(() => written.length).toBeGreaterThan(5);
});

test("tries again when the filter refuses", async () => {
  failing = 3;
  await start();
  await expect.poll(() => written.length).toBe(1);
});

test("a pod that ended is fenced out, for its address may be another's", async () => {
  const pod = podObject("web", "node1", "10.0.0.1");
  server.has(KIND.pod, pod);
  await start();
  await expect.poll(gate).toBe("10.0.0.1 : return");
  await server.tell(KIND.pod, "MODIFIED", {
    ...pod,
    status: { phase: "Succeeded", podIPs: [{ ip: "10.0.0.1" }] },
  } as KubeObject);
  await expect.poll(gate).toBeUndefined();
});
