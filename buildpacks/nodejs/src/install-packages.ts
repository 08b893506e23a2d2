import { existsSync, lstatSync, readdirSync } from "node:fs";
import { cp, mkdir, rm, symlink } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { copyFolder, moveFolder } from "../../shared/copy-folder.ts";
import {
  clearLayer,
  dropLayer,
  type Layer,
  openLayer,
  sameMetadata,
  saveLayer,
  setLaunchEnv,
} from "../../shared/layer-folder.ts";
import { type Installing, install, prune, runScript } from "./call-packager.ts";
import { installInPlace, PNPM_RECORDS } from "./install-in-place.ts";
import { relockCommand } from "./packager-commands.ts";
import { packagesKey, SCRIPT_BEFORE } from "./plan-install.ts";

const LOCKS = {
  npm: "package-lock.json",
  pnpm: "pnpm-lock.yaml",
  yarn: "yarn.lock",
  berry: "yarn.lock",
} as const;

/**
 * Carries the plan out, and runs the app's build scripts where they belong. Returns paths of the app that change only
 * with its packages.
 */
export async function installPackages(installing: Installing): Promise<readonly string[]> {
  const { context, plan, project } = installing;
  if (plan.kind === "nothing") return await runScripts(installing);
  await removeCommittedPackages(context);
  if (project.lockFile === undefined) {
    const { kind } = project.manager;
    context.log.warn(
      `There is no ${LOCKS[kind]}, so versions may change with each build. Commit one: ${relockCommand(kind)} && git add ${LOCKS[kind]}`,
    );
  }
  if (plan.kind === "in-place") return await installInPlace(installing);
  if (plan.kind === "production") await installProduction(installing);
  else await installForScripts(installing);
  return [];
}

async function removeCommittedPackages({ appDir, log }: BuildContext): Promise<void> {
  const folder = path.join(appDir, "node_modules");
  if (!existsSync(folder)) return;
  log.warn(
    "node_modules is in the repository; the build installs its own. Remove it: git rm -r --cached node_modules",
  );
  await rm(folder, { recursive: true, force: true });
}

/** Scripts of an app that has no packages: the one before is as good as any other. */
async function runScripts(installing: Installing): Promise<readonly string[]> {
  await runScript(installing, SCRIPT_BEFORE);
  if (installing.plan.script !== undefined) await runScript(installing, installing.plan.script);
  return [];
}

async function installProduction(installing: Installing): Promise<void> {
  const { context } = installing;
  const layer = await openLayer(context.layersDir, "packages");
  const metadata = await packagesMetadata(installing);
  if (sameMetadata(layer, metadata)) {
    context.log.detail("Using the packages of the last build");
  } else {
    await clearLayer(layer);
    await installInto(installing, layer, "launch");
    await removeRecords(layer);
    await putOnPath(layer);
  }
  await saveLayer(layer, { launch: true }, metadata);
  await linkPackages(context, layer);
}

/**
 * All packages are in a layer that lasts from build to build, and scripts see that. The image gets a copy: made while the
 * script runs when the packages are others, and afterwards when the script wrote into them. What a script wrote into is not kept: the
 * next build must not find what an older version of the app has left.
 */
async function installForScripts(installing: Installing): Promise<void> {
  const { context } = installing;
  const all = await openLayer(context.layersDir, "build-packages");
  const metadata = await packagesMetadata(installing);
  await runScript(installing, SCRIPT_BEFORE);
  if (all.restored && sameMetadata(all, metadata)) {
    context.log.detail("Using the packages of the last build");
  } else {
    await clearLayer(all);
    await installInto(installing, all, "all");
  }
  await keepScriptCache(context, all);
  const linkedAt = await linkPackages(context, all);
  const launch = await openLayer(context.layersDir, "packages");
  const isNew = !sameMetadata(launch, metadata);
  const copied = isNew ? copyPackages(context, { from: all, to: launch }) : undefined;
  // A script that changes packages may break the copy, which is then made again.
  copied?.catch(() => {});
  if (installing.plan.script !== undefined) await runScript(installing, installing.plan.script);
  const isWhole = await copied?.then(
    () => true,
    () => false,
  );
  const changed = changedAfter(path.join(all.dir, "node_modules"), linkedAt);
  if (changed || isWhole === false) await copyPackages(context, { from: all, to: launch });
  if (changed || isNew) await readyForLaunch(installing, launch);
  await saveLayer(launch, { launch: true }, changed ? { ...metadata, changed: true } : metadata);
  if (changed) await dropLayer(all);
  else await saveLayer(all, { cache: true }, metadata);
  await linkPackages(context, launch);
}

