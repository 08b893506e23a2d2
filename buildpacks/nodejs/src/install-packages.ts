import { existsSync } from "node:fs";
import { cp, mkdir, readdir, rm, stat, symlink } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure } from "../../shared/build-failure.ts";
import { contentKey } from "../../shared/content-key.ts";
import {
  clearLayer,
  type Layer,
  openLayer,
  sameMetadata,
  saveLayer,
  setLaunchEnv,
} from "../../shared/layer-folder.ts";
import { runTool } from "../../shared/run-tool.ts";
import type { NodeProject } from "./node-project.ts";
import type { Npm } from "./nodejs-build.ts";

/** Scripts that run in the build, in this order; `build` stands in for a missing `heroku-postbuild`, as on Heroku. */
const BEFORE = "heroku-prebuild";
const AFTER = ["heroku-postbuild", "build"] as const;
/** Scripts of the app itself that an installation runs. */
const OF_INSTALL = [
  "preinstall",
  "install",
  "postinstall",
  "prepublish",
  "prepare",
  "preprepare",
  "postprepare",
];

/**
 * How packages get into the image.
 * - `nothing`: there are none.
 * - `production`: no script of the app runs in the build, so only what runs later is installed, straight into a layer.
 * - `build-and-prune`: scripts run with all packages, which are kept for the next build; a pruned copy is launched.
 * - `in-place`: packages link into the app's folder (workspaces, `file:`), so they stay in it, as a slice of their own.
 */
export type InstallPlan =
  | { readonly kind: "nothing"; readonly script: string | undefined }
  | { readonly kind: "production"; readonly key: Promise<string> }
  | {
      readonly kind: "build-and-prune" | "in-place";
      readonly key: Promise<string>;
      readonly script: string | undefined;
    };

export function planInstall(
  project: NodeProject,
  versions: { readonly nodeVersion: string; readonly npmVersion: () => Promise<string> },
): InstallPlan {
  const { packageJson, lockFile, npmrc } = project;
  const script = AFTER.find((name) => packageJson.scripts[name] !== undefined);
  if (!packageJson.hasDependencies) return { kind: "nothing", script };
  const makeKey = async () =>
    contentKey(
      lockFile?.text ?? "",
      JSON.stringify(packageJson.installed),
      JSON.stringify(OF_INSTALL.map((name) => packageJson.scripts[name] ?? "")),
      npmrc,
      versions.nodeVersion,
      await versions.npmVersion(),
    );
  const key = makeKey();
  // Nobody waits for it on some paths; whoever does gets its failure.
  key.catch(() => {});
  const linked = lockFile?.hasLinks ?? JSON.stringify(packageJson.installed).includes('"file:');
  if (linked || packageJson.installed.workspaces !== undefined) return { kind: "in-place", key, script };
  const runsScripts = [BEFORE, ...AFTER, ...OF_INSTALL].some(
    (name) => packageJson.scripts[name] !== undefined,
  );
  return runsScripts ? { kind: "build-and-prune", key, script } : { kind: "production", key };
}

interface Installing {
  readonly plan: InstallPlan;
  readonly project: NodeProject;
  readonly npm: Npm;
}

/** Carries the plan out, and runs the app's build scripts where they belong. */
export async function installPackages(context: BuildContext, installing: Installing): Promise<void> {
  const { plan, project } = installing;
  if (plan.kind !== "nothing") await removeCommittedPackages(context);
  if (plan.kind !== "nothing" && project.lockFile === undefined) {
    context.log.warn(
      "There is no package-lock.json, so versions may change with each build. Commit one: npm install && git add package-lock.json",
    );
  }
  switch (plan.kind) {
    case "nothing":
      return await runScripts(context, installing, plan.script);
    case "production":
      return await installProduction(context, installing, await plan.key);
    case "build-and-prune":
      return await buildAndPrune(context, installing, { key: await plan.key, script: plan.script });
    case "in-place":
      return await installInPlace(context, installing, plan.script);
  }
}

async function removeCommittedPackages({ appDir, log }: BuildContext): Promise<void> {
  const folder = path.join(appDir, "node_modules");
  if (!existsSync(folder)) return;
  log.warn(
    "node_modules is in the repository; the build installs its own. Remove it: git rm -r --cached node_modules",
  );
  await rm(folder, { recursive: true, force: true });
}

