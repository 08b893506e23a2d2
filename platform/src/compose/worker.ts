import { runRole } from "./run-role.ts";
import { startWorker } from "./worker-process.ts";

await runRole({ name: "worker", start: startWorker });
