import { describe, expect, test } from "vitest";
import {
  fencePolicies,
  type SpaceFence,
} from "../../../platform/src/drivers/kubernetes/dynos/space-fence.ts";
import type { NetworkPolicy } from "./network-policy.ts";
import { mayConnect, networkPolicy, policyWorld, seenPod } from "./policy-fixtures.ts";
import type { SeenPod } from "./seen-pod.ts";

/** The fences that Conifer puts around spaces, asked by the rules of the API: what the table on a cluster cannot show. */

const SYSTEM = "conifer-system";
const fence: SpaceFence = {
  routerRanges: ["192.0.2.7/32"],
  systemNamespace: SYSTEM,
  routerPorts: [8080, 8443],
  openRanges: ["10.77.0.0/16"],
  closedRanges: ["203.0.113.0/24", "2001:db8:1::/48"],
};

let count = 0;
function pod(namespace: string, labels: Record<string, string>): SeenPod {
  count += 1;
  return seenPod(`pod${count}`, {
    namespace,
    labels,
    addresses: [`10.0.0.${count}`, `2001:db8:1::${count}`],
  });
}

const dyno = (namespace: string, app: string, part = "formation") =>
  pod(namespace, { "conifer.dev/dyno": `d${count}`, "conifer.dev/app": app, "conifer.dev/part": part });
const role = (name: string, namespace = SYSTEM) => pod(namespace, { "conifer.dev/role": name });

const one = dyno("apps", "1");
const other = dyno("apps", "2");
const oneOff = dyno("apps", "1", "one-off");
const elsewhere = dyno("space", "3");
const foreign = pod("apps", { app: "foreign" });
const router = role("router");
const worker = role("worker");
const impostor = role("router", "strangers");
const stranger = pod("strangers", {});

const fenced = (namespace: string, given: SpaceFence) =>
  fencePolicies(given).map(([name, spec]) => networkPolicy(spec as NetworkPolicy["spec"], namespace, name));
const worldWith = (given: SpaceFence) =>
  policyWorld(
    [one, other, oneOff, elsewhere, foreign, router, worker, impostor, stranger],
    [...fenced("apps", given), ...fenced("space", given)],
    Object.fromEntries(
      ["apps", "space", SYSTEM, "strangers"].map((name) => [name, { "kubernetes.io/metadata.name": name }]),
    ),
  );
const world = worldWith(fence);
const PORT = 25_000;

test("no dyno reaches a dyno, on any port, by any family", () => {
  const dynos = [one, other, oneOff, elsewhere];
  for (const from of dynos) {
    for (const to of dynos) {
      for (const port of [53, 80, 8080, PORT]) {
        if (from !== to)
          expect(mayConnect(world, from, to, { port }), `${from.name} ${to.name} ${port}`).toBe(false);
      }
    }
  }
});

test.each([
  ["a router", router, one, PORT, true],
  ["a router", router, elsewhere, PORT, true],
  ["a worker", worker, one, PORT, true],
  ["a router, below the ports of dynos", router, one, 19_999, false],
  ["a router, above them", router, one, 32_000, false],
  ["a router, to a one-off dyno", router, oneOff, PORT, false],
  ["one with a router's label elsewhere", impostor, one, PORT, false],
  ["a stranger", stranger, one, PORT, false],
  ["a foreign pod of the namespace", foreign, one, PORT, false],
  ["a router, to a foreign pod of the namespace", router, foreign, PORT, false],
])("%s calls: %#", (_what, from, to, port, allowed) => {
  expect(mayConnect(world, from, to, { port })).toBe(allowed);
  expect(mayConnect(world, from, to, { port, protocol: "UDP" })).toBe(false);
});

test("a router outside of the cluster calls from its range only", () => {
  expect(mayConnect(world, "192.0.2.7", one, { port: PORT })).toBe(true);
  expect(mayConnect(world, "192.0.2.8", one, { port: PORT })).toBe(false);
});

describe("a dyno reaches", () => {
  test.each<[string, string, number, boolean]>([
    ["a site", "198.51.100.1", 443, true],
    ["a site", "2600::1", 443, true],
    ["any port of it", "198.51.100.1", 25, true],
    ["metadata", "169.254.169.254", 80, false],
    ["metadata of containers", "169.254.170.2", 80, false],
    ["metadata", "fd00:ec2::254", 80, false],
    ["metadata through a translator", "64:ff9b::a9fe:a9fe", 80, false],
    ["a private address through a translator", "64:ff9b::a00:1", 80, false],
    ["a site through a translator", "64:ff9b::c633:6401", 80, true],
    ["its link", "fe80::1", 80, false],
    ["itself by loopback of others", "127.0.0.1", 80, false],
    ["a multicast group", "224.0.0.251", 5353, false],
    ["a multicast group", "ff02::fb", 5353, false],
    ["private networks", "10.1.2.3", 5432, false],
    ["private networks", "172.31.255.255", 5432, false],
    ["private networks", "192.168.1.1", 80, false],
    ["a carrier's network", "100.127.0.1", 80, false],
    ["private networks", "fd12::1", 5432, false],
    ["one that is opened", "10.77.3.4", 5432, true],
    ["what lies beside it", "10.78.0.1", 5432, false],
    ["what is closed", "203.0.113.9", 443, false],
    ["what is closed", "2001:db8:1::9", 443, false],
    ["what lies beside it", "2001:db8:2::9", 443, true],
    ["a router outside, where visitors come", "192.0.2.7", 8443, true],
  ])("%s: %s port %i is %s", (_what, address, port, allowed) => {
    expect(mayConnect(world, one, address, { port })).toBe(allowed);
    expect(mayConnect(world, oneOff, address, { port })).toBe(allowed);
    expect(mayConnect(world, foreign, address, { port })).toBe(false);
  });

  test("routers where visitors come, and no other role and port", () => {
    expect(mayConnect(world, one, router, { port: 8443 })).toBe(true);
    expect(mayConnect(world, one, router, { port: 6460 })).toBe(false);
    expect(mayConnect(world, one, impostor, { port: 8443 })).toBe(false);
    expect(mayConnect(world, one, worker, { port: 8443 })).toBe(false);
  });

  test("resolvers: any, or those that are named and no others", () => {
    for (const protocol of ["UDP", "TCP"]) {
      expect(mayConnect(world, one, "10.0.0.2", { port: 53, protocol })).toBe(true);
      const named = worldWith({ ...fence, nameservers: ["10.0.0.53"] });
      expect(mayConnect(named, one, "10.0.0.53", { port: 53, protocol })).toBe(true);
      expect(mayConnect(named, one, "10.0.0.2", { port: 53, protocol })).toBe(false);
      expect(mayConnect(named, one, "10.0.0.53", { port: 54, protocol })).toBe(false);
    }
  });
});
