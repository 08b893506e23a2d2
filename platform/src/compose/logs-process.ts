import { logRoutes, openLogStore } from "../drivers/embedded/logs/index.ts";
import { type Logger, startParts, systemClock } from "../kernel/index.ts";
import { type Meter, silentMeter } from "../observe/metric/index.ts";
import { startRoleServer } from "./cluster-peers.ts";
import type { Config } from "./config.ts";
import { countLines } from "./control-metrics.ts";
import { diskCheck } from "./role-checks.ts";
import type { RunningRole } from "./run-role.ts";

const STOP_WITHIN_MS = 10_000;

/** The log role: the apps' logs on its volume, written and read by the other roles. */
export async function startLogs(
  config: Config,
  logger: Logger,
  meter: Meter = silentMeter,
  port?: number,
): Promise<RunningRole> {
  const logs = openLogStore({
    ...{ folder: config.home.logs, now: systemClock, logger },
    counted: countLines(meter),
  });
  const parts = [
    { name: "the log store", start: async () => logs },
    { name: "the server", start: () => startRoleServer({ config, routes: [logRoutes(logs)], logger, port }) },
  ];
  const running = await startParts(parts, STOP_WITHIN_MS);
  return { ...running, checks: [diskCheck(config.home.logs)] };
}
