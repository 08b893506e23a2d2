import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure } from "../../shared/build-failure.ts";
import { shellProcess, writeLaunchFile } from "../../shared/launch-file.ts";
import {
  clearLayer,
  dropLayer,
  openLayer,
  sameMetadata,
  saveLayer,
  setLaunchEnv,
} from "../../shared/layer-folder.ts";
import { type NodeRequirement, nodeRequirement } from "../../shared/node-version.ts";
import { provideNode } from "../../shared/provide-node.ts";
import { type Fetcher, makeFetcher } from "../../shared/verified-download.ts";
import { installModules, type ModulesPlan, planModules } from "./install-modules.ts";
import { nodeStart } from "./node-processes.ts";
import { type NodeProject, readProject } from "./node-project.ts";
import { makeNpmRunner, type NpmRunner } from "./npm-runner.ts";

/** Builds a Node.js app: runtime, packages, build scripts, default process. */
export async function build(context: BuildContext): Promise<void> {
  const fetcher = makeFetcher(context.env, context.signal);
  try {
    await buildWith(context, fetcher);
  } finally {
    await fetcher.close();
  }
}

async function buildWith(context: BuildContext, fetcher: Fetcher): Promise<void> {
  const { log, appDir } = context;
  log.step("Node.js app detected");
  const project = await readProject(appDir);
  log.step("Installing Node.js");
  const runtime = await provideNode(context, await requirementOf(appDir, project), fetcher);
  const npm = await makeNpmRunner({ context, runtime, fetcher, packageJson: project.packageJson });
  const plan = planModules(project, context.env.CONIFER_NODE_MODULES);
  if (plan.place !== "none" && existsSync(path.join(appDir, "node_modules"))) {
    log.warn(
      "node_modules is part of the source; it is replaced. Add it to .gitignore and remove it from git.",
    );
  }
  await installModules({ context, project, plan, npm, nodeVersion: runtime.version });
  await declareLaunch(context, { project, plan, npm });
  await runtime.keep();
  await npm.keep();
}

async function requirementOf(appDir: string, project: NodeProject): Promise<NodeRequirement> {
  const read = (name: string) => readFile(path.join(appDir, name), "utf8").catch(() => undefined);
  const [nvmrc, nodeVersionFile] = await Promise.all([read(".nvmrc"), read(".node-version")]);
  const engines = project.packageJson.engines?.node;
  const result = nodeRequirement({
    ...(engines === undefined ? {} : { engines }),
    ...(nvmrc === undefined ? {} : { nvmrc }),
    ...(nodeVersionFile === undefined ? {} : { nodeVersionFile }),
  });
  if (result.ok) return result.requirement;
  throw new BuildFailure(`"${result.text}" is no version or range of Node.js (${result.statedIn}).`, [
    'A range looks like "24.x", "24.21.0" or ">=22.12".',
  ]);
}

interface Built {
  readonly project: NodeProject;
  readonly plan: ModulesPlan;
  readonly npm: NpmRunner;
}

async function declareLaunch(context: BuildContext, { project, plan, npm }: Built): Promise<void> {
  const { appDir, layersDir, log } = context;
  const procfile = await readFile(path.join(appDir, "Procfile"), "utf8").catch(() => undefined);
  const start = nodeStart({
    scripts: project.packageJson.scripts,
    procfile,
    hasFile: (name) => existsSync(path.join(appDir, name)),
  });
  // An app with packages gets npm too: `heroku run npm …` and scripts of theirs call it.
  const withNpm = start.needsNpm || plan.place !== "none";
  await provideNpmAtLaunch(context, npm, withNpm);
  if (start.web !== undefined) {
    log.step("Default process type");
    log.detail(`web: ${start.web}`);
  } else if (procfile === undefined) {
    log.warn('The app has no process type. Add a Procfile, or "start" to the scripts in package.json.');
  }
  await writeLaunchFile(layersDir, {
    processes: start.web === undefined ? [] : [shellProcess("web", start.web)],
    ...(plan.place === "in place" ? { slices: [["node_modules"]] } : {}),
  });
}

/** The layer `npm`: npm where processes need it, and in any case the programs of packages on PATH. */
async function provideNpmAtLaunch(context: BuildContext, npm: NpmRunner, wanted: boolean): Promise<void> {
  const layer = await openLayer(context.layersDir, "npm");
  if (!wanted) return dropLayer(layer);
  const metadata = { npm: await npm.version(), app: context.appDir, buildpack: context.version };
  if (!sameMetadata(layer, metadata)) {
    await clearLayer(layer);
    await npm.copyTo(layer.dir);
    const value = path.join(context.appDir, "node_modules", ".bin");
    await setLaunchEnv(layer, { name: "PATH", operation: "prepend", value });
  }
  await saveLayer(layer, { launch: true }, metadata);
}
