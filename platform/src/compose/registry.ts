import { explainRegistryError, startRegistryProcess } from "./registry-process.ts";
import { runRole } from "./run-role.ts";

await runRole({
  name: "registry",
  start: (config, logger, meter, tracer) => startRegistryProcess(config, logger, { meter, tracer }),
  explain: explainRegistryError,
});
