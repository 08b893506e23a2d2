import { explainListenError, startRouter } from "./router-process.ts";
import { runRole } from "./run-role.ts";

await runRole({ name: "router", start: startRouter, explain: explainListenError });
