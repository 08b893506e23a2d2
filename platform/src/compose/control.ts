import { errorText } from "../kernel/index.ts";
import { readConfig } from "./config.ts";
import { startControl } from "./control-process.ts";
import { makeProcessLogger } from "./process-logger.ts";
import { sayReady } from "./supervisor-messages.ts";

process.title = "conifer control";
const config = readConfig(process.env);
const logger = makeProcessLogger("control", config.logLevel);

try {
  const running = await startControl(config, logger);
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    running.stop().then(
      () => process.exit(0),
      (thrown) => {
        logger.error("control did not stop cleanly", { error: thrown });
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", stop).on("SIGINT", stop);
  sayReady();
} catch (thrown) {
  process.stderr.write(`conifer control: ${errorText(thrown)}\n`);
  logger.error("control could not start", { error: thrown });
  process.exit(1);
}
