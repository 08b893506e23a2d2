import { rmSync, writeFileSync } from "node:fs";
import { Agent } from "node:https";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { openClusterApi, pathOf } from "./cluster-api.ts";
import { type Script, type ScriptedApi, scriptApi } from "./cluster-api-fixtures.ts";

let server: ScriptedApi | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function open(script: Script, agent?: Agent) {
  server = await scriptApi(script);
  return { server, api: await openClusterApi(server.plan, server.folders, agent) };
}

describe("a call", () => {
  test("is made as the administrator, and answered with what the JSON says", async () => {
    const { server, api } = await open(() => ({ body: { items: [1, "é"] } }));
    expect(await api.call("/api/v1/nodes?labelSelector=a%3Db")).toEqual({ items: [1, "é"] });
    expect(server.calls).toEqual([
      { method: "GET", path: "/api/v1/nodes?labelSelector=a%3Db", type: "application/json", body: undefined },
    ]);
    expect(server.onlyAdmin()).toBe(true);
  });

  test.each([
    ["ok", "ok"],
    ["", ""],
    ["{", "{"],
    ["[]", []],
    ["null", null],
  ])("that is answered with %j comes to %j", async (body, result) => {
    const { api } = await open(() => ({ body }));
    expect(await api.call("/readyz")).toEqual(result);
  });

  test("carries its body with its type", async () => {
    const { server, api } = await open(() => ({ status: 201, body: {} }));
    const body = { spec: { unschedulable: true } };
    await api.call("/api/v1/nodes/a", { method: "PATCH", body, type: "application/merge-patch+json" });
    expect(server.calls[0]).toEqual({
      method: "PATCH",
      path: "/api/v1/nodes/a",
      type: "application/merge-patch+json",
      body,
    });
  });

  test.each([
    [404, { message: 'nodes "a" not found' }, 'GET /x: 404 nodes "a" not found'],
    [403, { kind: "Status" }, 'GET /x: 403 {"kind":"Status"}'],
    [500, "etcd is away", "GET /x: 500 etcd is away"],
    [503, "", "GET /x: 503 "],
    [302, "null", "GET /x: 302 null"],
  ])("with status %i fails with what the server says: %j", async (status, body, message) => {
    const { api } = await open(() => ({ status, body }));
    await expect(api.call("/x")).rejects.toThrow(new Error(message));
  });

  test("of a page of complaint keeps the beginning", async () => {
    const { api } = await open(() => ({ status: 502, body: "x".repeat(10_000) }));
    await expect(api.call("/x")).rejects.toThrow(new Error(`GET /x: 502 ${"x".repeat(300)}`));
  });

  test("that is hung up on fails, and the next one is not worse for it", async () => {
    let asked = 0;
    const { api } = await open(() => (++asked === 1 ? "hang up" : { body: "ok" }));
    await expect(api.call("/x")).rejects.toThrow(/hang up|ECONNRESET/);
    expect(await api.call("/x")).toBe("ok");
  });

  test("fails where nobody listens", async () => {
    const { server, api } = await open(() => ({ body: "ok" }));
    await server.close();
    await expect(api.call("/x")).rejects.toThrow("ECONNREFUSED");
  });
});

describe("connections", () => {
  test("are one for each call", async () => {
    const { server, api } = await open(() => ({ body: "ok" }));
    for (let at = 0; at < 3; at += 1) await api.call("/readyz");
    expect(server.connections()).toBe(3);
  });

  test("are kept by an agent for many", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 2 });
    try {
      const { server, api } = await open(() => ({ body: "ok" }), agent);
      await Promise.all(Array.from({ length: 12 }, () => api.call("/readyz")));
      expect(server.calls).toHaveLength(12);
      expect(server.connections()).toBeLessThanOrEqual(2);
    } finally {
      agent.destroy();
    }
  });
});

describe("trust", () => {
  test("is in the cluster's own authority only", async () => {
    const { server } = await open(() => ({ body: "ok" }));
    const stranger = await scriptApi(() => ({ body: "ok" }));
    try {
      const api = await openClusterApi({ ...server.plan, server: stranger.plan.server }, server.folders);
      await expect(api.call("/readyz")).rejects.toThrow(/certificate/);
      expect(stranger.calls).toEqual([]);
    } finally {
      await stranger.close();
    }
  });

  test.each(["ca.crt", "admin.crt", "admin.key"])("cannot be had without %s", async (file) => {
    const { server } = await open(() => ({ body: "ok" }));
    rmSync(join(server.folders.certificates, file));
    await expect(openClusterApi(server.plan, server.folders)).rejects.toThrow(/ENOENT/);
  });

  test("in a broken key is an error of the call", async () => {
    const { server } = await open(() => ({ body: "ok" }));
    writeFileSync(join(server.folders.certificates, "admin.key"), "no key");
    const api = await openClusterApi(server.plan, server.folders);
    await expect(api.call("/readyz")).rejects.toThrow();
    expect(server.calls).toEqual([]);
  });
});

describe("an object", () => {
  const object = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "default" },
    spec: { replicas: 1 },
  };

  test("is applied where it is, as ours, over what others set", async () => {
    const { server, api } = await open(() => ({ body: {} }));
    await api.apply(object);
    expect(server.calls).toEqual([
      {
        method: "PATCH",
        path: "/apis/apps/v1/namespaces/default/deployments/web?fieldManager=conifer-cluster&force=true",
        type: "application/apply-patch+yaml",
        body: object,
      },
    ]);
  });

  test("that is refused is an error with the reason", async () => {
    const { api } = await open(() => ({ status: 422, body: { message: "spec.replicas: Invalid value" } }));
    await expect(api.apply(object)).rejects.toThrow("422 spec.replicas: Invalid value");
  });

  test.each([
    ["v1", "Pod", "a", "/api/v1/namespaces/a/pods/x"],
    [
      "networking.k8s.io/v1",
      "NetworkPolicy",
      "a",
      "/apis/networking.k8s.io/v1/namespaces/a/networkpolicies/x",
    ],
    ["networking.k8s.io/v1", "IngressClass", undefined, "/apis/networking.k8s.io/v1/ingressclasses/x"],
    ["v1", "Namespace", undefined, "/api/v1/namespaces/x"],
  ])("%s %s in %s is at %s", (apiVersion, kind, namespace, path) => {
    const metadata = { name: "x", ...(namespace !== undefined && { namespace }) };
    expect(pathOf({ apiVersion, kind, metadata })).toBe(path);
  });
});
