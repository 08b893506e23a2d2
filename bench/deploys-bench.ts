import { setTimeout as wait } from "node:timers/promises";
import { HELLO_APP } from "../conformance/src/app-folder.ts";
import { type Journey, type JourneyApp, setOut } from "../conformance/src/journey.ts";
import { between, countRequests, requestsPerDeploy } from "./installation/api-requests.ts";
import {
  connectOptions,
  type Installation,
  openInstallation,
  ROUTER_PORT,
  routerAddresses,
  untilTrue,
} from "./installation/installation-access.ts";
import { readStored } from "./installation/stored-objects.ts";
import { askOnce, startSteadyLoad } from "./platform/steady-load.ts";
import { median, ms, percentile, timed } from "./platform/timings.ts";
import { machineFacts } from "./router/machine-facts.ts";
import { readResult, writeResult } from "./router/result-file.ts";

/**
 * Many deploys in an installation. PARTS (all): `at-once`, APPS (20) apps pushed at once; `under-load`, DEPLOYS (1000)
 * changes of config vars, each a release that replaces its dynos, while every app is asked; `objects`, what an app keeps
 * in the cluster, and the API server's requests for a deploy (CONIFER_CLUSTER).
 */
const APPS = Number(process.env.APPS ?? 20);
const DEPLOYS = Number(process.env.DEPLOYS ?? 1_000);
const LOAD_APPS = 4;
const PER_SECOND = 25;
const COUNTED_DEPLOYS = 10;
const ALL_PARTS = ["objects", "under-load", "at-once"];

async function main(): Promise<number> {
  const installation = await openInstallation();
  const parts = process.env.PARTS?.split(",") ?? ALL_PARTS;
  const figures: Record<string, unknown> = { ...readResult("deploys") };
  const keep = (name: string, figure: unknown) => {
    figures[name] = figure;
    console.log(name, JSON.stringify(figure));
    writeResult("deploys", { ...figures, date: new Date().toISOString(), machine: machineFacts([]) });
  };
  const journey = await setOut(await connectOptions());
  try {
    if (parts.includes("objects")) keep("oneApp", await measureObjects(journey, installation));
    if (parts.includes("under-load")) keep("underLoad", await changeUnderLoad(journey, installation));
    if (parts.includes("at-once")) keep("atOnce", await deployAtOnce(journey, installation));
  } finally {
    await journey.end();
    await installation.client.close();
  }
  return 0;
}

/** Changes a config var and returns how many milliseconds passed until the router answers with it. */
async function changeOnce(
  { api }: Pick<Journey, "api">,
  {
    name,
    word,
    addresses,
  }: { readonly name: string; readonly word: string; readonly addresses: readonly string[] },
): Promise<number> {
  return await timed(async () => {
    const { status, body } = await api("PATCH", `/apps/${name}/config-vars`, { GREETING: word });
    if (status !== 200) throw new Error(`config vars of ${name}: ${status} ${JSON.stringify(body)}`);
    await untilTrue(`${name} to say ${word}`, async () => await say(name, word, addresses), 20);
  });
}

/** Every router does. */
async function say(name: string, word: string, addresses: readonly string[]): Promise<boolean> {
  const pages = await Promise.all(
    addresses.map((address) =>
      askOnce({ address, port: ROUTER_PORT, host: `${name}.localhost`, agent: false }),
    ),
  );
  return pages.every(({ body }) => body.includes(word));
}

async function changeUnderLoad(journey: Journey, installation: Installation) {
  const addresses = await routerAddresses(installation);
  const names = Array.from({ length: LOAD_APPS }, (_, i) => `loaded-${i}`);
  for (const name of names) await (await journey.deployApp(name, HELLO_APP)).pageSays("hello");
  const loads = names.map((name) =>
    startSteadyLoad({ addresses, port: ROUTER_PORT, host: `${name}.localhost`, perSecond: PER_SECOND }),
  );
  const took: number[] = [];
  const seconds = await timed(() =>
    Promise.all(
      names.map(async (name) => {
        for (let i = 0; i < DEPLOYS / LOAD_APPS; i += 1)
          took.push(await changeOnce(journey, { name, word: `word-${i}.`, addresses }));
      }),
    ),
  );
  const reports = await Promise.all(loads.map((load) => load.stop()));
  const sum = (what: "sent" | "failed") => reports.reduce((all, report) => all + report[what], 0);
  return {
    ...{ deploys: took.length, apps: LOAD_APPS, perSecond: PER_SECOND * LOAD_APPS },
    seconds: Math.round(seconds / 1_000),
    deployMs: { median: ms(median(took)), p99: ms(percentile(took, 0.99)) },
    ...{ sent: sum("sent"), failed: sum("failed"), failures: reports.map(({ failures }) => failures) },
  };
}

async function deployAtOnce(journey: Journey, installation: Installation) {
  const apps: JourneyApp[] = [];
  for (let i = 0; i < APPS; i += 1) apps.push(await journey.makeApp(`at-once-${i}`, HELLO_APP));
  const addresses = await routerAddresses(installation);
  const took: number[] = [];
  const failures: string[] = [];
  const seconds = await timed(() =>
    Promise.all(
      apps.map(async (app) => {
        try {
          took.push(
            await timed(async () => {
              await app.push();
              await untilTrue(`${app.name} to answer`, () => say(app.name, "hello", addresses), 100);
            }),
          );
        } catch (thrown) {
          failures.push(`${app.name}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
        }
      }),
    ),
  );
  return {
    ...{ apps: APPS, seconds: Math.round(seconds / 1_000), failures },
    firstSeconds: Math.round(Math.min(...took) / 1_000),
    medianSeconds: Math.round(median(took) / 1_000),
  };
}

async function measureObjects(journey: Journey, installation: Installation) {
  const { cluster } = installation;
  if (!cluster) return "CONIFER_CLUSTER names no cluster of ours";
  const addresses = await routerAddresses(installation);
  const before = readStored(cluster);
  const app = await journey.deployApp("counted", HELLO_APP);
  await app.pageSays("hello");
  await wait(SETTLE_MS);
  const after = readStored(cluster);
  const idle = await requestsDuring(cluster, () => wait(SETTLE_MS));
  const busy = await requestsDuring(cluster, async () => {
    for (let i = 0; i < COUNTED_DEPLOYS; i += 1)
      await changeOnce(journey, { name: app.name, word: `word-${i}.`, addresses });
    await wait(SETTLE_MS);
  });
  const asLong = between(new Map(), idle.counts, busy.ms / idle.ms);
  return {
    objects: after.objects - before.objects,
    etcdBytes: after.bytes - before.bytes,
    byKind: Object.fromEntries(
      Object.entries(after.byKind).map(([kind, { objects, bytes }]) => {
        const was = before.byKind[kind] ?? { objects: 0, bytes: 0 };
        return [kind, { objects: objects - was.objects, bytes: bytes - was.bytes }];
      }),
    ),
    requestsPerDeploy: requestsPerDeploy(busy.counts, asLong, COUNTED_DEPLOYS),
  };
}

const SETTLE_MS = 20_000;

async function requestsDuring(cluster: string, work: () => Promise<unknown>) {
  const before = countRequests(cluster);
  const took = await timed(work);
  return { counts: between(before, countRequests(cluster)), ms: took };
}

process.exitCode = await main();
