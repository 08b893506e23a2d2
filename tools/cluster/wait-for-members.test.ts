import { afterEach, describe, expect, test } from "vitest";
import { openClusterApi } from "./cluster-api.ts";
import { type Script, type ScriptedApi, scriptApi } from "./cluster-api-fixtures.ts";
import { DNS_PATH, DNS_PODS_PATH } from "./cluster-dns.ts";
import type { ClusterSettings } from "./cluster-plan.ts";
import { allOrFirstFailure, type KubeletStarts } from "./start-members.ts";
import { hasReadyReplicas, isReady, waitForMembers } from "./wait-for-members.ts";

let server: ScriptedApi | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const ready = { conditions: [{ type: "Ready", status: "True" }] };

/** A whole cluster; each row of answers of its own comes first. */
const whole =
  (own: Script = () => undefined): Script =>
  (call) => {
    const answer = own(call);
    if (answer !== undefined) return answer;
    if (call.method === "PATCH") return { body: {} };
    if (call.path.endsWith("/proxy/healthz")) return { body: "ok" };
    if (call.path === DNS_PATH) return { body: { status: { readyReplicas: 1 } } };
    if (call.path === DNS_PODS_PATH)
      return { body: { items: ["a", "b"].map((name) => ({ metadata: { name } })) } };
    if (call.path.endsWith("/pods/b:8181/proxy/ready")) return { body: "OK" };
    if (call.path.endsWith("/pods/a:8181/proxy/ready")) return { status: 503, body: "not yet" };
    return { body: { spec: { podCIDR: "198.19.16.0/24" }, status: ready } };
  };

async function wait(
  script: Script,
  settings: Partial<ClusterSettings> = {},
  starts: KubeletStarts = new Map(),
) {
  server = await scriptApi(script, settings);
  const { plan, folders, calls } = server;
  const said: string[] = [];
  const machine = { memory: 2 ** 34, mtu: 1500, nameServers: ["192.0.2.53"] };
  const rise = { ...machine, plan, folders, programs: "/programs" };
  await waitForMembers(rise, starts, (line) => said.push(line));
  return { calls, said, plan };
}

describe("waiting for the nodes", () => {
  test("asks each and its kubelet, and says what it does", async () => {
    const { calls, said } = await wait(whole(), { nodes: 3 });
    const asked = new Set(calls.map(({ path }) => path));
    for (const name of ["node1", "node2", "node3"]) {
      expect(asked).toContain(`/api/v1/nodes/${name}`);
      expect(asked).toContain(`/api/v1/nodes/${name}/proxy/healthz`);
    }
    expect(said.filter((line) => line.endsWith("..."))).toEqual([
      "Waiting until every node is ready ...",
      "Waiting for cluster DNS ...",
    ]);
  });

  test.each([
    [true, ["198.19.16.0/24", "fd98:c0:1:0::/64"]],
    [false, ["198.19.16.0/24"]],
  ])("gives one that has none its pods' addresses (dual-stack: %s)", async (dualStack, podCIDRs) => {
    const bare: Script = ({ method, path }) =>
      method === "GET" && path === "/api/v1/nodes/node1" ? { body: { status: ready } } : undefined;
    const { calls } = await wait(whole(bare), { dualStack });
    const patches = calls.filter(({ path, method }) => method === "PATCH" && path === "/api/v1/nodes/node1");
    expect(patches.map(({ body, type }) => [body, type])).toEqual([
      [{ spec: { podCIDR: podCIDRs[0], podCIDRs } }, "application/merge-patch+json"],
    ]);
  });

  test("leaves the addresses of one that has them", async () => {
    const { calls } = await wait(whole());
    const patched = calls.filter(({ method }) => method === "PATCH").map(({ path }) => path);
    expect(patched.filter((path) => path.startsWith("/api/v1/nodes"))).toEqual([]);
  });

  test("goes on past one that is not there yet, does not answer, or is not ready", async () => {
    const answers = [undefined, { body: { spec: { podCIDR: "x" } } }, { body: { status: {} } }];
    let kubelet = 0;
    const slow: Script = ({ path }) => {
      if (path === "/api/v1/nodes/node1" && answers.length > 0) {
        return answers.shift() ?? { status: 404, body: { message: "not yet" } };
      }
      if (path.endsWith("/healthz") && ++kubelet === 1) return { status: 503, body: "starting" };
      return undefined;
    };
    await wait(whole(slow));
    expect(answers).toEqual([]);
    expect(kubelet).toBeGreaterThan(1);
  });
});

