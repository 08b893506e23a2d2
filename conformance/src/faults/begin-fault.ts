import { processesBelow } from "../process-marks.ts";
import { missingForMemory, runOutOfMemory } from "./eat-memory.ts";
import { type FaultyStage, killTree, signal } from "./faulty-stage.ts";
import { type HomeDisk, missingForDisks } from "./home-disk.ts";
import type { FaultName, FaultPoint } from "./plan-faults.ts";

/** Ends a fault that lasts; of others there is nothing to end. */
export type EndFault = () => Promise<void>;

interface Fault {
  /** Why this machine cannot have it; undefined when it can. */
  readonly missing?: () => string | undefined;
  readonly begin: (stage: FaultyStage, point: FaultPoint) => Promise<EndFault | undefined>;
  /** Nothing of the platform runs on afterwards. */
  readonly endsAll?: boolean;
}

const FIVE_MINUTES_MS = 5 * 60_000;
/** Of each tenth of a second PostgreSQL gets so much. */
const SLOW_RUN_MS = 15;
const SLOW_STOP_MS = 85;

const FAULT_ACTIONS: Readonly<Record<FaultName, Fault>> = {
  "kill -9 of the tree": {
    endsAll: true,
    begin: async ({ journey }, { target }) => {
      await killTree(journey.platform, target as "npm" | "supervisor" | "everything");
      return undefined;
    },
  },
  "kill -9": {
    begin: async (stage, point) => {
      signal(pidOf(stage, point), "SIGKILL");
      return undefined;
    },
  },
  "SIGSTOP and SIGCONT": {
    begin: async (stage, point) => {
      const pid = pidOf(stage, point);
      signal(pid, "SIGSTOP");
      return async () => signal(pid, "SIGCONT");
    },
  },
  "full disk": {
    missing: missingForDisks,
    begin: async (stage) => {
      const disk = diskOf(stage);
      disk.fill();
      return async () => disk.empty();
    },
  },
  "read-only disk": {
    missing: missingForDisks,
    endsAll: true,
    begin: async (stage) => {
      const disk = diskOf(stage);
      disk.breakDown();
      return async () => {
        await killTree(stage.journey.platform, "everything");
        disk.repair();
      };
    },
  },
  "slow disk": {
    missing: missingForDisks,
    begin: async (stage) => await diskOf(stage).slowDown(),
  },
  "PostgreSQL killed": {
    begin: async (stage, point) => {
      const server = pidOf(stage, { ...point, target: "postgres" });
      const backend = processesBelow(server).at(-1)?.pid ?? server;
      signal(point.target === "backend" ? backend : server, "SIGKILL");
      return undefined;
    },
  },
  "PostgreSQL slow": { begin: async (stage) => slowPostgres(stage) },
  "clock five minutes ahead": { begin: async ({ clock }) => stepped(clock, FIVE_MINUTES_MS) },
  "clock five minutes behind": { begin: async ({ clock }) => stepped(clock, -FIVE_MINUTES_MS) },
  "out of memory": {
    missing: missingForMemory,
    begin: async (stage, point) => {
      await runOutOfMemory(pidOf(stage, point));
      return undefined;
    },
  },
};

/** Why this machine cannot have the fault; undefined when it can. */
export function missingFor(fault: FaultName): string | undefined {
  return FAULT_ACTIONS[fault].missing?.();
}

/** Whether nothing of the platform runs on after the fault, so that it has to be started again. */
export function endsAll(fault: FaultName): boolean {
  return FAULT_ACTIONS[fault].endsAll ?? false;
}

/** Begins what befalls the platform at this point. */
export async function beginFault(stage: FaultyStage, point: FaultPoint): Promise<EndFault> {
  return (await FAULT_ACTIONS[point.fault].begin(stage, point)) ?? (async () => {});
}

/** Of a role, or one of those below the host: of a dyno, or of a build. */
function pidOf({ journey: { platform } }: FaultyStage, { target, choice }: FaultPoint): number {
  const role = (name: string) => {
    const pid = platform.roles().get(name);
    if (pid === undefined) throw new Error(`no ${name} runs that ${target} could be`);
    return pid;
  };
  if (target !== "dyno") return role(target);
  const inside = processesBelow(role("host"));
  return inside[Math.floor(choice * inside.length)]?.pid ?? role("host");
}

function diskOf({ disk }: FaultyStage): HomeDisk {
  if (!disk) throw new Error("the home has no disk of its own");
  return disk;
}

function stepped(clock: FaultyStage["clock"], ms: number): EndFault {
  clock.step(ms);
  return async () => clock.step(0);
}

function slowPostgres({ journey: { platform } }: FaultyStage): EndFault {
  let stopped: readonly number[] = [];
  let next: NodeJS.Timeout;
  const go = () => {
    for (const pid of stopped) signal(pid, "SIGCONT");
    next = setTimeout(stop, SLOW_RUN_MS);
  };
  const stop = () => {
    const server = platform.roles().get("postgres");
    stopped = server ? [server, ...processesBelow(server).map(({ pid }) => pid)] : [];
    for (const pid of stopped) signal(pid, "SIGSTOP");
    next = setTimeout(go, SLOW_STOP_MS);
  };
  stop();
  return async () => {
    clearTimeout(next);
    for (const pid of stopped) signal(pid, "SIGCONT");
  };
}
