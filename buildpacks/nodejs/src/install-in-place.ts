import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { contentKey } from "../../shared/content-key.ts";
import { copyFolder } from "../../shared/copy-folder.ts";
import {
  clearLayer,
  dropLayer,
  openLayer,
  sameMetadata,
  saveLayer,
  setLaunchEnv,
} from "../../shared/layer-folder.ts";
import { type Installing, install, prune, runScript } from "./call-packager.ts";
import { object } from "./package-json.ts";
import { packagesKey, SCRIPT_BEFORE, SCRIPTS_OF_INSTALL } from "./plan-install.ts";

/** Records with the time of an installation, which nobody needs once it is in the image. */
export const PNPM_RECORDS = [
  ".modules.yaml",
  ".pnpm-workspace-state.json",
  ".pnpm-workspace-state-v1.json",
] as const;
/** What Yarn 2 and later put beside package.json. */
const YARN_FILES: readonly string[] = [
  ...[".pnp.cjs", ".pnp.js", ".pnp.loader.mjs", ".pnp.data.json"],
  ...[".yarn/cache", ".yarn/unplugged", ".yarn/install-state.gz", ".yarn/build-state.yml"],
];
/** Folders below the app that are looked through for manifests of workspaces. */
const MOST_FOLDERS = 20_000;
const LAYER = "place-packages";

/**
 * Installs among the app's files. What the installation made is kept for the next build unless scripts of the app or
 * its workspaces have part in it, which may write anywhere; or the repository brings the archives, which are as near.
 * Returns paths of the app that change only with its packages, for a layer of their own.
 */
export async function installInPlace(installing: Installing): Promise<readonly string[]> {
  const { context, plan, project } = installing;
  await runScript(installing, SCRIPT_BEFORE);
  const found = await workspacesOf(context.appDir);
  const metadata = await keptMetadata(installing, found);
  const kept = await openLayer(context.layersDir, LAYER);
  if (kept.restored && sameMetadata(kept, metadata)) {
    context.log.detail("Using the packages of the last build");
    await bringBack(installing, kept.dir);
    await saveLayer(kept, { cache: true }, metadata);
  } else {
    await installAmongFiles(installing);
    await clearLayer(kept);
    if (found.runScripts || project.yarn.zeroInstall) await dropLayer(kept);
    else {
      await putAside(installing, kept.dir, found.folders);
      await saveLayer(kept, { cache: true }, metadata);
    }
  }
  if (plan.script !== undefined) await runScript(installing, plan.script);
  if (plan.prunes && plan.runsScripts) await prune(installing, context.appDir);
  await cleanUp(context.appDir, found.folders);
  await setUpLaunch(installing);
  return packageSlices(found.folders);
}

/** Where no script runs, what only development needs is not even installed; Yarn 2 and later check the lock file only with all. */
async function installAmongFiles(installing: Installing): Promise<void> {
  const { context, plan, project } = installing;
  const all = plan.runsScripts || project.manager.kind === "berry";
  await install(installing, context.appDir, all ? "all" : "launch");
  if (all && !plan.runsScripts && plan.prunes) await prune(installing, context.appDir);
}

interface Workspaces {
  /** The app's folder as "", and folders below it that have a package.json; relative, sorted. */
  readonly folders: readonly string[];
  /** All their manifests, for a key. */
  readonly key: string;
  /** Whether any has scripts that an installation runs. */
  readonly runScripts: boolean;
}

/** Every folder with a package.json below the app, those of installed packages apart. */
export async function workspacesOf(appDir: string): Promise<Workspaces> {
  const folders: string[] = [];
  const waiting = [""];
  for (let seen = 0; waiting.length > 0 && seen < MOST_FOLDERS; seen++) {
    const folder = waiting.shift() as string;
    for (const entry of await readdir(path.join(appDir, folder), { withFileTypes: true })) {
      if (entry.name === "package.json" && entry.isFile()) folders.push(folder);
      const isOurs = entry.isDirectory() && entry.name !== "node_modules" && !entry.name.startsWith(".");
      if (isOurs) waiting.push(path.join(folder, entry.name));
    }
  }
  folders.sort();
  const manifests: string[] = [];
  let runScripts = false;
  for (const folder of folders) {
    const manifest = manifestOf(await readFile(path.join(appDir, folder, "package.json"), "utf8"));
    const scripts = object(manifest.scripts);
    runScripts ||= SCRIPTS_OF_INSTALL.some((name) => scripts[name] !== undefined);
    // Scripts that no installation runs may change without a new one.
    manifests.push(folder, JSON.stringify({ ...manifest, scripts: undefined }));
  }
  return { folders, key: contentKey(...manifests), runScripts };
}

