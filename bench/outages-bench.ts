import { setTimeout as wait } from "node:timers/promises";
import { controlApp } from "../conformance/src/app-control.ts";
import { HELLO_APP } from "../conformance/src/app-folder.ts";
import { setOut } from "../conformance/src/journey.ts";
import {
  connectOptions,
  type Installation,
  keepAgents,
  openInstallation,
  ROLES,
  ROUTER_PORT,
  routerAddresses,
  scaleRole,
  untilWell,
} from "./installation/installation-access.ts";
import { CONTROL_PLANE, pauseForMeasure } from "./installation/paused-programs.ts";
import { type LoadReport, startSteadyLoad } from "./platform/steady-load.ts";
import { machineFacts } from "./router/machine-facts.ts";
import { readResult, writeResult } from "./router/result-file.ts";

/**
 * Requests that fail through the routers of an installation while one part of it, or of its cluster, is away: AWAY_SECONDS
 * each (120), and until all is well again. PARTS names those to try, separated by commas; the others keep the figures they
 * had. Roles are scaled to none; the programs of a cluster of ours are stopped where they are (SIGSTOP).
 */
const PER_SECOND = 500;
const DYNOS = 4;
const AWAY_SECONDS = Number(process.env.AWAY_SECONDS ?? 120);

interface Outage {
  readonly part: string;
  begin(): Promise<void>;
  end(): Promise<void>;
}

interface Counted extends LoadReport {
  readonly awaySeconds: number;
  readonly secondsUntilWell: number;
}

function outages(installation: Installation): readonly Outage[] {
  const roles = ROLES.filter(({ role }) => role !== "router").map((role) => ({
    part: role.role,
    begin: () => scaleRole(installation, role, 0),
    end: () => scaleRole(installation, role, role.replicas),
  }));
  const agent = {
    part: "agent",
    begin: () => keepAgents(installation, false),
    end: () => keepAgents(installation, true),
  };
  return [...roles, agent, ...programOutages(installation.cluster)];
}

function programOutages(cluster: string | undefined): readonly Outage[] {
  if (!cluster) {
    console.log("CONIFER_CLUSTER names no cluster of ours: its programs are left alone.");
    return [];
  }
  return CONTROL_PLANE.map((program) => {
    let goOn = () => {};
    return {
      part: program,
      begin: async () => {
        goOn = pauseForMeasure(cluster, program);
      },
      end: async () => goOn(),
    };
  });
}

async function main(): Promise<number> {
  const installation = await openInstallation();
  const all = outages(installation);
  const wanted = process.env.PARTS?.split(",") ?? all.map(({ part }) => part);
  const journey = await setOut(await connectOptions());
  const before = (readResult("outages")?.away ?? {}) as Record<string, Counted>;
  const away: Record<string, Counted> = { ...before };
  try {
    const app = await journey.deployApp("measured", HELLO_APP);
    await app.pageSays("hello");
    const control = controlApp(journey, app);
    await control.scale("web", DYNOS);
    await control.dynosAre("web", Array(DYNOS).fill("up"), 120_000);
    for (const outage of all.filter(({ part }) => wanted.includes(part))) {
      const counted = await tryOutage(installation, outage);
      away[outage.part] = counted;
      console.log(outage.part, JSON.stringify(counted));
      writeResult("outages", {
        figure: "requests through the routers that failed while a part was away and until all was well again",
        ...{ perSecond: PER_SECOND, dynos: DYNOS, away, machine: machineFacts(["git --version"]) },
      });
    }
  } finally {
    await journey.end();
    await installation.client.close();
  }
  return wanted.every((part) => away[part]?.failed === 0) ? 0 : 1;
}

async function tryOutage(installation: Installation, outage: Outage): Promise<Counted> {
  const addresses = await routerAddresses(installation);
  const load = startSteadyLoad({
    ...{ addresses, port: ROUTER_PORT },
    ...{ host: "measured.localhost", perSecond: PER_SECOND },
  });
  try {
    await outage.begin();
    await wait(AWAY_SECONDS * 1_000);
  } finally {
    await outage.end();
  }
  const began = performance.now();
  await untilWell(installation);
  const secondsUntilWell = Number(((performance.now() - began) / 1_000).toFixed(1));
  // What comes late belongs to it: watches that break, objects that are put right.
  await wait(SETTLE_MS);
  return { awaySeconds: AWAY_SECONDS, secondsUntilWell, ...(await load.stop()) };
}

const SETTLE_MS = 10_000;

process.exitCode = await main();
