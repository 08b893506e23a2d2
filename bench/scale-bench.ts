import { setTimeout as wait } from "node:timers/promises";
import { controlApp } from "../conformance/src/app-control.ts";
import { HELLO_APP } from "../conformance/src/app-folder.ts";
import { setOut } from "../conformance/src/journey.ts";
import { KIND, type Pod } from "../platform/src/drivers/kubernetes/client/index.ts";
import { SIMULATED_NODE } from "../tools/cluster/simulated-objects.ts";
import { runCluster } from "./installation/cluster-command.ts";
import {
  connectOptions,
  type Installation,
  openInstallation,
  ROLES,
  APPS as SPACE,
  untilTrue,
  untilWell,
} from "./installation/installation-access.ts";
import { countCost } from "./installation/process-cost.ts";
import { seedApps } from "./installation/seed-apps.ts";
import { readStored } from "./installation/stored-objects.ts";
import { timed } from "./platform/timings.ts";
import { machineFacts } from "./router/machine-facts.ts";
import { writeResult } from "./router/result-file.ts";

/**
 * An installation with APPS (11000) apps whose dynos are on NODES (200) simulated nodes: what every role and the cluster's
 * own programs take when nothing happens, without and with the apps, and how long all roles of Conifer together take from
 * their end to a change that took effect. In a cluster of ours (CONIFER_CLUSTER), which is to be taken down afterwards.
 */
const APPS = Number(process.env.APPS ?? 11_000);
const NODES = Number(process.env.NODES ?? 200);
const IDLE_SECONDS = Number(process.env.IDLE_SECONDS ?? 60);
const TEMPLATE = "seed";

async function main(): Promise<number> {
  const installation = await openInstallation();
  const { cluster, namespace } = installation;
  if (!cluster) throw new Error("Name a cluster of ours: CONIFER_CLUSTER.");
  const figures: Record<string, unknown> = {};
  const keep = (name: string, figure: unknown) => {
    figures[name] = figure;
    console.log(name, JSON.stringify(figure));
    writeResult("scale", { apps: APPS, nodes: NODES, ...figures, machine: machineFacts([]) });
  };
  const journey = await setOut(await connectOptions());
  const app = await journey.deployApp(TEMPLATE, HELLO_APP);
  const control = controlApp(journey, app);
  await control.scale("web", 0);
  keep("without", await countCost(cluster, IDLE_SECONDS));
  keep("restartWithout", await restartRoles(installation));
  runCluster(cluster, ["scale", "--nodes", String(NODES)]);
  setSimulated(cluster, { open: true });
  await control.scale("worker", 1);
  const seconds = await timed(async () => {
    seedApps(cluster, { namespace, template: TEMPLATE, apps: APPS });
    await untilTrue("all dynos to run", () => allRun(installation), 2_000, SEED_MS);
  });
  keep("secondsUntilAllRun", Math.round(seconds / 1_000));
  keep("stored", readStored(cluster));
  await wait(SETTLE_MS);
  keep("with", await countCost(cluster, IDLE_SECONDS));
  // What is on simulated nodes goes nowhere else meanwhile; a role that comes back there would run nothing.
  setSimulated(cluster, { open: false });
  const restart = await restartRoles(installation);
  keep("restart", restart);
  await journey.end().catch(() => undefined);
  await installation.client.close();
  return restart.seconds <= BAR_SECONDS ? 0 : 1;
}

const BAR_SECONDS = 60;
/** Workers look once more at all that they have made. */
const SETTLE_MS = 180_000;
const SEED_MS = 3_600_000;

/** Whether what comes goes to the simulated nodes, and only there, or to the real ones. */
function setSimulated(cluster: string, { open }: { readonly open: boolean }): void {
  const taint = open ? `${SIMULATED_NODE}-` : `${SIMULATED_NODE}:NoSchedule`;
  runCluster(cluster, ["kubectl", "taint", "nodes", "-l", `${SIMULATED_NODE}=true`, taint]);
  runCluster(cluster, ["kubectl", open ? "cordon" : "uncordon", "-l", `${SIMULATED_NODE}!=true`]);
}

let told = 0;

async function allRun({ client }: Installation): Promise<boolean> {
  const query = { labelSelector: "conifer.dev/dyno", fieldSelector: "status.phase=Running" };
  const { items } = await client.list<Pod>({ kind: KIND.pod, namespace: SPACE }, query);
  if (items.length - told >= APPS / 10) console.log(`${items.length} dynos run`);
  told = items.length - (items.length % Math.ceil(APPS / 10));
  return items.length > APPS;
}

interface Restart {
  /** From the end of all pods of all roles at once, at no notice, until all answer again. */
  readonly seconds: number;
  /** By role, of its last pod: seconds until its process was begun, and until it answered. Whole ones, by the cluster's clocks. */
  readonly roles: Readonly<Record<string, { readonly begun: number; readonly ready: number }>>;
}

async function restartRoles(installation: Installation): Promise<Restart> {
  const { client, namespace } = installation;
  const place = { kind: KIND.pod, namespace };
  const { items } = await client.list<Pod>(place, {});
  const began = Date.now();
  const ended = items.map(({ metadata }) => client.remove(place, metadata.name, { gracePeriodSeconds: 0 }));
  await Promise.all(ended);
  const least = ROLES.reduce((all, { replicas }) => all + replicas, 0);
  await untilTrue("the roles to be there again", async () => {
    const now = await client.list<Pod>(place, {});
    return now.items.length >= least;
  });
  await untilWell(installation);
  const seconds = Number(((Date.now() - began) / 1_000).toFixed(1));
  const byRole = Map.groupBy(
    (await client.list<Pod>(place, {})).items,
    ({ metadata }) => metadata.labels?.["conifer.dev/role"] ?? "",
  );
  const roles = [...byRole].map(([role, pods]) => [role, lastOf(pods, began)] as const);
  return { seconds, roles: Object.fromEntries(roles) };
}

function lastOf(pods: readonly Pod[], began: number): { begun: number; ready: number } {
  const since = (times: readonly (string | undefined)[]) =>
    Math.round((Math.max(...times.map((time = "") => Date.parse(time) || 0)) - began) / 1_000);
  const statuses = pods.map(({ status }) => status);
  return {
    begun: since(statuses.map((status) => status?.containerStatuses?.[0]?.state?.running?.startedAt)),
    ready: since(statuses.map((status) => readySince(status))),
  };
}

function readySince(status: Pod["status"]): string | undefined {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  return (ready as { readonly lastTransitionTime?: string } | undefined)?.lastTransitionTime;
}

process.exitCode = await main();
