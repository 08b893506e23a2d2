import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { errorText } from "../kernel/index.ts";
import { readAccessFile } from "./access-file.ts";
import { readConfig } from "./config.ts";
import { deployExample, type ExampleApp, exampleAddress, followExample } from "./dev-example.ts";
import { reloadRoles, rolesOf, watchFolders } from "./dev-reload.ts";
import { readRecord } from "./supervisor-instance.ts";

/**
 * `npm run dev [-- <example>]`: the platform as `npm start` runs it, processes that are started again when their files
 * change, and an example app that is deployed at the start and whenever its files change.
 */
async function main(example = "node-express"): Promise<number> {
  const config = readConfig(process.env);
  const root = process.cwd();
  const folder = join(root, "examples", example);
  if (!existsSync(folder)) throw new Error(`There is no example ${example} in ${join(root, "examples")}.`);
  const ended = new AbortController();
  const supervisor = startSupervisor(() => {
    const access = readAccessFile(config.home);
    if (access) void runExample({ access, name: example, folder }, ended.signal);
  });
  const unwatch = watchFolders(root, ["platform/src", "contract/src"], (paths) => {
    const roles = new Set([...paths].flatMap(rolesOf));
    if (roles.size === 0) return;
    console.log(`Changed: ${[...paths].join(", ")}. Starting ${[...roles].join(", ")} again.`);
    reloadRoles(roles, readRecord(config.home.pidFile));
  });
  const status = await supervisor;
  ended.abort();
  unwatch();
  return status;
}

/** Resolves with the supervisor's status; signals to this process are passed on to it. */
function startSupervisor(ready: () => void): Promise<number> {
  const args = ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "supervisor.ts")];
  const env = { ...process.env, CONIFER_PARENT: String(process.pid) };
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  let isReady = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    process.stdout.write(text);
    if (isReady || !/^Conifer is ready/m.test(text)) return;
    isReady = true;
    ready();
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

async function runExample(app: ExampleApp, signal: AbortSignal): Promise<void> {
  const deploy = () =>
    deployExample(app).then(
      () => console.log(`\nThe example ${app.name} answers at ${exampleAddress(app)}\nIts log:\n`),
      (thrown) => console.error(`The example ${app.name} could not be deployed: ${errorText(thrown)}`),
    );
  console.log(`Deploying the example ${app.name} ...`);
  await deploy();
  let last: Promise<void> = Promise.resolve();
  const unwatch = watchFolders(app.folder, ["."], () => {
    last = last.then(deploy);
  });
  await followExample(app, (text) => process.stdout.write(text), signal);
  unwatch();
  await last;
}

main(process.argv[2]).then(
  (status) => process.exit(status),
  (thrown) => {
    console.error(errorText(thrown));
    process.exit(1);
  },
);
