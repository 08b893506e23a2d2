import { errorText } from "../kernel/index.ts";
import { readConfig } from "./config.ts";
import { startHost } from "./host-process.ts";
import { makeProcessLogger } from "./process-logger.ts";
import { sayReady } from "./supervisor-messages.ts";

process.title = "conifer host";
const config = readConfig(process.env);
const logger = makeProcessLogger("host", config.logLevel);

try {
  const running = await startHost(config, logger);
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    running.stop().then(
      () => process.exit(0),
      (thrown) => {
        logger.error("the host did not stop cleanly", { error: thrown });
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", stop).on("SIGINT", stop);
  sayReady({ isolation: running.isolation });
} catch (thrown) {
  process.stderr.write(`conifer host: ${errorText(thrown)}\n`);
  logger.error("the host could not start", { error: thrown });
  process.exit(1);
}
