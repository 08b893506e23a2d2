import { explainListenError, startRouter } from "./router-process.ts";
import { runRole } from "./run-role.ts";

await runRole({
  name: "router",
  start: async (config, logger) => {
    if (config.systemNamespace === undefined) return await startRouter(config, logger);
    const { startClusterRouter } = await import("./cluster-router.ts");
    return await startClusterRouter(config, logger);
  },
  explain: explainListenError,
});