async function installProduction(context: BuildContext, installing: Installing, key: string): Promise<void> {
  const layer = await openLayer(context.layersDir, "packages");
  const metadata = { key, buildpack: context.version, form: "production" };
  if (sameMetadata(layer, metadata)) {
    context.log.detail("Using the packages of the last build");
  } else {
    await clearLayer(layer);
    await runNpm(context, installing, { folder: layer.dir, args: ["--omit=dev"], copies: true });
    await putOnPath(layer);
  }
  await saveLayer(layer, { launch: true }, metadata);
  await linkPackages(context, layer);
}

async function buildAndPrune(
  context: BuildContext,
  installing: Installing,
  { key, script }: { key: string; script: string | undefined },
): Promise<void> {
  const all = await openLayer(context.layersDir, "build-packages");
  const metadata = { key, buildpack: context.version, form: "pruned" };
  const same = all.restored && sameMetadata(all, metadata);
  if (!same) {
    await clearLayer(all);
    await runScript(context, installing, BEFORE);
    // Scripts of the app's own installation may read its files: they run where the files are.
    await runNpm(context, installing, { folder: context.appDir, args: ["--include=dev"], copies: false });
    await moveFolder(path.join(context.appDir, "node_modules"), path.join(all.dir, "node_modules"));
  } else {
    context.log.detail("Using the packages of the last build");
    await runScript(context, installing, BEFORE);
  }
  await linkPackages(context, all);
  const began = Date.now();
  await runScripts(context, installing, script);
  await saveLayer(all, { cache: true }, metadata);
  const launch = await openLayer(context.layersDir, "packages");
  const changed = await changedSince(path.join(all.dir, "node_modules"), began);
  if (changed || !sameMetadata(launch, metadata)) {
    await prune(context, installing, { from: all, to: launch });
    await putOnPath(launch);
  }
  await saveLayer(launch, { launch: true }, changed ? { ...metadata, changed: true } : metadata);
  await linkPackages(context, launch);
}

async function installInPlace(
  context: BuildContext,
  installing: Installing,
  script: string | undefined,
): Promise<void> {
  await runScript(context, installing, BEFORE);
  await runNpm(context, installing, { folder: context.appDir, args: ["--include=dev"], copies: false });
  await runScripts(context, installing, script);
  if (installing.project.lockFile?.hasDevPackages) {
    context.log.detail("Pruning development packages");
    await callNpm(context, installing, {
      folder: context.appDir,
      args: ["prune", "--omit=dev", "--ignore-scripts"],
    });
  }
  const layer = await openLayer(context.layersDir, "packages");
  await clearLayer(layer);
  await setLaunchEnv(layer, {
    name: "PATH",
    operation: "prepend",
    value: path.join(context.appDir, "node_modules", ".bin"),
  });
  await saveLayer(layer, { launch: true }, { buildpack: context.version, form: "in-place" });
}

/** Copies all packages and removes those that only development needs. */
async function prune(
  context: BuildContext,
  installing: Installing,
  { from, to }: { from: Layer; to: Layer },
): Promise<void> {
  await clearLayer(to);
  const copy = { recursive: true, verbatimSymlinks: true, preserveTimestamps: true };
  await cp(path.join(from.dir, "node_modules"), path.join(to.dir, "node_modules"), copy);
  await rm(path.join(to.dir, "node_modules", ".cache"), { recursive: true, force: true });
  const { lockFile } = installing.project;
  if (lockFile !== undefined && !lockFile.hasDevPackages) return;
  context.log.detail("Pruning development packages");
  await copyManifests(context, to.dir);
  await callNpm(context, installing, { folder: to.dir, args: ["prune", "--omit=dev", "--ignore-scripts"] });
  await removeManifests(to.dir);
}

interface NpmCall {
  readonly folder: string;
  readonly args: readonly string[];
}

/** `npm ci` with a lock file, `npm install` without; in another folder with copies of what npm reads. */
async function runNpm(
  context: BuildContext,
  installing: Installing,
  call: NpmCall & { copies: boolean },
): Promise<void> {
  const { lockFile } = installing.project;
  const command = lockFile ? "ci" : "install";
  context.log.step(`Installing packages (npm ${command})`);
  if (call.copies) await copyManifests(context, call.folder);
  const args = [command, ...call.args, ...(lockFile ? [] : ["--no-package-lock"])];
  await callNpm(context, installing, { folder: call.folder, args });
  if (call.copies) await removeManifests(call.folder);
  await mkdir(path.join(call.folder, "node_modules"), { recursive: true });
}

const MANIFESTS = ["package.json", "package-lock.json", "npm-shrinkwrap.json", ".npmrc"] as const;

async function copyManifests({ appDir }: BuildContext, folder: string): Promise<void> {
  for (const name of MANIFESTS) {
    if (existsSync(path.join(appDir, name))) await cp(path.join(appDir, name), path.join(folder, name));
  }
}

