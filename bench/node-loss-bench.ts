import { setTimeout as wait } from "node:timers/promises";
import { controlApp } from "../conformance/src/app-control.ts";
import { HELLO_APP } from "../conformance/src/app-folder.ts";
import { setOut } from "../conformance/src/journey.ts";
import { KIND, type KubeObject, type Pod } from "../platform/src/drivers/kubernetes/client/index.ts";
import { LABEL } from "../platform/src/drivers/kubernetes/dynos/index.ts";
import { findNodes, seeProcesses } from "../tools/cluster/cluster-processes.ts";
import { isReady } from "../tools/router-nodes.ts";
import { runCluster } from "./installation/cluster-command.ts";
import {
  APPS,
  connectOptions,
  type Installation,
  openInstallation,
  podsOf,
  ROUTER_PORT,
  untilTrue,
  untilWell,
} from "./installation/installation-access.ts";
import { startSteadyLoad } from "./platform/steady-load.ts";
import { median } from "./platform/timings.ts";
import { machineFacts } from "./router/machine-facts.ts";
import { writeResult } from "./router/result-file.ts";

/**
 * From a node's end, all its processes at once, until every dyno that was there serves again elsewhere: each has a ready
 * pod on a node that lives, and the routers that are left have had an answer of each. Then the node comes back, and no dyno
 * may be there twice. CONIFER_CLUSTER names a cluster of ours with three nodes; ROUNDS (3), DYNOS (6). With VICTIM=keeper it
 * is the node of the worker that cares for lost nodes.
 */
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const DYNOS = Number(process.env.DYNOS ?? 6);
const LOSES_KEEPER = process.env.VICTIM === "keeper";
const PER_SECOND = 100;
const NAME = "spread";
const SETTLE_MS = 3_000;

interface Loss {
  readonly node: string;
  readonly dynosThere: number;
  /** Whether the worker that cares for lost nodes was lost, too. */
  readonly keeperThere: boolean;
  readonly seconds: number;
  /** Until the last pod was there that serves. */
  readonly podSeconds: number;
  readonly sent: number;
  readonly failed: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly secondsUntilSingle: number;
}

async function main(): Promise<number> {
  const installation = await openInstallation();
  const { cluster } = installation;
  if (!cluster) throw new Error("Name a cluster of ours: CONIFER_CLUSTER.");
  const journey = await setOut(await connectOptions());
  const losses: Loss[] = [];
  try {
    const app = await journey.deployApp(NAME, HELLO_APP);
    const control = controlApp(journey, app);
    await control.scale("web", DYNOS);
    await control.dynosAre("web", Array(DYNOS).fill("up"), 120_000);
    for (let round = 0; round < ROUNDS; round += 1) {
      const before = new Set((await dynoPods(installation)).map(({ metadata }) => metadata.uid));
      // The database may have been on the node that was lost.
      await untilTrue("a restart of all dynos", async () => {
        const { status } = await journey.api("DELETE", `/apps/${NAME}/dynos`);
        return status < 300;
      });
      await untilTrue("new dynos on several nodes", async () =>
        isSpread(await dynoPods(installation), before),
      );
      await wait(SETTLE_MS);
      const loss = await loseNode(installation, cluster);
      losses.push(loss);
      console.log(JSON.stringify(loss));
      report(losses);
    }
  } finally {
    await journey.end();
    await installation.client.close();
  }
  return median(losses.map(({ seconds }) => seconds)) <= BAR_SECONDS ? 0 : 1;
}

const BAR_SECONDS = 60;
const GOAL_SECONDS = 10;

function report(losses: readonly Loss[]): void {
  writeResult("node-loss", {
    figure: "seconds from a node's end until all dynos of an app serve again",
    ...{ dynos: DYNOS, bar: BAR_SECONDS, goal: GOAL_SECONDS },
    median: median(losses.map(({ seconds }) => seconds)),
    losses,
    machine: machineFacts([]),
  });
}