describe("a kubelet that was started now", () => {
  const said = (time?: string) => {
    const condition = { type: "Ready", status: "True", ...(time && { lastHeartbeatTime: time }) };
    return { body: { spec: { podCIDR: "x" }, status: { conditions: [condition] } } };
  };
  const startedAt = (time: string) => new Map([["node1", Date.parse(time)]]);

  test("is not believed what was said before", async () => {
    const answers = [said("2026-01-01T10:00:04Z"), said(), said("2026-01-01T10:00:06Z")];
    const late: Script = ({ path }) =>
      path === "/api/v1/nodes/node1" ? (answers.length > 1 ? answers.shift() : answers[0]) : undefined;
    await wait(whole(late), {}, startedAt("2026-01-01T10:00:05.900Z"));
    expect(answers).toHaveLength(1);
  });

  test("is believed in the second of its start: that is all the time tells", async () => {
    const same: Script = ({ path }) =>
      path === "/api/v1/nodes/node1" ? said("2026-01-01T10:00:05Z") : undefined;
    await wait(whole(same), {}, startedAt("2026-01-01T10:00:05.900Z"));
  });
});

describe("cluster DNS", () => {
  const corefileOf = (calls: ScriptedApi["calls"]) =>
    JSON.stringify(calls.find(({ path }) => path.includes("/configmaps/"))?.body);

  test("is applied once the nodes are ready, and waited for", async () => {
    let asked = 0;
    const late: Script = ({ path }) =>
      path === DNS_PATH && ++asked < 3 ? { body: asked === 1 ? {} : { status: {} } } : undefined;
    const { calls } = await wait(whole(late));
    const applied = calls.filter(({ path }) => path.includes("fieldManager="));
    expect(applied.map(({ body }) => (body as { kind: string }).kind)).toEqual([
      "ServiceAccount",
      "ClusterRole",
      "ClusterRoleBinding",
      "ConfigMap",
      "Service",
      "Deployment",
    ]);
    expect(asked).toBe(3);
  });

  test("is answered by a pod, and not only said to be from before", async () => {
    let asked = 0;
    const { calls } = await wait(
      whole(({ path }) =>
        path.endsWith("b:8181/proxy/ready") && ++asked < 3 ? { status: 503, body: "gone" } : undefined,
      ),
    );
    expect(calls.filter(({ path }) => path.endsWith("b:8181/proxy/ready"))).toHaveLength(3);
  });

  test.each([
    [true, "forward . 192.0.2.53"],
    [false, "NXDOMAIN"],
  ])("asks others only where there is a way out (%s)", async (egress, text) => {
    const { calls } = await wait(whole(), { egress });
    expect(corefileOf(calls)).toContain(text);
    expect(corefileOf(calls).includes("forward")).toBe(egress);
  });

  test("that is refused ends the waiting with the reason", async () => {
    const refuse: Script = ({ path }) =>
      path.includes("/services/") ? { status: 422, body: { message: "clusterIP is taken" } } : undefined;
    await expect(wait(whole(refuse))).rejects.toThrow("clusterIP is taken");
  });
});

test.each([
  [{ status: { readyReplicas: 2 } }, true],
  [{ status: { readyReplicas: 0 } }, false],
  [{ status: {} }, false],
  [{}, false],
])("%j has a pod that answers: %s", async (body, answers) => {
  server = await scriptApi(() => ({ body }));
  const api = await openClusterApi(server.plan, server.folders);
  expect(await hasReadyReplicas(api, DNS_PATH)).toBe(answers);
});

test("ready is the one condition that counts", () => {
  const others = ["MemoryPressure", "DiskPressure", "ready", "NotReady"];
  expect(isReady(others.map((type) => ({ type, status: "True" })))).toBe(false);
  expect(isReady([...others.map((type) => ({ type, status: "True" })), ...ready.conditions])).toBe(true);
});

describe("of several that work at once", () => {
  test("all are waited for before the first failure of the list is thrown", async () => {
    const ended: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const slow = promise.then(() => {
      ended.push("slow");
      throw new Error("the first of the list");
    });
    const fast = Promise.reject(new Error("the first in time"));
    const good = promise.then(() => void ended.push("good"));
    const all = allOrFirstFailure([slow, fast, good]);
    resolve();
    await expect(all).rejects.toThrow("the first of the list");
    expect(ended).toEqual(["slow", "good"]);
  });

  test("none failing is no failure", async () => {
    await allOrFirstFailure([]);
    await allOrFirstFailure([Promise.resolve(), Promise.resolve()]);
  });
});
