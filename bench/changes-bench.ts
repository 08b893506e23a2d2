import { startMeasuredLoad } from "./platform/load-process.ts";
import { ms, percentile, timed } from "./platform/timings.ts";
import { listDynos, listReleases, startWordApp, until, type WordBench } from "./platform/word-app.ts";
import { machineFacts } from "./router/machine-facts.ts";
import { writeResult } from "./router/result-file.ts";

/**
 * An app that is changed a thousand times while it is visited PER_SECOND times a second: DEPLOYS pushes, CONFIGS config
 * changes, ROLLBACKS and RESTARTS. No request may fail.
 */
const PER_SECOND = Number(process.env.PER_SECOND ?? 200);
const CHANGES = {
  deploys: Number(process.env.DEPLOYS ?? 400),
  configs: Number(process.env.CONFIGS ?? 300),
  rollbacks: Number(process.env.ROLLBACKS ?? 150),
  restarts: Number(process.env.RESTARTS ?? 150),
};

async function main(): Promise<void> {
  const bench = await startWordApp();
  try {
    await bench.change("before");
    await bench.app.push();
    const { routerPort: port } = bench.journey.platform;
    const load = startMeasuredLoad({ port, host: "bench.localhost", perSecond: PER_SECOND });
    const seconds = await changeAll(bench);
    const { took, sent, failed, failures } = await load.stop();
    const figures = {
      figure: "requests that failed while an app was changed",
      bar: 0,
      ...{ ...CHANGES, perSecond: PER_SECOND, secondsOf: seconds },
      ...{ sent, failed, failures, p50Ms: ms(percentile(took, 0.5)), p99Ms: ms(percentile(took, 0.99)) },
      machine: machineFacts(["git --version"]),
    };
    writeResult("changes", figures);
    console.log(JSON.stringify(figures, undefined, 2));
    process.exitCode = failed === 0 ? 0 : 1;
  } finally {
    await bench.journey.end();
  }
}

/** Makes all of the changes, each when the one before has taken effect; the seconds that each kind took. */
async function changeAll(bench: WordBench): Promise<Readonly<Record<keyof typeof CHANGES, number>>> {
  const { journey, app } = bench;
  const each = async (kind: keyof typeof CHANGES, change: (n: number) => Promise<unknown>) => {
    const took = await timed(async () => {
      for (let n = 0; n < CHANGES[kind]; n += 1) await change(n);
    });
    console.log(`${CHANGES[kind]} ${kind} in ${Math.round(took / 1_000)} s`);
    return Math.round(took / 1_000);
  };
  return {
    deploys: await each("deploys", async (n) => {
      await bench.change(`deploy-${n}`);
      await app.push();
    }),
    configs: await each("configs", async (n) => {
      await journey.api("PATCH", "/apps/bench/config-vars", { ROUND: String(n) });
      await isServed(bench);
    }),
    rollbacks: await each("rollbacks", async () => {
      const before = (await listReleases(journey)).at(-2);
      await journey.api("POST", "/apps/bench/releases", { release: before?.id });
      await areUp(bench);
    }),
    restarts: await each("restarts", async () => {
      await journey.api("DELETE", "/apps/bench/dynos");
      await areUp(bench);
    }),
  };
}

/** Resolves once the newest release answers. */
async function isServed({ journey, ask }: WordBench): Promise<void> {
  const { version = 0 } = (await listReleases(journey)).at(-1) ?? {};
  await until(async () => (await ask()).includes(`"v${version}"`));
}

/** Resolves once nothing starts: a warm dyno that serves again still tells the version it was started for. */
async function areUp({ journey }: WordBench): Promise<void> {
  await until(async () => (await listDynos(journey)).every(({ state }) => state === "up"));
}

await main();
