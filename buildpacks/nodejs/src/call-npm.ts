import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure } from "../../shared/build-failure.ts";
import { openLayer, saveLayer } from "../../shared/layer-folder.ts";
import { runTool } from "../../shared/run-tool.ts";
import type { NodeProject } from "./node-project.ts";
import type { Npm } from "./npm-tool.ts";
import type { InstallPlan } from "./plan-install.ts";

/** What the steps of an installation have in common. */
export interface Installing {
  readonly context: BuildContext;
  readonly plan: InstallPlan;
  readonly project: NodeProject;
  readonly npm: Npm;
}

/** `npm ci` with a lock file, `npm install` without. */
export async function npmInstall(installing: Installing, folder: string, scope: "all" | "launch") {
  const { context, project, plan } = installing;
  const command = project.lockFile ? "ci" : "install";
  context.log.step(`Installing packages (npm ${command})`);
  const dev = await devFlag(installing, scope === "all" || plan.keepsDev);
  await callNpm(installing, folder, [command, dev, ...(project.lockFile ? [] : ["--no-package-lock"])]);
  await mkdir(path.join(folder, "node_modules"), { recursive: true });
}

/** Removes packages that only development needs. Nothing of the app or its packages runs. */
export async function npmPrune(installing: Installing, folder: string): Promise<void> {
  installing.context.log.detail("Pruning development packages");
  await callNpm(installing, folder, ["prune", await devFlag(installing, false), "--ignore-scripts"]);
}

/** Runs a script of the app, when it has one of that name, with the scripts that npm runs before and after it. */
export async function runScript({ context, project, npm }: Installing, name: string): Promise<void> {
  if (project.packageJson.scripts[name] === undefined) return;
  context.log.step(`Running the script ${name}`);
  const env = await npmEnvironment(context, npm);
  const code = await runTool({
    command: path.join(await npm.node(), "bin", "node"),
    args: [npmProgram(await npm.folder()), "run", name],
    cwd: context.appDir,
    env: { ...env, NODE_ENV: context.env.NODE_ENV || "production" },
    log: context.log,
    signal: context.signal,
  });
  if (code === 0) return;
  throw new BuildFailure(`The script ${name} failed with status ${code}.`, [
    "See its output above, correct it and push again.",
  ]);
}

/** npm 6 knows only the older words. */
async function devFlag({ npm }: Installing, keepsDev: boolean): Promise<string> {
  const old = Number((await npm.version()).split(".")[0]) < 7;
  if (keepsDev) return old ? "--production=false" : "--include=dev";
  return old ? "--production" : "--omit=dev";
}

async function callNpm({ context, npm }: Installing, folder: string, args: readonly string[]): Promise<void> {
  // With NODE_ENV=production npm would leave out packages that the build needs.
  const { NODE_ENV: _, ...env } = await npmEnvironment(context, npm);
  const code = await runTool({
    command: path.join(await npm.node(), "bin", "node"),
    args: [npmProgram(await npm.folder()), ...args],
    cwd: folder,
    env,
    log: context.log,
    signal: context.signal,
  });
  if (code === 0) return;
  throw new BuildFailure(`npm ${args[0]} failed with status ${code}. Its own words are above.`, [
    args[0] === "ci"
      ? "When package.json and the lock file disagree: run npm install, commit the lock file, and push again."
      : "Correct what npm names, and push again.",
  ]);
}

const npmProgram = (folder: string) => path.join(folder, "bin", "npm");

async function npmEnvironment(context: BuildContext, npm: Npm): Promise<Record<string, string | undefined>> {
  const cache = await openLayer(context.layersDir, "npm-cache");
  await mkdir(cache.dir, { recursive: true });
  await saveLayer(cache, { cache: true }, {});
  const { NPM_CONFIG_PRODUCTION: _, npm_config_production: __, ...env } = context.env;
  const bins = [path.join(await npm.node(), "bin"), path.join(await npm.folder(), "bin")];
  return {
    ...env,
    HOME: env.HOME ?? context.layersDir,
    PATH: [...bins, env.PATH ?? "/usr/bin:/bin"].join(":"),
    npm_config_cache: cache.dir,
    npm_config_prefer_offline: "true",
    npm_config_audit: "false",
    npm_config_fund: "false",
    npm_config_progress: "false",
    npm_config_update_notifier: "false",
    // npm would keep compiled code in /tmp, which ends with the build: half a second for nothing.
    ...(env.NODE_COMPILE_CACHE === undefined ? { NODE_DISABLE_COMPILE_CACHE: "1" } : {}),
    // The cache stays as it was when nothing was fetched.
    npm_config_logs_max: "0",
    // Where node-gyp finds headers, so that native packages build without asking anybody.
    npm_package_config_node_gyp_nodedir: await npm.node(),
  };
}
