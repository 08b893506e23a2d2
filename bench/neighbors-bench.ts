import { appendFileSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type Journey, setOut } from "../conformance/src/journey.ts";
import { CLONE } from "../conformance/src/running-platform.ts";
import { buildFolder, makeApp } from "./builds/build-folder-by-api.ts";
import { type MeasuredLoad, startMeasuredLoad } from "./platform/load-process.ts";
import { median, percentile } from "./platform/timings.ts";
import { machineFacts } from "./router/machine-facts.ts";
import { writeResult } from "./router/result-file.ts";

/**
 * What an app's visitors notice of builds on the same machine: the p99 of its answers while BUILDERS apps are built over and
 * over, against the p99 while nothing is. Quiet and busy rounds alternate; the figure is the ratio of the medians.
 */
const ROUNDS = Number(process.env.ROUNDS ?? 5);
const ROUND_MS = 20_000;
const BUILDERS = 4;
const PER_SECOND = 100;
const BAR = 1.2;

async function main(): Promise<void> {
  const journey = await setOut();
  const folder = mkdtempSync(join(tmpdir(), "conifer-neighbors-"));
  try {
    const app = await journey.api("POST", "/apps", {});
    await buildFolder(journey, app.body.id, join(CLONE, "examples", "node-express"));
    const host = `${app.body.name}.localhost`;
    const builders = await Promise.all(
      Array.from({ length: BUILDERS }, (_, n) => makeBuilder(journey, folder, n)),
    );
    const [quiet, busy]: [Round[], Round[]] = [[], []];
    for (let round = 0; round < ROUNDS; round += 1) {
      quiet.push(await measure(journey, host));
      const stop = startBuilds(builders);
      busy.push(await measure(journey, host));
      await stop();
    }
    const [p99, p99Busy] = [quiet, busy].map((rounds) => median(rounds.map((one) => one.p99)));
    const figures = {
      figure: "p99 while builds run / p99 while none does",
      bar: BAR,
      ...{ rounds: ROUNDS, roundMs: ROUND_MS, perSecond: PER_SECOND, builders: BUILDERS },
      ...{ p99Ms: p99, p99BusyMs: p99Busy, ratio: Number(((p99Busy ?? 0) / (p99 ?? 1)).toFixed(2)) },
      ...{ quiet, busy, builds: builders.reduce((sum, { done }) => sum + done, 0) },
      machine: machineFacts([]),
    };
    writeResult("neighbors", figures);
    console.log(JSON.stringify(figures, undefined, 2));
  } finally {
    rmSync(folder, { recursive: true });
    await journey.end();
  }
}

interface Round extends Pick<MeasuredLoad, "sent" | "failed"> {
  readonly p50: number;
  readonly p99: number;
}

/** Milliseconds of answers in one round. */
async function measure(journey: Journey, host: string): Promise<Round> {
  const load = startMeasuredLoad({
    ...{ port: journey.platform.routerPort, host, perSecond: PER_SECOND },
  });
  await wait(ROUND_MS);
  const { sent, failed, took } = await load.stop();
  const at = (share: number) => Number(percentile(took, share).toFixed(2));
  return { sent, failed, p50: at(0.5), p99: at(0.99) };
}

interface BuiltOver {
  /** One build, which installs all packages again. */
  build(): Promise<unknown>;
  done: number;
}

async function makeBuilder(journey: Journey, folder: string, n: number): Promise<BuiltOver> {
  const source = join(folder, String(n));
  cpSync(join(CLONE, "examples", "node-express"), source, { recursive: true });
  const app = await makeApp(journey);
  await buildFolder(journey, app, source);
  return {
    done: 0,
    build: () => {
      appendFileSync(join(source, "package-lock.json"), "\n");
      return buildFolder(journey, app, source);
    },
  };
}

/** Returns how to stop, which waits for the builds under way. */
function startBuilds(builders: readonly BuiltOver[]): () => Promise<void> {
  let going = true;
  const loops = builders.map(async (one) => {
    while (going) {
      await one.build();
      one.done += 1;
    }
  });
  return async () => {
    going = false;
    await Promise.all(loops);
  };
}

await main();
