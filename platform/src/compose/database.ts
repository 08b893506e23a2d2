import { startDatabase } from "./database-process.ts";
import { runRole } from "./run-role.ts";

await runRole({ name: "database", start: (config, logger) => startDatabase(config, logger) });
