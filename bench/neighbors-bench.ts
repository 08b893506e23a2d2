import { appendFileSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { HELLO_APP } from "../conformance/src/app-folder.ts";
import { type Journey, setOut } from "../conformance/src/journey.ts";
import { CLONE } from "../conformance/src/running-platform.ts";
import { waitUntil } from "../conformance/src/wait-until.ts";
import { buildFolder, makeApp } from "./builds/build-folder-by-api.ts";
import { type MeasuredLoad, startMeasuredLoad } from "./platform/load-process.ts";
import { median, percentile } from "./platform/timings.ts";
import { machineFacts } from "./router/machine-facts.ts";
import { readResult, writeResult } from "./router/result-file.ts";

/**
 * What an app's visitors notice of others on the same machine: the p99 of its answers while they do their worst, against the
 * p99 while nobody does anything. Others are BUILDERS apps that are built over and over, and dynos of an app that means ill.
 * Quiet and busy rounds alternate; the figure is the ratio of the medians. BESIDE=builds or =dynos tries those alone.
 */
const ROUNDS = Number(process.env.ROUNDS ?? 5);
const ROUND_MS = 20_000;
const BUILDERS = 4;
const PER_SECOND = 100;
const BAR = 1.2;

/** Somebody beside the app. */
interface Beside {
  /** Begins to do its worst; what it returns ends that, and waits until it has. */
  begin(): Promise<() => Promise<void>>;
  /** What it has done, for the figures. */
  done(): Readonly<Record<string, unknown>>;
}

async function main(): Promise<void> {
  const journey = await setOut({ env: { CONIFER_DYNO_DISK: "1" } });
  const folder = mkdtempSync(join(tmpdir(), "conifer-neighbors-"));
  try {
    const app = await journey.api("POST", "/apps", {});
    await buildFolder(journey, app.body.id, join(CLONE, "examples", "node-express"));
    const host = `${app.body.name}.localhost`;
    const others = { builds: () => makeBuilders(journey, folder), dynos: () => makeIllApp(journey) };
    const figures: Record<string, unknown> = {};
    for (const name of ["builds", "dynos"] as const) {
      if (process.env.BESIDE && process.env.BESIDE !== name) continue;
      figures[name] = await compare(journey, host, await others[name]());
      console.log(name, JSON.stringify(figures[name]));
      writeResult("neighbors", {
        ...{
          ...readResult("neighbors"),
          figure: "p99 while others do their worst / p99 while nobody does anything",
        },
        ...{ bar: BAR, rounds: ROUNDS, roundMs: ROUND_MS, perSecond: PER_SECOND },
        ...{ ...figures, machine: machineFacts([]) },
      });
    }
  } finally {
    rmSync(folder, { recursive: true });
    await journey.end();
  }
}

async function compare(journey: Journey, host: string, beside: Beside): Promise<unknown> {
  const [quiet, busy]: [Round[], Round[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    quiet.push(await measure(journey, host));
    const stop = await beside.begin();
    busy.push(await measure(journey, host));
    await stop();
  }
  const [p99, p99Busy] = [quiet, busy].map((rounds) => median(rounds.map((one) => one.p99)));
  const ratio = Number(((p99Busy ?? 0) / (p99 ?? 1)).toFixed(2));
  return { p99Ms: p99, p99BusyMs: p99Busy, ratio, quiet, busy, ...beside.done() };
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

async function makeBuilders(journey: Journey, folder: string): Promise<Beside> {
  const numbers = Array.from({ length: BUILDERS }, (_, n) => n);
  const builders = await Promise.all(numbers.map((n) => makeBuilder(journey, folder, n)));
  return {
    begin: async () => startBuilds(builders),
    done: () => ({ builders: BUILDERS, builds: builders.reduce((sum, { done }) => sum + done, 0) }),
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

/** Each a dyno that does nothing else, as hard as it can and for ever. */
const WORST = {
  spin: "for i in 1 2 3 4 5 6 7 8; do (while :; do :; done) & done; wait",
  fork: "while :; do for i in 1 2 3 4 5 6 7 8 9; do (:) & done; wait; done",
  grow: `exec node -e 'const held = []; setInterval(() => held.push(Buffer.alloc(2 ** 24, 1)), 5)'`,
  write: "while :; do dd if=/dev/zero of=/tmp/big bs=1M count=512 2>/dev/null; sync /tmp/big; done",
  flood: "exec yes 'a line of a log that nobody wants to read'",
};

/** An app whose dynos run only while it is its turn. */
async function makeIllApp(journey: Journey): Promise<Beside> {
  const types = Object.keys(WORST);
  const app = await journey.makeApp("ill", {
    ...HELLO_APP,
    Procfile: [
      ...Object.entries(WORST).map(([type, line]) => `${type}: ${line}`),
      "web: node server.js",
      "",
    ].join("\n"),
  });
  await app.push();
  const scale = async (quantity: number) => {
    const updates = types.map((type) => ({ type, quantity }));
    const { status } = await journey.api("PATCH", "/apps/ill/formation", { updates });
    if (status !== 200) throw new Error(`the app cannot be scaled: ${status}`);
    const count = async () =>
      ((await journey.api("GET", "/apps/ill/dynos")).body as readonly { type: string }[]).filter(({ type }) =>
        types.includes(type),
      ).length;
    await waitUntil("its dynos", async () => (await count()) === quantity * types.length);
  };
  return {
    begin: async () => {
      await scale(1);
      return () => scale(0);
    },
    done: () => ({ dynos: types }),
  };
}

await main();
