import { startAgent } from "./agent-process.ts";
import { runRole } from "./run-role.ts";

await runRole({ name: "agent", start: startAgent });
