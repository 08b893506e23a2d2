import { logRoutes, openLogStore } from "../drivers/embedded/logs/index.ts";
import { type Logger, type Running, startParts, systemClock } from "../kernel/index.ts";
import { startRoleServer } from "./cluster-peers.ts";
import type { Config } from "./config.ts";

const STOP_WITHIN_MS = 10_000;

/** The log role: the apps' logs on its volume, written and read by the other roles. */
export async function startLogs(config: Config, logger: Logger, port?: number): Promise<Running> {
  const logs = openLogStore({ folder: config.home.logs, now: systemClock, logger });
  const parts = [
    { name: "the log store", start: async () => logs },
    { name: "the server", start: () => startRoleServer({ config, routes: [logRoutes(logs)], logger, port }) },
  ];
  return await startParts(parts, STOP_WITHIN_MS);
}
