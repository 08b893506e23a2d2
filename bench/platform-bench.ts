import type { Journey, JourneyApp } from "../conformance/src/journey.ts";
import { makeHome, startPlatform } from "../conformance/src/running-platform.ts";
import { measureFloor } from "./platform/dyno-floor.ts";
import { treePssMb } from "./platform/process-usage.ts";
import { startSteadyLoad } from "./platform/steady-load.ts";
import { median, ms, percentile } from "./platform/timings.ts";
import { listDynos, listReleases, startWordApp, until, type WordBench, wordOf } from "./platform/word-app.ts";
import { machineFacts } from "./router/machine-facts.ts";
import { writeResult } from "./router/result-file.ts";

/**
 * What a person who deploys waits for, on the whole platform: starts, idle memory, a one-line change by `git push`, a
 * rollback, and a dyno's start against its floor.
 */
const ROUNDS = 7;
/** How often is looked at what must not be disturbed by that. */
const SELDOM_MS = 500;

async function main(): Promise<void> {
  const starts = await measureStarts();
  const bench = await startWordApp();
  try {
    const push = await measurePushes(bench);
    const rollback = await measureRollbacks(bench);
    const dynoStart = await measureDynoStarts(bench);
    report({ ...starts, push, rollback, dynoStart });
  } finally {
    await bench.journey.end();
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

async function measurePushes({ app, change, says }: WordBench) {
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

async function measureRollbacks({ journey, app, change, says }: WordBench) {
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

async function measureDynoStarts({ journey, app }: WordBench) {
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

function round(value: number): number {
  return Number(value.toFixed(2));
}

function report(figures: Readonly<Record<string, unknown>>): void {
  writeResult("platform", { ...figures, machine: machineFacts(["git --version"]) });
  console.log(JSON.stringify(figures, undefined, 2));
}

await main();
