import { existsSync } from "node:fs";
import { errorText, makeLogger, systemClock } from "../kernel/index.ts";
import { readConfig } from "./config.ts";
import { refuseBucket } from "./refuse-bucket.ts";
import { roleSpec } from "./supervisor-roles.ts";
import { makePlatform } from "./supervisor-run.ts";
import { servePlatform } from "./supervisor-serve.ts";

process.title = "conifer supervisor";

async function main(): Promise<number> {
  const config = readConfig(process.env);
  refuseBucket(config);
  const setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].find((path) => existsSync(path));
  const tell = (text: string) => console.log(text);
  const platform = await makePlatform({
    config,
    tell,
    specOf: (role, databaseUrl) => roleSpec({ role, databaseUrl, config, setpriv, env: process.env }),
    makeLogger: (write) =>
      makeLogger({ role: "supervisor", level: config.logLevel, write, now: systemClock }),
  });
  const parent = Number(process.env.CONIFER_PARENT) || undefined;
  const color = process.stdout.isTTY === true && !process.env.NO_COLOR;
  return await servePlatform({ platform, config, parent, tell, color });
}

main().then(
  (status) => process.exit(status),
  (thrown) => {
    console.error(errorText(thrown));
    process.exit(1);
  },
);
