import { readFile } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure } from "../../shared/build-failure.ts";
import { keepCaches } from "../../shared/layer-folder.ts";
import { nodeRequirement } from "../../shared/node-version.ts";
import { provideNode } from "../../shared/provide-node.ts";
import { makeFetcher } from "../../shared/verified-download.ts";
import { bringBuildCaches, takeBuildCaches } from "./build-caches.ts";
import { installPackages } from "./install-packages.ts";
import { type NodeProject, readProject } from "./node-project.ts";
import { planInstall } from "./plan-install.ts";
import { helpersOf, managerOf, otherManager, tellManager } from "./provide-packager.ts";
import { startApp } from "./start-app.ts";

/** Builds a Node.js app: runtime, packages, build scripts, and the default process. */
export async function build(context: BuildContext): Promise<void> {
  const { log } = context;
  log.step("Node.js app detected");
  const project = await readProject(context.appDir);
  const fetcher = makeFetcher(context.env, context.signal);
  try {
    const plan = planInstall(project, context.env);
    const tools = plan.kind !== "nothing" || plan.runsScripts;
    const node = await provideNode(context, await requirementOf(context, project), { fetcher, tools });
    const manager = await managerOf(context, { project, node, fetcher });
    if (tools) await tellManager(context, project, manager);
    const helpers = plan.runsScripts ? await helpersOf(context, { project, node, fetcher }) : [];
    // Both are fetched at the same time. Whoever needs it is told of a failure.
    if (node.isNew && plan.kind !== "nothing") manager.folder().catch(() => {});
    await bringBuildCaches(context, project.packageJson);
    const slices = await installPackages({ context, plan, project, manager, helpers });
    await takeBuildCaches(context, project.packageJson);
    const others = otherManager(context, { project, node, fetcher });
    await startApp(context, { project, plan, manager, slices, others });
    await node.keep();
    for (const one of [manager, ...helpers]) await one.keep();
    await keepCaches(context.layersDir, CACHES);
  } finally {
    await fetcher.close();
  }
}

const CACHES = ["npm-cache", "pnpm-cache", "yarn-cache", "script-cache"];

async function requirementOf(context: BuildContext, project: NodeProject) {
  const read = nodeRequirement({
    engines: project.packageJson.engines.node,
    volta: project.packageJson.volta.node,
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
