import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { shellProcess, writeLaunchFile } from "../../shared/launch-file.ts";
import {
  clearLayer,
  dropLayer,
  openLayer,
  sameMetadata,
  saveLayer,
  setLaunchEnv,
} from "../../shared/layer-folder.ts";
import { provideStaticServer } from "../../shared/static-server-layer.ts";
import { DEFAULT_CONFIG } from "../../static/launch/site-config.ts";
import { type FrameworkStart, frameworkStart } from "./framework-start.ts";
import { type NodeStart, nodeStart, type Program } from "./node-processes.ts";
import type { NodeProject } from "./node-project.ts";
import { copyManager } from "./packager-copies.ts";
import type { Manager } from "./packager-tool.ts";
import { PROGRAMS } from "./packager-version.ts";
import type { InstallPlan } from "./plan-install.ts";

export interface BuiltApp {
  readonly project: NodeProject;
  readonly plan: InstallPlan;
  readonly manager: Manager;
  /** Paths of the app that change only with its packages. */
  readonly slices: readonly string[];
  /** A package manager other than the app's own, at its default version. */
  readonly others: (program: Program) => Promise<Manager>;
}

/** Decides what the app's `web` process is, now that everything is built, and puts into the image what it needs. */
export async function startApp(context: BuildContext, app: BuiltApp): Promise<void> {
  const { project, plan, manager } = app;
  const hasFile = (name: string) => existsSync(path.join(context.appDir, name));
  const readText = (name: string) =>
    hasFile(name) ? readFileSync(path.join(context.appDir, name), "utf8") : undefined;
  const framework = frameworkStart({ needs: project.packageJson.needs, hasFile, readText });
  const start = nodeStart({
    scripts: project.packageJson.scripts,
    procfile: await readFile(path.join(context.appDir, "Procfile"), "utf8").catch(() => undefined),
    hasFile,
    framework,
    program: PROGRAMS[manager.kind],
    archives: !plan.linksPackages && plan.kind !== "nothing",
  });
  for (const program of start.programs) await provideManager(context, app, program);
  await setFrameworkEnv(context, framework);
  await writeProcesses(context, { start, framework, slices: app.slices });
}

/** Processes that call a package manager get it; all others are spared its size and its start-up. */
async function provideManager(context: BuildContext, app: BuiltApp, program: Program): Promise<void> {
  const own = PROGRAMS[app.manager.kind] === program;
  const manager = own ? app.manager : await app.others(program);
  const layer = await openLayer(context.layersDir, `${program}-launch`);
  const metadata = { version: await manager.version(), buildpack: context.version };
  if (!sameMetadata(layer, metadata)) {
    await clearLayer(layer);
    await copyManager(context, manager, layer.dir);
    // pnpm would look whether everything is installed, and miss its records.
    const name = "pnpm_config_verify_deps_before_run";
    if (program === "pnpm") await setLaunchEnv(layer, { name, operation: "default", value: "false" });
  }
  await saveLayer(layer, { launch: true }, metadata);
}

/** HOST and the like, without which some frameworks listen on the dyno's own loopback only. */
async function setFrameworkEnv(context: BuildContext, framework: FrameworkStart | undefined): Promise<void> {
  const layer = await openLayer(context.layersDir, "framework");
  const variables = Object.entries(framework?.env ?? {});
  if (variables.length === 0) return await dropLayer(layer);
  const metadata = Object.fromEntries(variables);
  if (!sameMetadata(layer, metadata)) {
    await clearLayer(layer);
    for (const [name, value] of variables) {
      // HOSTNAME is set by container engines, to a name that Next.js must not listen on.
      await setLaunchEnv(layer, { name, operation: name === "HOSTNAME" ? "override" : "default", value });
    }
  }
  await saveLayer(layer, { launch: true }, metadata);
}

interface Launch {
  readonly start: NodeStart;
  readonly framework: FrameworkStart | undefined;
  readonly slices: readonly string[];
}

async function writeProcesses(context: BuildContext, { start, framework, slices }: Launch): Promise<void> {
  const line = await commandLine(context, start);
  const processes = line === undefined ? [] : [shellProcess("web", line)];
  await writeLaunchFile(context.layersDir, { processes, slices: slices.length > 0 ? [slices] : [] });
  if (line !== undefined) context.log.detail(`Default process: web -> ${line} (${start.why})`);
  else if (!existsSync(path.join(context.appDir, "Procfile"))) {
    context.log.warn(
      framework?.advice ??
        "The app says nowhere how it starts. Add a start script to package.json, a server.js, or a Procfile with a line:\n  web: node your-file.js",
    );
  }
}

async function commandLine(context: BuildContext, { web }: NodeStart): Promise<string | undefined> {
  if (web === undefined || "command" in web) return web?.command;
  const { folder, fallback } = web.site;
  const config = fallback ? { ...DEFAULT_CONFIG, fallback } : DEFAULT_CONFIG;
  const { server, settings } = await provideStaticServer(context, config);
  return `exec node ${server} ${folder} ${settings}`;
}
