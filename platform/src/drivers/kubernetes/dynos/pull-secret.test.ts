import { expect, test, vi } from "vitest";
import { silentLogger } from "../../../kernel/index.ts";
import type { KubeClient, Secret } from "../client/index.ts";
import { keepPullSecret, makePullSecret, PULL_SECRET } from "./pull-secret.ts";

/** A cluster that keeps what is applied, unless it is away. */
function makeCluster() {
  const written: Secret[] = [];
  const state = { away: false };
  const client = {
    apply: async (object: Secret) => {
      if (state.away) throw new Error("the API server is away");
      written.push(object);
      return object;
    },
  } as unknown as KubeClient;
  return { client, state, texts: () => written.map((secret) => textOf(secret)) };
}

const textOf = ({ data }: Secret) => Buffer.from(data?.[".dockerconfigjson"] ?? "", "base64").toString();

async function keep(cluster: ReturnType<typeof makeCluster>, everyMs = 1) {
  let asked = 0;
  return await keepPullSecret({
    client: cluster.client,
    namespace: "apps",
    make: (now) => `{"asked":${++asked},"at":"${now.toISOString()}"}`,
    logger: silentLogger,
    now: () => new Date("2026-01-02T03:04:05Z"),
    everyMs,
  });
}

test("is a Secret that a kubelet takes for the credentials of a registry", () => {
  expect(makePullSecret("apps", '{"auths":{}}')).toEqual({
    apiVersion: "v1",
    kind: "Secret",
    type: "kubernetes.io/dockerconfigjson",
    metadata: {
      name: PULL_SECRET,
      namespace: "apps",
      labels: { "app.kubernetes.io/managed-by": "conifer" },
    },
    data: { ".dockerconfigjson": Buffer.from('{"auths":{}}').toString("base64") },
  });
});

test("is there when it is said to be kept, with the credentials of that moment", async () => {
  const cluster = makeCluster();
  const kept = await keep(cluster, 60_000);
  expect(cluster.texts()).toEqual(['{"asked":1,"at":"2026-01-02T03:04:05.000Z"}']);
  await kept.stop();
});

test("is written again and again with new credentials, until stopped", async () => {
  const cluster = makeCluster();
  const kept = await keep(cluster);
  await vi.waitFor(() => expect(cluster.texts().length).toBeGreaterThan(3));
  await kept.stop();
  const after = cluster.texts().length;
  await new Promise((resolve) => setImmediate(resolve));
  expect(cluster.texts()).toHaveLength(after);
  expect(new Set(cluster.texts()).size).toBe(after);
});

test("a cluster that is away gets it when it is back", async () => {
  const cluster = makeCluster();
  const kept = await keep(cluster);
  cluster.state.away = true;
  await vi.waitFor(() => expect(cluster.texts().length).toBeGreaterThan(0));
  const before = cluster.texts().length;
  await new Promise((resolve) => setTimeout(resolve, 5));
  cluster.state.away = false;
  await vi.waitFor(() => expect(cluster.texts().length).toBeGreaterThan(before));
  await kept.stop();
});

test("a first write that fails is told to whoever starts", async () => {
  const cluster = makeCluster();
  cluster.state.away = true;
  await expect(keep(cluster)).rejects.toThrow("the API server is away");
});
