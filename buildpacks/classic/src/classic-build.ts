import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import {
  chmod,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure } from "../../shared/build-failure.ts";
import { shellProcess, writeLaunchFile } from "../../shared/launch-file.ts";
import { clearLayer, openLayer, saveLayer, setLaunchEnv } from "../../shared/layer-folder.ts";
import { readTool } from "../../shared/run-tool.ts";
import { changedVariables } from "./exported-variables.ts";
import { readReleaseFile } from "./release-file.ts";

/**
 * Runs the classic buildpack in the folder `target` beside this program: `bin/compile <app> <cache> <env>`, then
 * `bin/release <app>` (classic Buildpack API). What its file `export` sets reaches the buildpacks that follow, what it
 * leaves in `.profile.d` is read before each process, and its default process types are the image's.
 */
export async function build(context: BuildContext): Promise<void> {
  const env = await compileEnvironment(context);
  // Classic buildpacks write beside their programs; their own folder is read only.
  const target = await mkdtemp(path.join(tmpdir(), "classic-"));
  try {
    const from = await realpath(path.join(context.buildpackDir, "target"));
    await cp(from, target, { recursive: true, verbatimSymlinks: true });
    await compile(context, target, env);
    await keepExports(context, target, env);
    await keepProfiles(context);
    await keepRelease(context, target, env);
  } finally {
    await rm(target, { recursive: true, force: true });
  }
}

type Environment = BuildContext["env"];

function configFolder({ env }: BuildContext): string {
  return path.join(env.CNB_PLATFORM_DIR ?? "/platform", "env");
}

/** The app's variables are files, as classic buildpacks want them; a few are in the environment too. */
async function compileEnvironment(context: BuildContext): Promise<Environment> {
  const read = (name: string) =>
    readFile(path.join(configFolder(context), name), "utf8").catch(() => undefined);
  const version = await read("SOURCE_VERSION");
  const stack = (await read("CLASSIC_STACK"))?.trim() || stackFor(await libraryVersion(context));
  return { ...context.env, STACK: stack, ...(version ? { SOURCE_VERSION: version } : {}) };
}

/** The newest Heroku stack whose programs find their C library on a base with this version of it. */
export function stackFor(library: string): string {
  const [major = 0, minor = 0] = library.split(".").map(Number);
  const atLeast = (wanted: number) => major > 2 || (major === 2 && minor >= wanted);
  return atLeast(43) ? "heroku-26" : atLeast(39) ? "heroku-24" : "heroku-22";
}

/** `2.36`, as `getconf GNU_LIBC_VERSION` tells it; empty where there is another C library. */
async function libraryVersion({ appDir: cwd, env, signal }: BuildContext): Promise<string> {
  const run = { command: "getconf", args: ["GNU_LIBC_VERSION"], cwd, env, signal };
  return (await readTool(run).catch(() => "")).replace(/^glibc /, "").trim();
}

async function compile(context: BuildContext, target: string, env: Environment): Promise<void> {
  const { appDir, layersDir, signal } = context;
  const cache = await openLayer(layersDir, "cache");
  await mkdir(cache.dir, { recursive: true });
  await saveLayer(cache, { cache: true }, {});
  const args = [appDir, cache.dir, configFolder(context)];
  const program = path.join(target, "bin", "compile");
  const status = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    // Classic buildpacks write their own arrows and indents, and their errors among them.
    const child = spawn(program, args, { cwd: appDir, env, signal, stdio: ["ignore", "inherit", 1] });
    child.once("error", reject);
    child.once("close", (code, ended) => resolve(code ?? ended));
  }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "EACCES") throw notExecutable("bin/compile");
    throw cause;
  });
  if (status !== 0)
    throw new BuildFailure(`The classic buildpack's bin/compile ended with status ${status}.`, [
      "What it says stands above.",
    ]);
}

function notExecutable(name: string): BuildFailure {
  return new BuildFailure(`${name} of the classic buildpack may not be executed.`, [
    `In its repository: git update-index --chmod=+x ${name}`,
  ]);
}

async function keepExports({ appDir, layersDir, signal }: BuildContext, target: string, env: Environment) {
  const layer = await openLayer(layersDir, "export");
  await clearLayer(layer);
  if (!existsSync(path.join(target, "export"))) return;
  const show = (script: string) =>
    readTool({ command: "bash", args: ["-c", script, "export", target], cwd: appDir, env, signal });
  const changed = changedVariables(await show("env -0"), await show('. "$1/export" >&2; env -0'));
  const folder = path.join(layer.dir, "env.build");
  await mkdir(folder, { recursive: true });
  for (const [name, value] of Object.entries(changed))
    await writeFile(path.join(folder, `${name}.override`), value);
  await saveLayer(layer, { build: true }, {});
}

async function keepProfiles({ appDir, layersDir, buildpackDir }: BuildContext): Promise<void> {
  const scripts = await readdir(path.join(appDir, ".profile.d")).catch(() => []);
  const layer = await openLayer(layersDir, "profile");
  await clearLayer(layer);
  if (!scripts.some((name) => name.endsWith(".sh"))) return;
  await mkdir(path.join(layer.dir, "exec.d"));
  const program = path.join(layer.dir, "exec.d", "profile-d");
  await copyFile(path.join(buildpackDir, "bin", "profile-d"), program);
  await chmod(program, 0o755);
  await saveLayer(layer, { launch: true }, {});
}

async function keepRelease(context: BuildContext, target: string, env: Environment): Promise<void> {
  const { appDir, layersDir, log, signal } = context;
  const program = path.join(target, "bin", "release");
  if (!existsSync(program)) return;
  const printed = await readTool({ command: program, args: [appDir], cwd: appDir, env, signal }).catch(
    (cause) => {
      throw new BuildFailure(`The classic buildpack's bin/release failed: ${(cause as Error).message}`);
    },
  );
  const release = readReleaseFile(printed);
  for (const warning of release.warnings) log.warn(warning);
  if (release.addons.length > 0)
    log.warn(`The buildpack wishes for add-ons, which are not made: ${release.addons.join(", ")}`);
  const layer = await openLayer(layersDir, "config");
  await clearLayer(layer);
  for (const [name, value] of Object.entries(release.configVars))
    await setLaunchEnv(layer, { name, operation: "default", value });
  await saveLayer(layer, { launch: true }, {});
  const processes = release.processes.map(({ type, command }) => shellProcess(type, command));
  await writeLaunchFile(layersDir, { processes });
  if (processes.length > 0)
    log.detail(`Default types for the buildpack -> ${release.processes.map(({ type }) => type).join(", ")}`);
}
