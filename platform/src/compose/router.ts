import { explainListenError, startRouter } from "./router-process.ts";
import { runRole } from "./run-role.ts";

await runRole({
  name: "router",
  start: async (config, logger, meter) => {
    if (config.systemNamespace === undefined) return await startRouter(config, logger, meter);
    const { startClusterRouter } = await import("./cluster-router.ts");
    return await startClusterRouter(config, logger, meter);
  },
  explain: explainListenError,
});
