import { setTimeout as wait } from "node:timers/promises";
import { HELLO_APP } from "../conformance/src/app-folder.ts";
import { type Journey, joinJourney, setOut } from "../conformance/src/journey.ts";
import { type RunningPlatform, startPlatform } from "../conformance/src/running-platform.ts";
import { visit } from "../conformance/src/visit.ts";
import { databaseUrlOf } from "../platform/src/compose/backup-home.ts";
import { readConfig } from "../platform/src/compose/config.ts";
import { openDatabase } from "../platform/src/drivers/postgres/store/index.ts";
import { cpuSeconds, processTree, pssKb } from "./platform/process-usage.ts";
import { seedStatements } from "./platform/seed-statements.ts";
import { ms, percentile, timed } from "./platform/timings.ts";
import { machineFacts } from "./router/machine-facts.ts";
import { writeResult } from "./router/result-file.ts";

/**
 * Many apps on one machine: FEW (1,000) with RUNNING (200) dynos, then MANY (11,000) with AWAKE (50); what they take when
 * nothing happens, how long the API takes with 100 and with all, and how long a restart takes until those that ran serve.
 */
const FEW = Number(process.env.FEW ?? 1_000);
const RUNNING = Number(process.env.RUNNING ?? 200);
const MANY = Number(process.env.MANY ?? 11_000);
const AWAKE = Number(process.env.AWAKE ?? 50);
const IDLE_SECONDS = Number(process.env.IDLE_SECONDS ?? 60);
const BASE = 100;
const TEMPLATE = "seed";
const ASKED = 300;
/** What the dynos are promised is far more than they take. */
const ENV = { CONIFER_RATE_LIMIT: "100000000", CONIFER_MEMORY_FACTOR: "20" };
const SERVE_MS = 900_000;
/** All that was made is looked at once more before the platform counts as idle: when it takes the same for a while. */
const WINDOW_MS = 20_000;
const SAME_PERCENT = 2;
const SETTLE_MS = 1_200_000;

async function main(): Promise<void> {
  const figures: Record<string, unknown> = {};
  const keep = (name: string, figure: unknown) => {
    figures[name] = figure;
    console.log(name, JSON.stringify(figure));
    writeResult("many", {
      few: FEW,
      running: RUNNING,
      many: MANY,
      awake: AWAKE,
      ...figures,
      machine: machineFacts([]),
    });
  };
  let journey = await setOut({ env: ENV });
  try {
    const { platform, person } = journey;
    await journey.deployApp(TEMPLATE, HELLO_APP);
    await seed(platform, { from: 1, apps: BASE - 1 });
    keep("apiMsWithHundred", await askApi(journey));
    await seed(platform, { from: BASE, apps: FEW - BASE });
    keep("secondsUntilRunning", await awaken(journey, numbers(1, RUNNING - 1)));
    await comeToRest(platform);
    keep("costOfRunning", await countCost(platform));
    await scaleAll(journey, numbers(AWAKE, RUNNING - 1), 0);
    await seed(platform, { from: FEW, apps: MANY - FEW });
    await comeToRest(platform);
    keep("costAtRest", await countCost(platform));
    keep("apiMsWithAll", await askApi(journey));
    const stopped = await timed(() => platform.stop());
    keep("secondsToStop", seconds(stopped));
    const began = performance.now();
    journey = joinJourney(
      await startPlatform({ home: platform.home, env: ENV, ports: portsOf(platform) }),
      person,
    );
    keep("secondsToReady", seconds(performance.now() - began));
    await allServe(journey, numbers(1, AWAKE - 1));
    keep("secondsToServing", seconds(performance.now() - began));
  } finally {
    await journey.end();
  }
}

const portsOf = ({ apiPort, routerPort, routerTlsPort }: RunningPlatform) =>
  [apiPort, routerPort, routerTlsPort] as const;
const seconds = (took: number) => Number((took / 1_000).toFixed(1));
const numbers = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i) => `${TEMPLATE}-${first + i}`);

async function seed({ home }: RunningPlatform, seeds: { from: number; apps: number }): Promise<void> {
  const url = await databaseUrlOf(readConfig({ CONIFER_HOME: home }));
  const database = openDatabase({ url, maxConnections: 1, onError: () => {} });
  try {
    await database.query(seedStatements(TEMPLATE, seeds));
  } finally {
    await database.close();
  }
}