async function removeManifests(folder: string): Promise<void> {
  for (const name of MANIFESTS) await rm(path.join(folder, name), { force: true });
}

async function callNpm(context: BuildContext, { npm }: Installing, { folder, args }: NpmCall): Promise<void> {
  const cache = await openLayer(context.layersDir, "npm-cache");
  await mkdir(cache.dir, { recursive: true });
  await saveLayer(cache, { cache: true }, {});
  const env = await npmEnvironment(context, npm, cache.dir);
  const quiet = ["--no-audit", "--no-fund", "--no-update-notifier", "--no-progress", "--prefer-offline"];
  const program = path.join(await npm.folder(), "bin", "npm");
  const code = await runTool({
    command: path.join(await npm.node(), "bin", "node"),
    args: [program, ...args, ...quiet],
    cwd: folder,
    env,
    log: context.log,
    signal: context.signal,
  });
  if (code === 0) return;
  throw new BuildFailure(`npm ${args[0]} failed with status ${code}.`, [
    args[0] === "ci"
      ? "If npm says that package.json and the lock file disagree, run npm install, commit the lock file and push again."
      : "See npm's own words above.",
  ]);
}

async function npmEnvironment(context: BuildContext, npm: Npm, cache: string) {
  const { NODE_ENV, NPM_CONFIG_PRODUCTION, npm_config_production, ...env } = context.env;
  const bins = [path.join(await npm.node(), "bin"), path.join(await npm.folder(), "bin")];
  const home = env.HOME ?? context.layersDir;
  return {
    ...env,
    HOME: home,
    PATH: [...bins, env.PATH ?? "/usr/bin:/bin"].join(":"),
    npm_config_cache: cache,
    // Where node-gyp finds headers, so that native packages build without asking anybody.
    npm_package_config_node_gyp_nodedir: await npm.node(),
    ...(NODE_ENV === undefined ? {} : { CONIFER_NODE_ENV: NODE_ENV }),
  };
}

async function runScripts(
  context: BuildContext,
  installing: Installing,
  script: string | undefined,
): Promise<void> {
  if (installing.plan.kind === "nothing") await runScript(context, installing, BEFORE);
  if (script !== undefined) await runScript(context, installing, script);
}

async function runScript(context: BuildContext, installing: Installing, name: string): Promise<void> {
  if (installing.project.packageJson.scripts[name] === undefined) return;
  context.log.step(`Running the script ${name}`);
  const cache = await openLayer(context.layersDir, "npm-cache");
  await mkdir(cache.dir, { recursive: true });
  await saveLayer(cache, { cache: true }, {});
  const { npm } = installing;
  const { CONIFER_NODE_ENV: given, ...env } = await npmEnvironment(context, npm, cache.dir);
  const code = await runTool({
    command: path.join(await npm.node(), "bin", "node"),
    args: [path.join(await npm.folder(), "bin", "npm"), "run", name, "--no-update-notifier"],
    cwd: context.appDir,
    env: { ...env, NODE_ENV: given ?? "production" },
    log: context.log,
    signal: context.signal,
  });
  if (code !== 0)
    throw new BuildFailure(`The script ${name} failed with status ${code}.`, [
      "See its output above, correct it and push again.",
    ]);
}

/** The app finds its packages through a link; Node.js resolves packages of packages beside them in the layer. */
async function linkPackages({ appDir }: BuildContext, layer: Layer): Promise<void> {
  const link = path.join(appDir, "node_modules");
  await rm(link, { recursive: true, force: true });
  await symlink(path.join(layer.dir, "node_modules"), link);
}

async function putOnPath(layer: Layer): Promise<void> {
  await setLaunchEnv(layer, {
    name: "PATH",
    operation: "prepend",
    value: path.join(layer.dir, "node_modules", ".bin"),
  });
}

async function moveFolder(from: string, to: string): Promise<void> {
  if (!existsSync(from)) return void (await mkdir(to, { recursive: true }));
  await cp(from, to, { recursive: true, verbatimSymlinks: true });
  await rm(from, { recursive: true, force: true });
}

/** Whether a script of the build wrote into the packages (generated clients do), caches left out. */
export async function changedSince(folder: string, sinceMs: number): Promise<boolean> {
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (entry.name === ".cache") continue;
    const at = path.join(folder, entry.name);
    if (entry.isDirectory()) {
      if (await changedSince(at, sinceMs)) return true;
    } else if (entry.isFile() && (await stat(at)).mtimeMs >= sinceMs) return true;
  }
  return false;
}
