import { cpSync } from "node:fs";
import { join } from "node:path";
import { type Journey, type JourneyApp, setOut } from "../conformance/src/journey.ts";
import { CLONE, makeHome, startPlatform } from "../conformance/src/running-platform.ts";
import { visit } from "../conformance/src/visit.ts";
import { measureFloor } from "./platform/dyno-floor.ts";
import { treePssMb } from "./platform/process-usage.ts";
import { startSteadyLoad } from "./platform/steady-load.ts";
import { median, ms, percentile, timed } from "./platform/timings.ts";
import { machineFacts } from "./router/machine-facts.ts";
import { writeResult } from "./router/result-file.ts";

/**
 * What a person who deploys waits for, on the whole platform: starts, idle memory, a one-line change by `git push`, a
 * rollback, a dyno's start against its floor, and many changes under a steady load.
 */
const ROUNDS = 7;
const LOAD_PER_SECOND = 100;
const CHANGES = { deploys: 50, configs: 50, rollbacks: 20, restarts: 20 };
const WAIT_MS = 60_000;
/** How often is looked at what must not be disturbed by that. */
const SELDOM_MS = 500;

async function main(): Promise<void> {
  const starts = await measureStarts();
  const journey = await setOut();
  try {
    const app = await journey.makeApp("bench", {});
    cpSync(join(CLONE, "examples", "echo-node"), app.folder, { recursive: true });
    await app.commit({}, "The example");
    await app.push();
    const bench = makeBench(journey, app);
    const push = await measurePushes(bench);
    const rollback = await measureRollbacks(bench);
    const dynoStart = await measureDynoStarts(bench);
    report({ ...starts, push, rollback, dynoStart, underLoad: await changeUnderLoad(bench) });
  } finally {
    await journey.end();
  }
}

/** First start in a fresh home, the next one, and what it holds when nothing happens. */
async function measureStarts() {
  const home = makeHome();
  const first: number[] = [];
  const second: number[] = [];
  const memory: number[] = [];
  const start = async (into: number[]) => {
    const began = performance.now();
    const platform = await startPlatform({ home });
    into.push(performance.now() - began);
    return platform;
  };
  await (await start(first)).stop();
  for (let i = 0; i < 3; i += 1) {
    const platform = await start(second);
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    memory.push(treePssMb(platform.roles().get("supervisor") ?? 0));
    await platform.stop();
  }
  return {
    firstStartMs: ms(median(first)),
    secondStartMs: { median: ms(median(second)), bar: 3_000 },
    idlePssMb: { median: ms(median(memory)), bar: 600, goal: 300 },
  };
}

/** The app that is measured, and the ways to look at it. */
interface Bench {
  readonly journey: Journey;
  readonly app: JourneyApp;
  /** Pushes nothing yet: commits a server that answers with this word. */
  change(word: string): Promise<void>;
  ask(): Promise<string>;
  /** Waits until the app answers with this word. */
  says(word: string): Promise<unknown>;
}

function makeBench(journey: Journey, app: JourneyApp): Bench {
  const ask = async () => (await visit(journey.platform.routerPort, "bench.localhost")).body;
  return {
    journey,
    app,
    ask,
    says: (word) => until(async () => wordOf(await ask()) === word),
    change: async (word) => {
      await app.commit({ "server.js": SERVER.replace("__WORD__", word) }, word);
    },
  };
}

async function measurePushes({ app, change, says }: Bench) {
  const totals: number[] = [];
  const stages = new Map<string, number[]>();
  for (let i = 0; i < ROUNDS; i += 1) {
    await change(`push-${i}`);
    const began = Date.now();
    const pushing = app.push();
    await says(`push-${i}`);
    totals.push(Date.now() - began);
    await pushing;
    for (const [stage, at] of Object.entries(await stagesOf(app, began))) {
      stages.set(stage, [...(stages.get(stage) ?? []), at]);
    }
  }
  return {
    firstResponseMs: {
      median: ms(median(totals)),
      p99: ms(percentile(totals, 0.99)),
      bar: 5_000,
      goal: 1_000,
    },
    sincePushMs: Object.fromEntries([...stages].map(([name, values]) => [name, ms(median(values))])),
  };
}

async function measureRollbacks({ journey, app, change, says }: Bench) {
  const took: number[] = [];
  for (let i = 0; i < ROUNDS; i += 1) {
    await change(`bad-${i}`);
    await app.push();
    await says(`bad-${i}`);
    took.push(await rollBackOnce(journey, `bad-${i}`));
  }
  return {
    lastOldResponseMs: { median: ms(median(took)), p99: ms(percentile(took, 0.99)), bar: 1_000, goal: 50 },
  };
}

async function measureDynoStarts({ journey, app }: Bench) {
  const floor = await measureFloor(app.folder, ROUNDS);
  const starts: number[] = [];
  for (let i = 0; i < ROUNDS; i += 1) {
    const [before] = await listDynos(journey);
    await journey.api("DELETE", "/apps/bench/dynos");
    await until(async () => {
      const dynos = await listDynos(journey);
      return dynos.length === 1 && dynos.every(({ id, state }) => id !== before?.id && state === "up");
    }, SELDOM_MS);
    // The client takes a core while it reads the log, so it does that afterwards.
    starts.push(newestStart(await app.logLines("--dyno-name", "web.1")));
  }
  const ratio = median(starts) / (floor.sandbox + floor.boot);
  const floors = { sandboxMs: ms(floor.sandbox), bootMs: ms(floor.boot) };
  return { ms: ms(median(starts)), ...floors, ratio: round(ratio), bar: 2, goal: 1.1 };
}