async function scaleAll(journey: Journey, names: readonly string[], quantity: number): Promise<void> {
  for (const name of names) {
    const { status } = await journey.api("PATCH", `/apps/${name}/formation/web`, { quantity });
    if (status !== 200) throw new Error(`${name} cannot be scaled: ${status}`);
  }
}

/** Seconds from the first call to the first answer of the last of them. */
async function awaken(journey: Journey, names: readonly string[]): Promise<number> {
  return seconds(
    await timed(async () => {
      await scaleAll(journey, names, 1);
      await allServe(journey, names);
    }),
  );
}

async function allServe({ platform }: Journey, names: readonly string[]): Promise<void> {
  const until = Date.now() + SERVE_MS;
  let left = names;
  while (left.length > 0) {
    if (Date.now() > until) throw new Error(`${left.length} apps do not serve, as ${left[0]}`);
    const silent: string[] = [];
    for (const name of left) {
      const answer = await visit(platform.routerPort, `${name}.localhost`).catch(() => undefined);
      if (answer?.status !== 200) silent.push(name);
    }
    left = silent;
    if (left.length > 0) await wait(500);
  }
}

/** What people's clients ask most, one after the other. */
async function askApi({ api }: Journey): Promise<Record<string, unknown>> {
  const paths = ["/apps", `/apps/${TEMPLATE}`, `/apps/${TEMPLATE}/dynos`, `/apps/${TEMPLATE}/config-vars`];
  const all: Record<string, unknown> = {};
  for (const path of paths) {
    const took: number[] = [];
    for (let i = 0; i < ASKED; i += 1) took.push(await timed(() => api("GET", path)));
    all[path] = { median: tenth(percentile(took, 0.5)), p99: tenth(percentile(took, 0.99)) };
  }
  const changes: number[] = [];
  for (let i = 0; i < 50; i += 1)
    changes.push(await timed(() => api("PATCH", `/apps/${TEMPLATE}-1/config-vars`, { ROUND: String(i) })));
  return {
    ...all,
    change: { median: tenth(percentile(changes, 0.5)), p99: tenth(percentile(changes, 0.99)) },
  };
}

const tenth = (value: number) => Number(value.toFixed(1));

/** Resolves when three windows in a row took as much of a core; throws when that does not happen within twenty minutes. */
async function comeToRest(platform: RunningPlatform): Promise<void> {
  const pids = rolesOf(platform).flatMap(([, ids]) => ids);
  const until = Date.now() + SETTLE_MS;
  const percents: number[] = [];
  while (Date.now() < until) {
    const before = cpuOf(pids);
    await wait(WINDOW_MS);
    percents.push(((cpuOf(pids) - before) / (WINDOW_MS / 1_000)) * 100);
    const last = percents.slice(-3);
    if (last.length === 3 && Math.max(...last) - Math.min(...last) < SAME_PERCENT) return;
  }
  throw new Error(`the platform does not come to rest: ${percents.map(tenth).join(" ")} percent of a core`);
}

/** The database is many processes. */
const rolesOf = (platform: RunningPlatform) =>
  [...platform.roles()].map(([name, pid]) => [name, name === "postgres" ? processTree(pid) : [pid]] as const);
const cpuOf = (pids: readonly number[]) =>
  pids.reduce((sum, pid) => sum + cpuSeconds(pid, { andEnded: true }), 0);

/** What each role takes while nothing is asked: percent of a core, and MB of 2^20 bytes. */
async function countCost(platform: RunningPlatform): Promise<Record<string, unknown>> {
  const roles = rolesOf(platform);
  const before = roles.map(([, pids]) => cpuOf(pids));
  await wait(IDLE_SECONDS * 1_000);
  const found = roles.map(([name, pids], i) => {
    const percent = ((cpuOf(pids) - (before[i] ?? 0)) / IDLE_SECONDS) * 100;
    const memory = pids.reduce((sum, pid) => sum + pssKb(pid), 0) / 1_024;
    return [name, { cpuPercent: Number(percent.toFixed(2)), memoryMb: ms(memory) }] as const;
  });
  return Object.fromEntries(found);
}

await main();