/** Scripts and patches of the app's own installation read its files, so it runs among them; otherwise in the layer at once. */
async function installInto(installing: Installing, layer: Layer, scope: "all" | "launch"): Promise<void> {
  const { context, plan } = installing;
  if (!plan.amongFiles) {
    return await withManifests(context, layer.dir, () => install(installing, layer.dir, scope));
  }
  await install(installing, context.appDir, scope);
  await moveFolder(context, path.join(context.appDir, "node_modules"), path.join(layer.dir, "node_modules"));
}

/**
 * Build tools keep caches in node_modules/.cache. A layer of their own lets them outlast the packages, and keeps them
 * out of the image.
 */
async function keepScriptCache(context: BuildContext, all: Layer): Promise<void> {
  const cache = await openLayer(context.layersDir, "script-cache");
  await mkdir(cache.dir, { recursive: true });
  await saveLayer(cache, { cache: true }, {});
  const link = path.join(all.dir, "node_modules", ".cache");
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  await rm(link, { recursive: true, force: true });
  await symlink(cache.dir, link);
}

async function copyPackages(
  context: BuildContext,
  { from, to }: { readonly from: Layer; readonly to: Layer },
): Promise<void> {
  await clearLayer(to);
  await copyFolder(context, path.join(from.dir, "node_modules"), path.join(to.dir, "node_modules"));
}

async function readyForLaunch(installing: Installing, launch: Layer): Promise<void> {
  const { context, plan } = installing;
  await rm(path.join(launch.dir, "node_modules", ".cache"), { force: true });
  if (plan.prunes) await withManifests(context, launch.dir, () => prune(installing, launch.dir));
  await removeRecords(launch);
  await putOnPath(launch);
}

/** pnpm's own records name the time of the installation; nobody needs them once the packages are in the image. */
async function removeRecords({ dir }: Layer): Promise<void> {
  for (const name of PNPM_RECORDS) await rm(path.join(dir, "node_modules", name), { force: true });
}

async function packagesMetadata({ context, project, plan, manager }: Installing) {
  const versions = { node: manager.nodeVersion, manager: await manager.version() };
  const key = packagesKey(project, plan, versions);
  return { key, buildpack: context.version, form: plan.kind };
}

const MANIFESTS = [
  ...["package.json", "package-lock.json", "npm-shrinkwrap.json", ".npmrc"],
  ...[
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    ".pnpmfile.cjs",
    ".pnpmfile.mjs",
    "patches",
    "yarn.lock",
    ".yarnrc",
  ],
];

/** Does something in a folder that meanwhile holds copies of the files a package manager reads. */
async function withManifests(
  { appDir }: BuildContext,
  folder: string,
  act: () => Promise<void>,
): Promise<void> {
  const there = MANIFESTS.filter((name) => existsSync(path.join(appDir, name)));
  for (const name of there) await cp(path.join(appDir, name), path.join(folder, name), { recursive: true });
  await act();
  for (const name of there) await rm(path.join(folder, name), { recursive: true, force: true });
}

/**
 * The app finds its packages through a link; Node.js resolves packages of packages beside them in the layer. Returns the
 * link's change time, in ms: what was there before it changed no later.
 */
async function linkPackages({ appDir }: BuildContext, layer: Layer): Promise<number> {
  const link = path.join(appDir, "node_modules");
  await rm(link, { recursive: true, force: true });
  await symlink(path.join(layer.dir, "node_modules"), link);
  return lstatSync(link).ctimeMs;
}

async function putOnPath(layer: Layer): Promise<void> {
  await setLaunchEnv(layer, {
    name: "PATH",
    operation: "prepend",
    value: path.join(layer.dir, "node_modules", ".bin"),
  });
}

/**
 * Whether anything below the folder was written, made, removed or renamed later than that (generated clients are). Links
 * are not followed. By change times, which also tell of files that were put there with older times, and against
 * another change time: the clock that we read runs ahead of the kernel's for files, by up to a tick (10 ms), which is less
 * than a program takes to start. One by one without promises, which takes a tenth of the time.
 */
export function changedAfter(folder: string, changeTimeMs: number): boolean {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const at = `${folder}/${entry.name}`;
    if (lstatSync(at).ctimeMs > changeTimeMs) return true;
    if (entry.isDirectory() && changedAfter(at, changeTimeMs)) return true;
  }
  return false;
}