/** A file that is no JSON, such as a template, is of no manager's interest. */
function manifestOf(text: string): Record<string, unknown> {
  try {
    return object(JSON.parse(text));
  } catch {
    return { text };
  }
}

async function keptMetadata({ context, project, plan, manager }: Installing, found: Workspaces) {
  const versions = { node: manager.nodeVersion, manager: await manager.version() };
  const scope = plan.runsScripts ? "all" : "launch";
  return {
    key: contentKey(packagesKey(project, plan, versions), found.key),
    scope,
    buildpack: context.version,
  };
}

/** What an installation made, relative to the app. */
function madeBy({ context, project }: Installing, folders: readonly string[]): string[] {
  const modules = folders.map((folder) => path.join(folder, "node_modules"));
  // Yarn runs scripts by its lock file, one that it has just made included.
  const made = project.lockFile === undefined ? ["yarn.lock"] : [];
  const yarn = project.manager.kind === "berry" ? [...YARN_FILES, ...made] : [];
  return [...modules, ...yarn].filter((name) => existsSync(path.join(context.appDir, name)));
}

async function putAside(installing: Installing, to: string, folders: readonly string[]): Promise<void> {
  for (const name of madeBy(installing, folders)) {
    await copyAny(installing, path.join(installing.context.appDir, name), path.join(to, name));
  }
}

async function bringBack(installing: Installing, from: string): Promise<void> {
  const { appDir } = installing.context;
  const waiting = [""];
  while (waiting.length > 0) {
    const folder = waiting.shift() as string;
    for (const entry of await readdir(path.join(from, folder), { withFileTypes: true })) {
      const name = path.join(folder, entry.name);
      const isMade = entry.name === "node_modules" || entry.isFile() || YARN_FILES.includes(name);
      if (!isMade) waiting.push(name);
      else await copyAny(installing, path.join(from, name), path.join(appDir, name));
    }
  }
}

async function copyAny({ context }: Installing, from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await mkdir(path.dirname(to), { recursive: true });
  await copyFolder(context, from, to);
}

async function cleanUp(appDir: string, folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const modules = path.join(appDir, folder, "node_modules");
    for (const name of [".cache", ...PNPM_RECORDS])
      await rm(path.join(modules, name), { recursive: true, force: true });
  }
}

async function setUpLaunch({ context, project, plan }: Installing): Promise<void> {
  const { appDir } = context;
  const layer = await openLayer(context.layersDir, "packages");
  await clearLayer(layer);
  const bin = path.join(appDir, "node_modules", ".bin");
  await setLaunchEnv(layer, { name: "PATH", operation: "prepend", value: bin });
  if (project.manager.kind === "berry" && !plan.linksPackages) {
    const value = pnpOptions(appDir, (name) => existsSync(path.join(appDir, name)));
    if (value !== "")
      await setLaunchEnv(layer, { name: "NODE_OPTIONS", operation: "prepend", value, delimiter: " " });
  }
  await saveLayer(layer, { launch: true }, { buildpack: context.version, form: "in-place" });
}

/** What `yarn node` passes, so that plain `node` finds packages in Yarn's archives (yarnpkg.com, "PnP API"). */
export function pnpOptions(appDir: string, hasFile: (name: string) => boolean): string {
  const quoted = (name: string) => {
    const file = path.join(appDir, name);
    return /\s/.test(file) ? JSON.stringify(file) : file;
  };
  const hook = [".pnp.cjs", ".pnp.js"].find(hasFile);
  if (hook === undefined) return "";
  const loader = hasFile(".pnp.loader.mjs")
    ? ` --experimental-loader=file://${encodeURI(path.join(appDir, ".pnp.loader.mjs"))}`
    : "";
  return `--require=${quoted(hook)}${loader}`;
}

function packageSlices(folders: readonly string[]): string[] {
  const modules = folders.map((folder) => path.posix.join(folder, "node_modules"));
  return [...modules, ...YARN_FILES];
}
