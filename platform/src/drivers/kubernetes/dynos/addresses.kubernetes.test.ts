import { isIPv6 } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { DynoFollower, suiteSpec } from "../../../runtime/dyno/dyno-host-suite.ts";
import { KIND, type KubeObject, type Pod } from "../client/index.ts";
import { BEHAVIORS, openTestCluster, shell, type TestCluster, type TestSpace } from "./cluster-fixtures.ts";
import type { KubernetesDynoHost } from "./kubernetes-dyno-host.ts";

/** Which of a pod's addresses the router is given, on a cluster with both families. */

let cluster: TestCluster;
let space: TestSpace;
let host: KubernetesDynoHost;
let seen: DynoFollower;

beforeAll(async () => {
  cluster = await openTestCluster();
});
afterAll(() => cluster?.close());
beforeEach(async () => {
  space = cluster.openSpace();
  host = await space.startHost();
  seen = new DynoFollower(host.dynos);
});
afterEach(async () => {
  await seen.close();
  await host.stop();
  await space.close();
});

async function start(line: string) {
  const dyno = suiteSpec({ program: () => BEHAVIORS.serves }, "serves", shell(line));
  await host.dynos.apply({ appId: dyno.appId, dynos: [dyno] }, { subject: "formation", number: 1 });
  const { state } = await seen.until(dyno.id, "up");
  const at = { kind: KIND.pod, namespace: space.namespace };
  const { items } = await cluster.client.list<Pod>(at, { labelSelector: `conifer.dev/dyno=${dyno.id}` });
  return { dyno, address: state.address, own: (items[0]?.status?.podIPs ?? []).map(({ ip }) => ip) };
}

const onUrl = (address: string, port: number) =>
  `http://${isIPv6(address) ? `[${address}]` : address}:${port}/`;

async function hasBoth(): Promise<boolean> {
  const kind = { apiVersion: "v1", kind: "Node", plural: "nodes" };
  const { items } = await cluster.client.list<KubeObject & { spec: { podCIDRs?: readonly string[] } }>(
    { kind },
    {},
  );
  return items.every(({ spec }) => (spec.podCIDRs?.length ?? 0) > 1);
}

test("a dyno that listens on both answers on both, and the router is given IPv6", async ({ skip }) => {
  if (!(await hasBoth())) skip("the cluster has one family");
  const { address, own } = await start('exec httpd -f -p "$PORT"');
  expect(own.map(isIPv6).sort()).toEqual([false, true]);
  for (const one of own) expect((await fetch(onUrl(one, address?.port ?? 0))).status).toBe(404);
  expect(address?.host).toBe(own.find(isIPv6));
});

test("of one that listens on IPv4 alone the router is given that, and it serves from the first request on", async () => {
  const { address, own } = await start('exec httpd -f -p "0.0.0.0:$PORT"');
  expect(address?.host).toBe(own.find((one) => !isIPv6(one)));
  for (let i = 0; i < 20; i++)
    expect((await fetch(onUrl(address?.host ?? "", address?.port ?? 0))).status).toBe(404);
});

test("where IPv6 leads nowhere from here, the router is given IPv4, soon", async ({ skip }) => {
  if (!(await hasBoth())) skip("the cluster has one family");
  await host.stop();
  space = cluster.openSpace({ routerRanges: ["0.0.0.0/0"] }); // what comes by IPv6 is dropped
  host = await space.startHost();
  await seen.close();
  seen = new DynoFollower(host.dynos);
  const { address, own } = await start('exec httpd -f -p "$PORT"');
  expect(own).toHaveLength(2);
  expect(address?.host).toBe(own.find((one) => !isIPv6(one)));
});

test("a process that comes later finds the same address", async ({ skip }) => {
  if (!(await hasBoth())) skip("the cluster has one family");
  const { dyno, address } = await start('exec httpd -f -p "$PORT"');
  const other = await space.startHost();
  const follower = new DynoFollower(other.dynos);
  try {
    // The node has heard it already, on IPv4; this process asks for itself.
    await follower.until(
      dyno.id,
      "up",
      ({ state }) => state.kind === "up" && state.address?.host === address?.host,
    );
    expect(isIPv6(address?.host ?? "")).toBe(true);
  } finally {
    await follower.close();
    await other.stop();
  }
});