async function loseNode(installation: Installation, cluster: string): Promise<Loss> {
  const pods = await dynoPods(installation);
  const victim = LOSES_KEEPER ? await moveKeeper(installation) : chooseVictim(pods);
  const there = pods.filter(({ spec }) => spec.nodeName === victim);
  const routers = await podsOf(installation, "router");
  const alive = routers.filter((pod) => isReady(pod) && pod.spec.nodeName !== victim);
  const keeperThere = (await keeperPod(installation))?.spec.nodeName === victim;
  const heard = new Map<string, number>();
  const load = startSteadyLoad({
    addresses: alive.map(({ status }) => status?.podIP ?? ""),
    ...{ port: ROUTER_PORT, host: `${NAME}.localhost`, perSecond: PER_SECOND },
    onAnswer: (body, at) => void heard.set(/from (\S+)/.exec(body)?.[1] ?? "", at),
  });
  await wait(1_000);
  const began = performance.now();
  endNode(cluster, victim);
  await untilTrue("dynos on other nodes", async () => isServed(await dynoPods(installation), victim), 50);
  const served = performance.now();
  await untilTrue(
    "an answer of every dyno",
    async () => [...heard.values()].filter((at) => at > served).length === DYNOS,
    10,
  );
  const seconds = sinceSeconds(began);
  const { sent, failed, failures } = await load.stop();
  await untilTrue("the node to be back", async () => {
    runCluster(cluster, ["up"]);
    return true;
  });
  const back = performance.now();
  await untilWell(installation);
  await untilTrue("one pod for each dyno", async () => (await dynoPods(installation)).length === DYNOS);
  return {
    ...{ node: victim, dynosThere: there.length, keeperThere, seconds },
    ...{ podSeconds: Number(((served - began) / 1_000).toFixed(1)), sent, failed, failures },
    secondsUntilSingle: sinceSeconds(back),
  };
}

const sinceSeconds = (began: number) => Number(((performance.now() - began) / 1_000).toFixed(1));

async function dynoPods({ client }: Installation): Promise<readonly Pod[]> {
  return (await client.list<Pod>({ kind: KIND.pod, namespace: APPS }, { labelSelector: LABEL.dyno })).items;
}

/** The node with the most dynos but the first, which has the cluster's own programs. */
function chooseVictim(pods: readonly Pod[]): string {
  const byNode = Map.groupBy(pods, ({ spec }) => spec.nodeName ?? "");
  const [most] = [...byNode].filter(([node]) => node !== "node1").sort(([, a], [, b]) => b.length - a.length);
  if (!most) throw new Error("no dyno is on any node but the first");
  return most[0];
}

/** Ends the keeper as long as it is on the first node, and returns where it is then. */
async function moveKeeper(installation: Installation): Promise<string> {
  let node: string | undefined;
  await untilTrue("a keeper on another node than the first", async () => {
    const keeper = await keeperPod(installation);
    node = keeper?.spec.nodeName;
    if (keeper && node === "node1") {
      const { client, namespace } = installation;
      await client.remove({ kind: KIND.pod, namespace }, keeper.metadata.name);
    }
    return node !== undefined && node !== "node1";
  });
  await untilWell(installation);
  return node ?? "";
}

/** A restart spreads anew what earlier losses have brought together; it is over when no pod of before is left. */
function isSpread(pods: readonly Pod[], before: ReadonlySet<string | undefined>): boolean {
  const away = pods.filter(({ spec }) => spec.nodeName !== "node1");
  const isNew = pods.every((pod) => isReady(pod) && !before.has(pod.metadata.uid));
  return pods.length === DYNOS && isNew && away.length > 1;
}

async function keeperPod({ client, namespace }: Installation): Promise<Pod | undefined> {
  const kind = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", plural: "leases" };
  const lease = await client.get<KubeObject & { spec: { holderIdentity?: string } }>(
    { kind, namespace },
    "conifer-nodes",
  );
  const pods = await podsOf({ client, namespace }, "worker");
  return pods.find(({ metadata }) => metadata.name === lease.spec.holderIdentity);
}

/** The process that holds the node's namespaces: the kernel ends the rest with it. */
function endNode(cluster: string, name: string): void {
  const node = findNodes(cluster, seeProcesses()).find(({ number }) => `node${number}` === name);
  if (!node) throw new Error(`${name} does not run`);
  process.kill(node.pid, "SIGKILL");
}

function isServed(pods: readonly Pod[], lost: string): boolean {
  const serving = pods.filter((pod) => pod.spec.nodeName !== lost && isReady(pod));
  return new Set(serving.map(({ metadata }) => metadata.labels?.[LABEL.dyno])).size === DYNOS;
}

process.exitCode = await main();
