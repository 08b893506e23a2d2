import { HELLO_APP } from "../conformance/src/app-folder.ts";
import { type Journey, joinJourney, setOut } from "../conformance/src/journey.ts";
import { freePorts, startPlatform } from "../conformance/src/running-platform.ts";
import { visit } from "../conformance/src/visit.ts";
import { startMeasuredLoad } from "./platform/load-process.ts";
import { median, ms, timed } from "./platform/timings.ts";
import { until } from "./platform/word-app.ts";
import { machineFacts } from "./router/machine-facts.ts";
import { writeResult } from "./router/result-file.ts";

/**
 * The process table of ARCHITECTURE.md: each process is killed (SIGKILL) ROUNDS times while an app is visited PER_SECOND times
 * a second. How long until what it does works again, how many of the visits failed meanwhile, and how long the longest took.
 * The supervisor takes all others with it: there, `npm start` is typed again at once, as systemd would.
 */
const ROUNDS = Number(process.env.ROUNDS ?? 7);
const PER_SECOND = Number(process.env.PER_SECOND ?? 100);
const APP = "visited";

interface Row {
  readonly process: string;
  /** Whether what the process does works. */
  works(journey: Journey, registryPort: number): Promise<boolean>;
}

const ROWS: readonly Row[] = [
  { process: "control", works: apiAnswers },
  { process: "router", works: appAnswers },
  { process: "host", works: appAnswers },
  { process: "registry", works: registryAnswers },
  { process: "postgres", works: apiAnswers },
];

async function main(): Promise<void> {
  const [registryPort] = await freePorts();
  const env = { CONIFER_REGISTRY: "on", CONIFER_REGISTRY_PORT: String(registryPort) };
  let journey = await setOut({ env });
  const rows: Record<string, unknown> = {};
  try {
    const app = await journey.deployApp(APP, HELLO_APP);
    await app.pageSays("hello");
    for (const row of ROWS) {
      rows[row.process] = await tryRow(journey, row, registryPort);
      console.log(row.process, JSON.stringify(rows[row.process]));
    }
    const took: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const { platform, person } = journey;
      const ports = [platform.apiPort, platform.routerPort, platform.routerTlsPort] as const;
      process.kill(platform.roles().get("supervisor") ?? 0, "SIGKILL");
      await platform.ended();
      const home = platform.home;
      took.push(
        await timed(async () => {
          journey = joinJourney(await startPlatform({ home, env, ports }), person);
          await until(() => appAnswers(journey).catch(() => false));
        }),
      );
    }
    rows.supervisor = { againMs: summary(took) };
    console.log("supervisor", JSON.stringify(rows.supervisor));
    writeResult("recovery", {
      figure: "ms from SIGKILL of a process until what it does works again; visits that failed meanwhile",
      ...{ rounds: ROUNDS, perSecond: PER_SECOND, rows, machine: machineFacts([]) },
    });
  } finally {
    await journey.end();
  }
}

async function tryRow(journey: Journey, row: Row, registryPort: number): Promise<unknown> {
  const took: number[] = [];
  const { platform } = journey;
  const load = startMeasuredLoad({
    ...{ port: platform.routerPort, host: `${APP}.localhost`, perSecond: PER_SECOND },
  });
  for (let round = 0; round < ROUNDS; round += 1) {
    const works = () => row.works(journey, registryPort).catch(() => false);
    await until(works);
    const killed = await until(async () => platform.roles().get(row.process) ?? false);
    took.push(
      await timed(async () => {
        process.kill(killed, "SIGKILL");
        // What answers before the process is gone is not its successor.
        await until(async () => platform.roles().get(row.process) !== killed, 1);
        await until(works);
      }),
    );
  }
  const { sent, failed, failures, took: answers } = await load.stop();
  const longestMs = ms(Math.max(...answers));
  return { againMs: summary(took), visits: { sent, failed, failures, longestMs } };
}

const summary = (took: readonly number[]) => ({ median: ms(median(took)), longest: ms(Math.max(...took)) });

async function apiAnswers({ api }: Journey): Promise<boolean> {
  return (await api("GET", `/apps/${APP}`)).status === 200;
}

async function appAnswers({ platform }: Journey): Promise<boolean> {
  return (await visit(platform.routerPort, `${APP}.localhost`)).status === 200;
}

/** It asks who is there: OCI distribution specification 1.1, "Determining Support". */
async function registryAnswers(_journey: Journey, port: number): Promise<boolean> {
  const { status } = await fetch(`http://127.0.0.1:${port}/v2/`);
  return status === 401;
}

await main();
