import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure } from "../../shared/build-failure.ts";
import { shellProcess, writeLaunchFile } from "../../shared/launch-file.ts";
import { clearLayer, keepCaches, openLayer, sameMetadata, saveLayer } from "../../shared/layer-folder.ts";
import { nodeRequirement } from "../../shared/node-version.ts";
import { provideNode } from "../../shared/provide-node.ts";
import { makeFetcher } from "../../shared/verified-download.ts";
import { installPackages } from "./install-packages.ts";
import { type NodeStart, nodeStart } from "./node-processes.ts";
import { type NodeProject, readProject } from "./node-project.ts";
import { copyNpm, makeNpm, type Npm } from "./npm-tool.ts";
import { type InstallPlan, planInstall } from "./plan-install.ts";

/** Builds a Node.js app: runtime, packages, build scripts, and the default process. */
export async function build(context: BuildContext): Promise<void> {
  const { log } = context;
  log.step("Node.js app detected");
  const project = await readProject(context.appDir);
  const fetcher = makeFetcher(context.env, context.signal);
  try {
    const plan = planInstall(project, context.env);
    const tools = plan.kind !== "nothing" || plan.script !== undefined;
    const node = await provideNode(context, await requirementOf(context, project), { fetcher, tools });
    const start = nodeStart({
      scripts: project.packageJson.scripts,
      procfile: await readIfThere(context, "Procfile"),
      hasFile: (name) => existsSync(path.join(context.appDir, name)),
    });
    const npm = await makeNpm(context, { node, project, fetcher });
    // Both are fetched at the same time. Whoever needs it is told of a failure.
    if (node.isNew && plan.kind !== "nothing") npm.folder().catch(() => {});
    await installPackages({ context, plan, project, npm });
    await provideNpmAtLaunch(context, start, npm);
    await node.keep();
    await npm.keep();
    await keepCaches(context.layersDir, ["npm-cache", "script-cache"]);
    await writeProcesses(context, { start, plan });
  } finally {
    await fetcher.close();
  }
}

async function requirementOf(context: BuildContext, project: NodeProject) {
  const read = nodeRequirement({
    engines: project.packageJson.engines?.node,
    nvmrc: await readIfThere(context, ".nvmrc"),
    nodeVersionFile: await readIfThere(context, ".node-version"),
  });
  if (read.ok) return read.requirement;
  throw new BuildFailure(`"${read.text}" is no version or range of Node.js (${read.statedIn}).`, [
    'A range looks like "24.x" or ">=22"; an exact version like "24.1.0".',
  ]);
}

function readIfThere({ appDir }: BuildContext, name: string): Promise<string | undefined> {
  return readFile(path.join(appDir, name), "utf8").catch(() => undefined);
}

/** Processes that call npm get it; all others are spared its 10 MB and its start-up. */
async function provideNpmAtLaunch(context: BuildContext, start: NodeStart, npm: Npm): Promise<void> {
  if (!start.needsNpm) return;
  const layer = await openLayer(context.layersDir, "npm-launch");
  const metadata = { version: await npm.version(), buildpack: context.version };
  if (!sameMetadata(layer, metadata)) {
    await clearLayer(layer);
    await copyNpm(context, await npm.folder(), layer.dir);
  }
  await saveLayer(layer, { launch: true }, metadata);
}

async function writeProcesses(
  context: BuildContext,
  { start, plan }: { start: NodeStart; plan: InstallPlan },
): Promise<void> {
  const processes = start.web === undefined ? [] : [shellProcess("web", start.web)];
  const slices = plan.kind === "in-place" ? [["node_modules/**"]] : [];
  await writeLaunchFile(context.layersDir, { processes, slices });
  if (start.web !== undefined) context.log.detail(`Default process: web -> ${start.web}`);
  else if (!existsSync(path.join(context.appDir, "Procfile"))) {
    context.log.warn(
      "The app says nowhere how it starts. Add a start script to package.json, a server.js, or a Procfile with a line:\n  web: node your-file.js",
    );
  }
}
