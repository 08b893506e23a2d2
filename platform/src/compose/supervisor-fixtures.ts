import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeLogger, systemClock } from "../kernel/index.ts";
import { type Config, readConfig } from "./config.ts";
import type { ChildSpec } from "./supervisor-child.ts";
import { makePlatform, type SupervisorOptions } from "./supervisor-run.ts";
import { servePlatform } from "./supervisor-serve.ts";

/**
 * A role with nothing in it but how it comes and goes. FAKE_<ROLE> holds its behavior: `normal`, `fails` (ends before
 * it is ready), `stubborn` (ignores SIGTERM). What it does it writes to $CONIFER_HOME/events, one line each.
 */
const FAKE_ROLE = `
import { appendFileSync } from "node:fs";
import { spawn } from "node:child_process";
const role = process.argv[2];
const how = process.env["FAKE_" + role.toUpperCase()] ?? "normal";
const note = (what) => appendFileSync(process.env.CONIFER_HOME + "/events", role + " " + what + "\\n");
process.on("SIGTERM", () => {
  note("TERM");
  if (how !== "stubborn") setTimeout(() => process.exit(0), 20);
});
if (how === "fails") {
  console.error("the disk is full of sand");
  process.exit(3);
}
const below = spawn("sleep", ["1000"], { stdio: "ignore" });
note("up " + process.pid + " " + below.pid);
process.send({ ready: true });
setInterval(() => {}, 1000);
`;

/** How to start fake roles for the home of this configuration; `guarded` as on a machine with setpriv. */
export function fakeRoles(config: Config, env: NodeJS.ProcessEnv, guarded: boolean) {
  const script = join(config.home.root, "fake-role.mjs");
  const channel = join(import.meta.dirname, "supervisor-channel.ts");
  const flags = ["--disable-warning=ExperimentalWarning", "--import", channel];
  return (role: string, databaseUrl: string): ChildSpec => {
    writeFileSync(script, FAKE_ROLE);
    const node = [process.execPath, ...flags, script, role];
    const [command = "", ...args] = guarded ? ["setpriv", "--pdeathsig", "KILL", "--", ...node] : node;
    return {
      role,
      command,
      args,
      env: { ...env, CONIFER_HOME: config.home.root, DATABASE_URL: databaseUrl },
    };
  };
}

export function fakeOptions(
  config: Config,
  env: NodeJS.ProcessEnv,
  tell: (text: string) => void,
): SupervisorOptions {
  return {
    config,
    tell,
    specOf: fakeRoles(config, env, env.FAKE_GUARD !== "channel"),
    makeLogger: (write) => makeLogger({ role: "supervisor", level: "debug", write, now: systemClock }),
    stopMs: Number(env.FAKE_STOP_MS ?? 40_000),
  };
}

/** Run as a program: a supervisor of fake roles, for tests that kill it. */
if (import.meta.main) {
  const config = readConfig(process.env);
  const tell = (text: string) => console.log(text);
  const parent = Number(process.env.CONIFER_PARENT) || undefined;
  makePlatform(fakeOptions(config, process.env, tell))
    .then((platform) => servePlatform({ platform, config, parent, tell, color: false }))
    .then(
      (status) => process.exit(status),
      (thrown) => {
        console.error(thrown.message);
        process.exit(1);
      },
    );
}
