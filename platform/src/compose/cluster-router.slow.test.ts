import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { callPeer } from "../drivers/embedded/local/index.ts";
import { type HeldCluster, openHeldCluster } from "../drivers/kubernetes/client/held-cluster-fixtures.ts";
import { makeAppObject } from "../drivers/kubernetes/dynos/app-record.ts";
import { dynoPort } from "../drivers/kubernetes/dynos/dyno-manifests.ts";
import { APP_ID, entry, pod } from "../drivers/kubernetes/dynos/pod-fixtures.ts";
import { makeRouteObject } from "../drivers/kubernetes/routes/route-object.ts";
import { ask } from "../edge/proxy/proxy-fixtures.ts";
import { appRoute } from "../edge/route/route-fixtures.ts";
import { newId, pause, type Running, silentLogger } from "../kernel/index.ts";
import { silentMeter } from "../observe/metric/index.ts";
import { startClusterRouter } from "./cluster-router.ts";
import type { Config } from "./config.ts";
import { idlePort, makeRolePlace, type RolePlace } from "./role-fixtures.ts";

const NAMESPACE = "conifer-apps";
const HOST = ["GET / HTTP/1.1", "Host: shop.localhost", "Connection: close"] as const;

let place: RolePlace;
let cluster: HeldCluster;
const kept: Running[] = [];

beforeAll(() => {
  place = makeRolePlace();
});
afterAll(() => place.remove());
afterEach(async () => {
  for (const one of kept.splice(0).reverse()) await one.stop();
});

/** A dyno on this machine, at the port that a dyno of its id has. */
async function startDyno(): Promise<{ readonly id: string }> {
  for (;;) {
    const id = newId();
    const server = createServer((_request, response) => response.end("from the dyno"));
    const free = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false)).listen(dynoPort(id), "127.0.0.1", () => resolve(true));
    });
    if (!free) continue;
    const stop = () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    kept.push({ stop });
    return { id };
  }
}

/** What workers and the kubelet have written of an app with that dyno. */
function describeApp(dynoId: string): void {
  cluster.put({ apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } });
  const route = appRoute("shop", { appId: APP_ID });
  cluster.put({ ...makeRouteObject({ appId: APP_ID, version: 7, route }, { namespace: NAMESPACE }) });
  const dynos = [entry({ id: dynoId })];
  cluster.put({ ...makeAppObject({ appId: APP_ID, claims: { app: 1 }, dynos }, { namespace: NAMESPACE }) });
  const running = pod({ started: true, state: { running: { startedAt: "2026-11-21T08:00:01Z" } } });
  cluster.put({
    ...running,
    metadata: {
      ...running.metadata,
      ...{ name: `dyno-${dynoId}-x7k2p`, uid: `pod-of-${dynoId}` },
      labels: { ...running.metadata.labels, "conifer.dev/dyno": dynoId },
    },
    status: { ...running.status, podIP: "127.0.0.1", podIPs: [{ ip: "127.0.0.1" }] },
  });
}

interface StartedRouter extends Running {
  readonly http: number;
  readonly internal: number;
}

/** The role as its pod runs it, in a home of its own. */
async function startRouter(role: string): Promise<StartedRouter> {
  const file = join(place.folder, `${role}.kubeconfig`);
  const config: Config = place.configOf(role, {
    KUBECONFIG: file,
    CONIFER_NAMESPACE: NAMESPACE,
    CONIFER_ROUTER_PORT: String(await idlePort()),
    CONIFER_ROUTER_TLS_PORT: String(await idlePort()),
  });
  writeFileSync(
    file,
    JSON.stringify({
      ...{ apiVersion: "v1", kind: "Config", "current-context": "it" },
      clusters: [{ name: "it", cluster: { server: cluster.url } }],
      users: [{ name: "it", user: { token: "one" } }],
      contexts: [{ name: "it", context: { cluster: "it", user: "it", namespace: NAMESPACE } }],
    }),
  );
  const internal = await idlePort();
  const running = await startClusterRouter(config, silentLogger, silentMeter, internal);
  const router = { http: config.routerPort, internal, stop: () => running.stop() };
  kept.push(router);
  return router;
}

/** Asks until the router has heard of what the cluster holds. */
async function servedBy(port: number): Promise<string> {
  for (;;) {
    // One that knows the app and not yet its dynos holds the request.
    const { status, body } = await ask(port, ...HOST).catch(() => ({ status: 0, body: "" }));
    if (status === 200) return body;
    await pause(25);
  }
}

async function ended(router: Running): Promise<void> {
  kept.splice(kept.indexOf(router), 1);
  await router.stop();
}

describe("a router in a cluster", () => {
  test("serves what the cluster's objects tell, and goes on and starts again without the cluster", async () => {
    cluster = await openHeldCluster();
    kept.push({ stop: () => cluster.close() });
    const dyno = await startDyno();
    describeApp(dyno.id);
    const first = await startRouter("router-a");
    expect(await servedBy(first.http)).toBe("from the dyno");

    const peer = place.peer(first.internal);
    expect(await callPeer(peer, `GET /routes/${APP_ID}/version`)).toEqual({ version: 7 });
    expect(await callPeer(peer, `GET /endpoints/${APP_ID}`)).toEqual({
      endpoints: [
        {
          ...{ dynoId: dyno.id, name: "web.1", state: "up" },
          address: { host: "127.0.0.1", port: dynoPort(dyno.id) },
        },
      ],
    });
    await expect(callPeer({ ...peer, secret: "a guess" }, "GET /endpoints/x")).rejects.toThrow();

    await cluster.close();
    expect((await ask(first.http, ...HOST)).body).toBe("from the dyno");
    await ended(first);
    const second = await startRouter("router-a");
    expect((await ask(second.http, ...HOST)).body).toBe("from the dyno");
  });

  test("hears of changes while it runs: another dyno, and the app's end", async () => {
    cluster = await openHeldCluster();
    kept.push({ stop: () => cluster.close() });
    const { http } = await startRouter("router-b");
    expect((await ask(http, ...HOST)).status).toBe(404);
    describeApp((await startDyno()).id);
    expect(await servedBy(http)).toBe("from the dyno");
    cluster.drop(`configmaps/${NAMESPACE}/route-${APP_ID}`);
    for (let status = 200; status !== 404; ) {
      ({ status } = await ask(http, ...HOST));
      await pause(10);
    }
  });

  test("starts without the cluster and without anything kept, and serves when the cluster is there", async () => {
    cluster = await openHeldCluster();
    kept.push({ stop: () => cluster.close() });
    const refusals = { left: 5 };
    cluster.refuse = () =>
      refusals.left-- > 0 ? [503, "ServiceUnavailable", "the API server is starting"] : undefined;
    describeApp((await startDyno()).id);
    const { http } = await startRouter("router-c");
    expect(await servedBy(http)).toBe("from the dyno");
    expect(refusals.left).toBeLessThan(0);
  });
});
