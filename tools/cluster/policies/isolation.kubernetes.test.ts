import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KIND, type KubeObject, type Pod } from "../../../platform/src/drivers/kubernetes/client/index.ts";
import {
  type PodPlace,
  reaches,
} from "../../../platform/src/drivers/kubernetes/client/pod-command-fixtures.ts";
import {
  BEHAVIORS,
  openTestCluster,
  shell,
  type TestCluster,
  type TestSpace,
} from "../../../platform/src/drivers/kubernetes/dynos/cluster-fixtures.ts";
import { dynoPort } from "../../../platform/src/drivers/kubernetes/dynos/dyno-manifests.ts";
import { DynoFollower, suiteSpec } from "../../../platform/src/runtime/dyno/dyno-host-suite.ts";
import { bridgeOf } from "../cluster-plan.ts";
import { findNodes, seeProcesses } from "../cluster-processes.ts";

/**
 * The table of docs/guides/isolation.md, row by row, on a cluster that `npm run cluster` made: what a cloud or the internet
 * would be is put on its nodes and on this machine. Every row that says no is tried from a pod without a fence as well, to
 * show that there is something to reach.
 */

const SYSTEM = `isolation-${randomUUID().slice(0, 8)}`;
const OUTSIDE = `${SYSTEM}-strangers`;
const ROUTER_PORT = 8080;
const ROLE_PORT = 6460;
const OTHER_PORT = 9090;
/** Set aside for documentation, so that it is nobody's (RFC 5737). */
const INTERNET = "203.0.113.77";
/** Private addresses of this machine alone, while the test runs. */
const CLOSED_NETWORK = "10.213.77.1";
const OPENED_NETWORK = "10.213.78.1";
const METADATA = ["169.254.169.254", "fd00:ec2::254"];

interface Spot {
  readonly addresses: readonly string[];
  readonly port: number;
}

let cluster: TestCluster;
const spaces: TestSpace[] = [];
const running: { stop(): Promise<void> }[] = [];
const places = new Map<string, PodPlace>();
const spots = new Map<string, Spot>();

const cells = readFileSync(join(import.meta.dirname, "../../../docs/guides/isolation.md"), "utf8")
  .split("\n")
  .filter((line) => /^\| (?:a|another) /.test(line))
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .map(([, from = "", to = "", reached = ""]) => [from, to, reached] as const);

async function runningPod(name: string, namespace: string): Promise<Pod> {
  for (const deadline = Date.now() + 30_000; ; await wait(50)) {
    const pod = await cluster.client.get<Pod>({ kind: KIND.pod, namespace }, name);
    if (pod.status?.containerStatuses?.[0]?.state?.running) return pod;
    if (Date.now() > deadline) throw new Error(`${name} stayed ${JSON.stringify(pod.status)}`);
  }
}

const addressesOf = ({ status }: Pod) => (status?.podIPs ?? []).map(({ ip }) => ip);

/** A pod that listens on those ports and is held to the strictest level, as every role is. */
async function startPod(called: string, namespace: string, labels: Record<string, string>, ports: number[]) {
  const name = called.replaceAll(/[^a-z]+/g, "-");
  const serve = ports.map((port) => `httpd -p ${port};`).join(" ");
  const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
  await cluster.client.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels },
    spec: {
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "main",
          image: cluster.imageRef,
          command: ["/bin/sh", "-c", `${serve} exec sleep 100000`],
          securityContext,
          resources: { limits: { memory: "32Mi", cpu: "100m" } },
        },
      ],
    },
  } as KubeObject);
  const pod = await runningPod(name, namespace);
  places.set(called, { namespace, pod: name, container: "main" });
  return addressesOf(pod);
}