async function changeUnderLoad({ journey, app, change, ask }: Bench) {
  const { routerPort: port } = journey.platform;
  const load = startSteadyLoad({ port, host: "bench.localhost", perSecond: LOAD_PER_SECOND });
  const took = await timed(async () => {
    for (let i = 0; i < CHANGES.deploys; i += 1) {
      await change(`load-${i}`);
      await app.push();
    }
    for (let i = 0; i < CHANGES.configs; i += 1) {
      await journey.api("PATCH", "/apps/bench/config-vars", { ROUND: String(i) });
      const wanted = (await listReleases(journey)).at(-1)?.version;
      await until(async () => (await ask()).includes(`"v${wanted}"`));
    }
    for (let i = 0; i < CHANGES.rollbacks; i += 1) {
      await journey.api("POST", "/apps/bench/releases", {
        release: (await listReleases(journey)).at(-2)?.id,
      });
    }
    for (let i = 0; i < CHANGES.restarts; i += 1) {
      await journey.api("DELETE", "/apps/bench/dynos");
      await until(async () => (await listDynos(journey)).every(({ state }) => state === "up"));
    }
  });
  return {
    ...CHANGES,
    perSecond: LOAD_PER_SECOND,
    seconds: Math.round(took / 1_000),
    ...(await load.stop()),
  };
}

const SERVER = `const { createServer } = require("node:http");
const server = createServer((request, response) => {
  response.end(JSON.stringify({ word: "__WORD__", release: process.env.HEROKU_RELEASE_VERSION }));
});
server.keepAliveTimeout = 95000;
server.listen(process.env.PORT);
process.on("SIGTERM", () => server.close(() => process.exit(0)));
`;

function wordOf(body: string): string | undefined {
  try {
    return (JSON.parse(body) as { word?: string }).word;
  } catch {
    return undefined;
  }
}

interface ListedRelease {
  readonly id: string;
  readonly version: number;
}

/** Oldest first. */
async function listReleases(journey: Journey): Promise<readonly ListedRelease[]> {
  const { body } = await journey.api("GET", "/apps/bench/releases");
  return (body as ListedRelease[]).sort((a, b) => a.version - b.version);
}

async function listDynos(journey: Journey): Promise<readonly { id: string; state: string }[]> {
  return (await journey.api("GET", "/apps/bench/dynos")).body;
}

/** From the call to the last answer that the bad release gave. */
async function rollBackOnce(journey: Journey, bad: string): Promise<number> {
  let lastBad = 0;
  let good = 0;
  const load = startSteadyLoad({
    port: journey.platform.routerPort,
    host: "bench.localhost",
    perSecond: 500,
    onAnswer: (body, at) => {
      if (wordOf(body) === bad) lastBad = at;
      else good += 1;
    },
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  const before = (await listReleases(journey)).at(-2);
  const began = performance.now();
  await journey.api("POST", "/apps/bench/releases", { release: before?.id });
  await until(async () => good > 50);
  const { failed } = await load.stop();
  if (failed > 0) throw new Error(`${failed} requests failed during a rollback`);
  return Math.max(0, lastBad - began);
}

/** When what happened, in milliseconds since the push began, by the app's log. */
async function stagesOf(app: JourneyApp, began: number): Promise<Record<string, number>> {
  const lines = await app.logLines();
  const at = (pattern: RegExp) => {
    const line = lines.findLast((text) => pattern.test(text));
    return line ? timeOf(line) - began : Number.NaN;
  };
  return {
    accepted: at(/Build started/),
    built: at(/Build succeeded/),
    dynoStarted: at(/web\.1\]: Starting process/),
    dynoUp: at(/web\.1\]: State changed from starting to up/),
  };
}

const STARTED = /Starting process with command/;
const UP = /State changed from starting to up/;

/** Milliseconds that the newest start of a dyno took, by its log. */
function newestStart(lines: readonly string[]): number {
  const started = lines.findLastIndex((line) => STARTED.test(line));
  const up = lines.findLastIndex((line) => UP.test(line));
  if (started === -1 || up < started) throw new Error(`no start of a dyno in its log:\n${lines.join("\n")}`);
  return timeOf(lines[up] ?? "") - timeOf(lines[started] ?? "");
}

function timeOf(line: string): number {
  return Date.parse(`${line.slice(0, 23)}Z`);
}

async function until<T>(look: () => Promise<T | false>, everyMs = 5): Promise<T> {
  const end = Date.now() + WAIT_MS;
  while (Date.now() < end) {
    const found = await look();
    if (found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  throw new Error("what the bench waits for did not happen within a minute");
}

function round(value: number): number {
  return Number(value.toFixed(2));
}

function report(figures: Readonly<Record<string, unknown>>): void {
  writeResult("platform", { ...figures, machine: machineFacts(["git --version"]) });
  console.log(JSON.stringify(figures, undefined, 2));
}

await main();
