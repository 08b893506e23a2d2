import { startApi } from "./api-process.ts";
import { runRole } from "./run-role.ts";

await runRole({ name: "api", start: startApi });
