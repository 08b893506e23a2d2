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
import { type Installing, npmInstall, npmPrune, runScript } from "./call-npm.ts";
import { packagesKey, SCRIPT_BEFORE } from "./plan-install.ts";

/** Carries the plan out, and runs the app's build scripts where they belong. */
export async function installPackages(installing: Installing): Promise<void> {
  const { context, plan, project } = installing;
  if (plan.kind === "nothing") return await runScripts(installing);
  await removeCommittedPackages(context);
  if (project.lockFile === undefined) {
    context.log.warn(
      "There is no package-lock.json, so versions may change with each build. Commit one: npm install && git add package-lock.json",
    );
  }
  if (plan.kind === "production") await installProduction(installing);
  else if (plan.kind === "build") await installForScripts(installing);
  else await installInPlace(installing);
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
async function runScripts(installing: Installing): Promise<void> {
  await runScript(installing, SCRIPT_BEFORE);
  if (installing.plan.script !== undefined) await runScript(installing, installing.plan.script);
}

async function installProduction(installing: Installing): Promise<void> {
  const { context } = installing;
  const layer = await openLayer(context.layersDir, "packages");
  const metadata = await packagesMetadata(installing);
  if (sameMetadata(layer, metadata)) {
    context.log.detail("Using the packages of the last build");
  } else {
    await clearLayer(layer);
    await withManifests(context, layer.dir, () => npmInstall(installing, layer.dir, "launch"));
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
    await installAll(installing, all);
  }
  await keepScriptCache(context, all);
  await linkPackages(context, all);
  const launch = await openLayer(context.layersDir, "packages");
  const isNew = !sameMetadata(launch, metadata);
  const copied = isNew ? copyPackages(context, { from: all, to: launch }) : undefined;
  // A script that changes packages may break the copy, which is then made again.
  copied?.catch(() => {});
  const began = Date.now();
  if (installing.plan.script !== undefined) await runScript(installing, installing.plan.script);
  const isWhole = await copied?.then(
    () => true,
    () => false,
  );
  const changed = changedSince(path.join(all.dir, "node_modules"), began);
  if (changed || isWhole === false) await copyPackages(context, { from: all, to: launch });
  if (changed || isNew) await readyForLaunch(installing, launch);
  await saveLayer(launch, { launch: true }, changed ? { ...metadata, changed: true } : metadata);
  if (changed) await dropLayer(all);
  else await saveLayer(all, { cache: true }, metadata);
  await linkPackages(context, launch);
}

/** Scripts of the app's own installation may read its files, so it runs among them; otherwise in the layer at once. */
async function installAll(installing: Installing, all: Layer): Promise<void> {
  const { context, plan } = installing;
  if (!plan.ownScripts) {
    return await withManifests(context, all.dir, () => npmInstall(installing, all.dir, "all"));
  }
  await npmInstall(installing, context.appDir, "all");
  await moveFolder(context, path.join(context.appDir, "node_modules"), path.join(all.dir, "node_modules"));
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
  if (plan.prunes) await withManifests(context, launch.dir, () => npmPrune(installing, launch.dir));
  await putOnPath(launch);
}

async function installInPlace(installing: Installing): Promise<void> {
  const { context, plan } = installing;
  await runScript(installing, SCRIPT_BEFORE);
  await npmInstall(installing, context.appDir, "all");
  if (plan.script !== undefined) await runScript(installing, plan.script);
  if (plan.prunes) await npmPrune(installing, context.appDir);
  await rm(path.join(context.appDir, "node_modules", ".cache"), { recursive: true, force: true });
  const layer = await openLayer(context.layersDir, "packages");
  await clearLayer(layer);
  await setLaunchEnv(layer, {
    name: "PATH",
    operation: "prepend",
    value: path.join(context.appDir, "node_modules", ".bin"),
  });
  await saveLayer(layer, { launch: true }, { buildpack: context.version, form: "in-place" });
}

async function packagesMetadata({ context, project, plan, npm }: Installing) {
  const key = packagesKey(project, plan, { node: npm.nodeVersion, npm: await npm.version() });
  return { key, buildpack: context.version, form: plan.kind };
}

const MANIFESTS = ["package.json", "package-lock.json", "npm-shrinkwrap.json", ".npmrc"] as const;

/** Does something in a folder that meanwhile holds copies of the files npm reads. */
async function withManifests(
  { appDir }: BuildContext,
  folder: string,
  act: () => Promise<void>,
): Promise<void> {
  const there = MANIFESTS.filter((name) => existsSync(path.join(appDir, name)));
  for (const name of there) await cp(path.join(appDir, name), path.join(folder, name));
  await act();
  for (const name of there) await rm(path.join(folder, name), { force: true });
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

/**
 * Whether anything below the folder was written, made, removed or renamed since then (generated clients are). Links
 * are not followed. By change times, which also tell of files that were put there with older times. One by one
 * without promises, which takes a tenth of the time.
 */
export function changedSince(folder: string, sinceMs: number): boolean {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const at = `${folder}/${entry.name}`;
    if (lstatSync(at).ctimeMs >= sinceMs) return true;
    if (entry.isDirectory() && changedSince(at, sinceMs)) return true;
  }
  return false;
}
