import { setTimeout as wait } from "node:timers/promises";
import { HELLO_APP } from "../conformance/src/app-folder.ts";
import { type Journey, type JourneyApp, setOut } from "../conformance/src/journey.ts";
import {
  KIND,
  type KubeClient,
  type KubeKind,
  makeKubeClient,
  openKubeAccess,
  type Pod,
} from "../platform/src/drivers/kubernetes/client/index.ts";
import { type LoadReport, startSteadyLoad } from "./platform/steady-load.ts";
import { machineFacts } from "./router/machine-facts.ts";
import { writeResult } from "./router/result-file.ts";

/**
 * An installation in a cluster (KUBECONFIG, CONIFER_INSTALLATION): from push to first response, from the call to roll back to
 * the last old response, and requests that fail while a role is away, one role after the other. AWAY_SECONDS is how long.
 */
const ROUNDS = 3;
const PER_SECOND = 500;
const AWAY_SECONDS = Number(process.env.AWAY_SECONDS ?? 120);
const READY_MS = 180_000;

const ROLES = [
  ...(["api", "worker"] as const).map((role) => ({ role, plural: "deployments", replicas: 2 })),
  ...(["database", "files", "logs", "registry"] as const).map((role) => ({
    role,
    plural: "statefulsets",
    replicas: 1,
  })),
];

async function main(): Promise<number> {
  const { KUBECONFIG, CONIFER_INSTALLATION: namespace } = process.env;
  if (!KUBECONFIG || !namespace) {
    console.error("Name an installation: KUBECONFIG and CONIFER_INSTALLATION (its namespace).");
    return 1;
  }
  const client = makeKubeClient(await openKubeAccess(KUBECONFIG));
  const journey = await setOut();
  try {
    const app = await journey.deployApp("measured", HELLO_APP);
    await app.pageSays("hello");
    const pushes = await measurePushes(app);
    const rollbackMs = await measureRollback(journey, app);
    const away = await measureAway(client, namespace);
    writeResult("installation", {
      figure: "an installation's pushes, a rollback, and requests failed while each role was away",
      ...{
        pushToResponseSeconds: pushes,
        rollbackMs,
        perSecond: PER_SECOND,
        awaySeconds: AWAY_SECONDS,
        away,
      },
      machine: machineFacts(["git --version"]),
    });
    return Object.values(away).every(({ failed }) => failed === 0) ? 0 : 1;
  } finally {
    await journey.end();
    await client.close();
  }
}

async function measurePushes(app: JourneyApp): Promise<readonly number[]> {
  const seconds: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    await app.commit({ "index.html": `Hello ${i}`, "server.js": serverSaying(`Hello ${i}`) });
    const began = performance.now();
    await app.push();
    await app.pageSays(`Hello ${i}`);
    seconds.push(Number(((performance.now() - began) / 1_000).toFixed(1)));
    console.log(`push to first response: ${seconds.at(-1)} s`);
  }
  return seconds;
}

const serverSaying = (text: string) =>
  `require("node:http").createServer((_, r) => r.end(${JSON.stringify(text)})).listen(process.env.PORT);\n`;

/** From the call to the last response of the release that was left. */
async function measureRollback(journey: Journey, app: JourneyApp): Promise<number> {
  const releases = (await journey.api("GET", `/apps/${app.name}/releases`)).body as readonly {
    readonly id: string;
    readonly version: number;
  }[];
  const before = releases.toSorted((a, b) => b.version - a.version)[1];
  const began = performance.now();
  await journey.api("POST", `/apps/${app.name}/releases`, { release: before?.id });
  let last = began;
  for (let good = 0; good < 20; ) {
    const { body } = await app.page();
    if (body.includes(`Hello ${ROUNDS - 1}`)) {
      last = performance.now();
      good = 0;
    } else good++;
  }
  const ms = Math.round(last - began);
  console.log(`rollback: ${ms} ms until the last old response`);
  return ms;
}

async function measureAway(client: KubeClient, namespace: string) {
  const routers = await podsOf(client, namespace, "router");
  const addresses = routers.map(({ status }) => status?.podIP ?? "");
  const away: Record<string, LoadReport> = {};
  for (const { role, plural, replicas } of ROLES) {
    const kind = { apiVersion: "apps/v1", kind: plural, plural };
    await scale(client, { kind, namespace, role, replicas: 0 });
    const load = startSteadyLoad({
      addresses,
      port: 8080,
      host: "measured.localhost",
      perSecond: PER_SECOND,
    });
    await wait(AWAY_SECONDS * 1_000);
    const counted = await load.stop();
    await scale(client, { kind, namespace, role, replicas });
    away[role] = counted;
    console.log(`${role} away: ${counted.failed} of ${counted.sent} failed`);
  }
  return away;
}

interface Scaling {
  readonly kind: KubeKind;
  readonly namespace: string;
  readonly role: string;
  readonly replicas: number;
}

/** Returns when so many pods answer, and no other is left. */
async function scale(client: KubeClient, { kind, namespace, role, replicas }: Scaling): Promise<void> {
  await client.merge({ kind, namespace }, `conifer-${role}`, { spec: { replicas } });
  const until = performance.now() + READY_MS;
  for (;;) {
    const pods = await podsOf(client, namespace, role);
    const ready = pods.filter(({ status }) =>
      status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True"),
    );
    if (pods.length === replicas && ready.length === replicas) return;
    if (performance.now() > until) throw new Error(`${role} has not come to ${replicas} pods`);
    await wait(200);
  }
}

async function podsOf(client: KubeClient, namespace: string, role: string): Promise<readonly Pod[]> {
  const labelSelector = `conifer.dev/role=${role}`;
  return (await client.list<Pod>({ kind: KIND.pod, namespace }, { labelSelector })).items;
}

process.exitCode = await main();
