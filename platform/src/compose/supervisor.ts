import { existsSync } from "node:fs";
import { errorText, makeLogger, systemClock } from "../kernel/index.ts";
import { type Config, readConfig } from "./config.ts";
import { roleSpec } from "./supervisor-roles.ts";
import { makePlatform, type Platform } from "./supervisor-run.ts";
import { listenForStop, watchParent } from "./supervisor-signals.ts";

process.title = "conifer supervisor";

const tell = (line: string) => console.log(line);

async function main(): Promise<number> {
  const config = readConfig(process.env);
  const setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].find((path) => existsSync(path));
  const platform = await makePlatform({
    config,
    tell,
    specOf: (role, databaseUrl) => roleSpec({ role, databaseUrl, config, setpriv, env: process.env }),
    makeLogger: (write) =>
      makeLogger({ role: "supervisor", level: config.logLevel, write, now: systemClock }),
  });
  return await serve(platform, config);
}

/** Runs until a signal; resolves with the exit status. */
async function serve(platform: Platform, config: Config): Promise<number> {
  const stopped = Promise.withResolvers<number>();
  let stopping = false;
  const given = Number(process.env.CONIFER_PARENT);
  watchParent(
    () => {
      platform.abandon();
      process.exit(1);
    },
    given > 0 ? given : process.ppid,
  );
  listenForStop({
    stop: () => {
      stopping = true;
      tell("Conifer stops: apps get up to 30 seconds to end. Ctrl-C again stops at once.");
      platform.stop().then(() => stopped.resolve(0), stopped.reject);
    },
    stopNow: () => {
      tell("Conifer stops at once.");
      platform.stopNow().then(() => stopped.resolve(130), stopped.reject);
    },
  });
  const started = platform.start().then(
    (ready) => {
      tell(`Conifer is ready: http://localhost:${config.apiPort}`);
      void ready;
    },
    async (thrown) => {
      if (stopping) return;
      await platform.stopNow();
      throw thrown;
    },
  );
  return await Promise.race([stopped.promise, started.then(() => stopped.promise)]);
}

main().then(
  (status) => process.exit(status),
  (thrown) => {
    console.error(errorText(thrown));
    process.exit(1);
  },
);