async function makeNamespace(name: string): Promise<void> {
  await cluster.client.create({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  const account = { kind: KIND.serviceAccount, namespace: name };
  for (let tries = 0; (await cluster.client.list(account, {})).items.length === 0; tries++) {
    if (tries > 200) throw new Error(`${name} got no account`);
    await wait(50);
  }
}

/** Starts dynos in a space of their own; `names` are what the table calls them, apps what they belong to. */
async function startDynos(
  dynos: readonly { called: string; app: string; oneOff?: boolean }[],
): Promise<void> {
  const space = cluster.openSpace({
    routerRanges: [`${process.env.CONIFER_CLUSTER_REGISTRY?.split(":")[0]}/32`],
    systemNamespace: SYSTEM,
    routerPorts: [ROUTER_PORT],
    openRanges: [`${OPENED_NETWORK}/32`],
  });
  spaces.push(space);
  const host = await space.startHost();
  const seen = new DynoFollower(host.dynos);
  running.push({ stop: () => seen.close() }, host);
  const listens = `httpd -p ${OTHER_PORT}; exec httpd -f -p "$PORT"`;
  const specs = dynos.map(({ called, app, oneOff }, at) => ({
    called,
    oneOff,
    spec: suiteSpec({ program: () => BEHAVIORS.serves }, "serves", {
      appId: `${app.repeat(8)}-1111-4111-8111-111111111111`,
      ...(oneOff
        ? {
            name: "run.1",
            type: "run",
            duty: "work" as const,
            ...shell(`httpd -p "$PORT"; exec sleep 100000`),
          }
        : { name: `web.${at + 1}`, ...shell(listens) }),
    }),
  }));
  for (const { appId } of new Map(specs.map(({ spec }) => [spec.appId, spec])).values()) {
    const own = specs.filter(({ spec, oneOff }) => spec.appId === appId && !oneOff).map(({ spec }) => spec);
    if (own.length > 0) await host.dynos.apply({ appId, dynos: own }, { subject: "formation", number: 1 });
  }
  for (const { spec, oneOff } of specs) if (oneOff) await host.dynos.run(spec, { attach: false });
  for (const { called, spec } of specs) {
    await seen.until(spec.id, "up");
    const at = { kind: KIND.pod, namespace: space.namespace };
    const { items } = await cluster.client.list<Pod>(at, { labelSelector: `conifer.dev/dyno=${spec.id}` });
    const [pod] = items;
    if (!pod) throw new Error(`${called} has no pod`);
    places.set(called, { namespace: space.namespace, pod: pod.metadata.name, container: "dyno" });
    spots.set(called, { addresses: addressesOf(pod), port: dynoPort(spec.id) });
  }
}

/** Something that listens at an address which the test gives to this machine, or to every node. */
const helpers: ChildProcess[] = [];
const servers: Server[] = [];
const given: { readonly pid: number | undefined; readonly address: string; readonly device: string }[] = [];

function onNetwork(pid: number | undefined, command: readonly string[]): void {
  const [program = "", ...rest] =
    pid === undefined ? command : ["nsenter", "-t", String(pid), "-n", "--", ...command];
  execFileSync(program, rest);
}

function giveAddress(pid: number | undefined, address: string, device: string): void {
  const v6 = address.includes(":");
  onNetwork(pid, [
    "ip",
    "address",
    "add",
    `${address}/${v6 ? 128 : 32}`,
    "dev",
    device,
    ...(v6 ? ["nodad"] : []),
  ]);
  given.push({ pid, address, device });
}

async function listenHere(address: string, port: number): Promise<Spot> {
  const server = createServer((socket) => socket.end());
  servers.push(server);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, address, resolve);
  });
  return { addresses: [address], port };
}

beforeAll(async () => {
  const name = process.env.CONIFER_CLUSTER;
  if (!name) return;
  cluster = await openTestCluster();
  for (const address of [INTERNET, CLOSED_NETWORK, OPENED_NETWORK])
    giveAddress(undefined, address, bridgeOf(name));
  spots.set("the internet", await listenHere(INTERNET, 7080));
  spots.set("a private network around the cluster", await listenHere(CLOSED_NETWORK, 7080));
  spots.set("a private network that was opened", await listenHere(OPENED_NETWORK, 7080));
  for (const { pid } of findNodes(name, seeProcesses())) {
    for (const address of METADATA) {
      giveAddress(pid, address, "lo");
      const listen = address.includes(":") ? `[${address}]:80` : `${address}:80`;
      helpers.push(
        spawn("nsenter", [
          "-t",
          String(pid),
          "-n",
          "--",
          "busybox",
          "httpd",
          "-f",
          "-p",
          listen,
          "-h",
          "/tmp",
        ]),
      );
    }
  }
  await Promise.all([makeNamespace(SYSTEM), makeNamespace(OUTSIDE)]);
  await Promise.all([
    startDynos([
      { called: "a dyno", app: "1" },
      { called: "another dyno of its app", app: "1" },
      { called: "a dyno of another app", app: "2" },
      { called: "a one-off dyno", app: "1", oneOff: true },
    ]),
    startDynos([{ called: "a dyno of another space", app: "3" }]),
    startPod("a router", SYSTEM, { "conifer.dev/role": "router" }, [ROUTER_PORT, ROLE_PORT]).then(
      (addresses) => {
        spots.set("a router's public port", { addresses, port: ROUTER_PORT });
        spots.set("a router's other ports", { addresses, port: ROLE_PORT });
      },
    ),
    startPod("a worker", SYSTEM, { "conifer.dev/role": "worker" }, [ROUTER_PORT]).then((addresses) =>
      spots.set("a worker", { addresses, port: ROUTER_PORT }),
    ),
    startPod("another role", SYSTEM, { "conifer.dev/role": "api" }, [ROUTER_PORT]).then((addresses) =>
      spots.set("another role", { addresses, port: ROUTER_PORT }),
    ),
    startPod("a stranger's pod", OUTSIDE, { "conifer.dev/role": "router" }, [ROUTER_PORT]).then((addresses) =>
      spots.set("a stranger's pod", { addresses, port: ROUTER_PORT }),
    ),
  ]);
  const [first] = spaces;
  if (!first) throw new Error("there is no space");
  const plain = await startPod("a pod in the space that is no dyno", first.namespace, { app: "foreign" }, [
    OTHER_PORT,
  ]);
  spots.set("a pod in the space that is no dyno", { addresses: plain, port: OTHER_PORT });
  spots.set("a dyno's other ports", { addresses: spots.get("a dyno")?.addresses ?? [], port: OTHER_PORT });
  spots.set("the cloud's metadata address", { addresses: METADATA, port: 80 });
  await describeCluster();
});

