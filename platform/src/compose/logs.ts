import { startLogs } from "./logs-process.ts";
import { runRole } from "./run-role.ts";

await runRole({ name: "logs", start: (config, logger, meter) => startLogs(config, logger, meter) });
