import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { errorText } from "../kernel/index.ts";
import { type Access, readAccessFile } from "./access-file.ts";
import { writeCaBundle } from "./ca-bundle.ts";
import { readConfig } from "./config.ts";
import { changedEnvironment, type Environment, environmentChanges } from "./env-exports.ts";
import { withRegistryHost } from "./registry-host-preload.ts";

/**
 * Throws unless the instance answers where the client will send its token: to any other address it would fall back to
 * heroku.com, with the token.
 */
export function checkHost(access: Access): void {
  const { hostname } = new URL(access.api);
  if (hostname === "localhost" || hostname === "127.0.0.1") return;
  throw new Error(
    `This instance's address is ${access.api}. The heroku client sends its token only to localhost; nothing was run.`,
  );
}

/**
 * PATH as it was before npm put its own folders in front, so that the client runs as in the user's shell: npm adds
 * `node_modules/.bin` of the repository's folder and of each folder above it.
 */
export function userPath(path: string | undefined, root: string): string {
  const ofNpm = new Set(ancestors(root).map((folder) => join(folder, "node_modules/.bin")));
  const others = /\/node-gyp-bin\/?$|\/node_modules\/node-linux-[^/]+\/bin\/?$/;
  return (path ?? "")
    .split(delimiter)
    .filter((folder) => !ofNpm.has(folder) && !others.test(folder))
    .join(delimiter);
}

function ancestors(folder: string): string[] {
  return folder === dirname(folder) ? [folder] : [folder, ...ancestors(dirname(folder))];
}

function findClient(path: string): string {
  for (const folder of path.split(delimiter).filter(Boolean)) {
    try {
      const file = join(folder, "heroku");
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder.
    }
  }
  throw new Error("The heroku client is not on PATH. Install it: npm install -g heroku@11.10.0");
}

/** `npm run -s heroku -- <command>`: one command of the stock client against this instance, and no other. */
async function main(args: readonly string[]): Promise<number> {
  const { home } = readConfig(process.env);
  const access = readAccessFile(home);
  if (!access) throw new Error(`No Conifer was ever ready in ${home.root}. Start it: npm start`);
  checkHost(access);
  const caBundle = writeCaBundle(home, process.env.NODE_EXTRA_CA_CERTS);
  const path = userPath(process.env.PATH, process.cwd());
  const env: Environment = { ...process.env, PATH: path };
  const changes = {
    ...environmentChanges({ access, env, caBundle, withToken: false }),
    NODE_OPTIONS: withRegistryHost(env.NODE_OPTIONS),
  };
  return await run(findClient(path), args, changedEnvironment(env, changes));
}

/** In the folder the user is in: npm itself runs scripts in the repository's. */
function run(client: string, args: readonly string[], env: Environment): Promise<number> {
  const child = spawn(client, args, { env, cwd: process.env.INIT_CWD ?? process.cwd(), stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(signal ? 1 : (code ?? 1)));
  });
}

if (import.meta.main) {
  main(process.argv.slice(2)).then(
    (status) => process.exit(status),
    (thrown) => {
      console.error(errorText(thrown));
      process.exit(1);
    },
  );
}