async function describeCluster(): Promise<void> {
  const { hostname, port } = new URL(cluster.client.access.server);
  spots.set("the API server by its node", { addresses: [hostname], port: Number(port) });
  const kind = { apiVersion: "v1", kind: "Service", plural: "services" };
  const service = await cluster.client.get<KubeObject & { spec: { clusterIPs: string[] } }>(
    { kind, namespace: "default" },
    "kubernetes",
  );
  spots.set("the API server by its Service", { addresses: service.spec.clusterIPs, port: 443 });
  const at = places.get("a dyno");
  const dyno = at && (await cluster.client.get<Pod>({ kind: KIND.pod, namespace: at.namespace }, at.pod));
  const { hostIPs = [] } = (dyno?.status ?? {}) as { hostIPs?: readonly { ip: string }[] };
  spots.set("its node's kubelet", { addresses: hostIPs.map(({ ip }) => ip), port: 10_250 });
  const registry = execFileSync("npm", ["config", "get", "registry"], { encoding: "utf8" }).trim();
  const { hostname: name, port: own } = new URL(registry);
  spots.set("a package registry by its name", { addresses: [name], port: Number(own || 443) });
}

afterAll(async () => {
  for (const one of running) await one.stop();
  for (const space of spaces) await space.close();
  for (const namespace of [SYSTEM, OUTSIDE])
    await cluster?.client.remove({ kind: KIND.namespace }, namespace);
  for (const child of helpers) child.kill();
  for (const server of servers) server.close();
  for (const { pid, address, device } of given) {
    onNetwork(pid, ["ip", "address", "del", `${address}/${address.includes(":") ? 128 : 32}`, "dev", device]);
  }
  await cluster?.close();
});

/** On which of its addresses something is reached; all of them have to be tried, for each is a way. */
async function reachedOn(from: string, to: string): Promise<string[]> {
  const place = places.get(from);
  const spot = spots.get(to);
  if (!place || !spot) throw new Error(`the table has ${from} and ${to}, which this test does not know`);
  const tried = spot.addresses.map(async (address) =>
    (await reaches(cluster.client, place, { address, port: spot.port })) ? [address] : [],
  );
  return (await Promise.all(tried)).flat();
}

describe.skipIf(!process.env.CONIFER_CLUSTER)("the table", () => {
  test("is read", () => expect(cells.length).toBeGreaterThan(30));

  test.each(cells)("%s to %s: %s", async (from, to, reached) => {
    const all = spots.get(to)?.addresses ?? [];
    expect(await reachedOn(from, to)).toEqual(reached === "yes" ? all : []);
  });

  const refused = new Set(cells.filter(([, , reached]) => reached === "no").map(([, to]) => to));
  const fenced = /dyno|pod in the space/;
  test.each([...refused].filter((to) => !fenced.test(to)))("there is %s to be reached", async (to) => {
    expect(await reachedOn("a stranger's pod", to)).toEqual(spots.get(to)?.addresses);
  });
});
