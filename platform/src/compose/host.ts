import { explainHostError, startHost } from "./host-process.ts";
import { runRole } from "./run-role.ts";

await runRole({ name: "host", start: startHost, explain: explainHostError });
