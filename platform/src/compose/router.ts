import { errorText } from "../kernel/index.ts";
import { readConfig } from "./config.ts";
import { makeProcessLogger } from "./process-logger.ts";
import { explainListenError, startRouter } from "./router-process.ts";
import { sayReady } from "./supervisor-messages.ts";

/** A port that cannot be had: starting again will not help before somebody does something. */
const EXIT_PORT = 78;

process.title = "conifer router";
const config = readConfig(process.env);
const logger = makeProcessLogger("router", config.logLevel);

try {
  const running = await startRouter(config, logger);
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    running.stop().then(
      () => process.exit(0),
      (thrown) => {
        logger.error("the router did not stop cleanly", { error: thrown });
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", stop).on("SIGINT", stop);
  sayReady();
} catch (thrown) {
  const taken = explainListenError(thrown, config);
  process.stderr.write(`conifer router: ${taken ?? errorText(thrown)}\n`);
  if (!taken) logger.error("the router could not start", { error: thrown });
  process.exit(taken ? EXIT_PORT : 1);
}
