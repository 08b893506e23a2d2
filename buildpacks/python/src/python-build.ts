import { existsSync } from "node:fs";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { type LaunchProcess, shellProcess, writeLaunchFile } from "../../shared/launch-file.ts";
import { keepCaches } from "../../shared/layer-folder.ts";
import { runHook } from "./compile-hooks.ts";
import { collectStatic } from "./django-project.ts";
import { findPython } from "./find-python.ts";
import { type InstalledPackages, providePackages } from "./python-packages.ts";
import { readStartFacts, webCommand } from "./python-processes.ts";
import { type PythonProject, readProject } from "./python-project.ts";
import { packagesEnv } from "./run-python.ts";

/** Layers that later builds may need though this one did not. */
const CACHES = [
  ...["pip-cache", "pip-tool", "uv-cache", "uv-tool"],
  ...["poetry-cache", "poetry-tool", "pipenv-cache", "pipenv-tool"],
];

/** Builds a Python app: a Python, a virtual environment with its packages, static files, and how it starts. */
export async function build(context: BuildContext): Promise<void> {
  const { log, appDir } = context;
  log.step("Python app detected");
  await runHook(context, "bin/pre_compile");
  const project = await readProject(appDir);
  for (const warning of project.warnings) log.warn(warning);
  const python = await findPython(context, project.stated);
  const used = project.files.has("manage.py") || existsSync(path.join(appDir, "bin/post_compile"));
  const packages = await providePackages(context, { python, project, used });
  await collectStatic(context, packages);
  await runHook(context, "bin/post_compile", packagesEnv(context, packages.dir));
  await keepCaches(context.layersDir, CACHES);
  await writeLaunchFile(context.layersDir, { processes: await defaultProcesses(context, project, packages) });
}

async function defaultProcesses(
  { log, appDir }: BuildContext,
  project: PythonProject,
  packages: InstalledPackages,
): Promise<readonly LaunchProcess[]> {
  const found = webCommand(await readStartFacts(appDir, project.files, packages.names));
  const procfile = project.files.has("Procfile");
  if (found.kind === "command") {
    if (!procfile) log.detail(`Default web process: ${found.line} (${found.why})`);
    return [shellProcess("web", found.line)];
  }
  if (!procfile) log.warn(`${found.missing} Add a Procfile, for example with the line:\n  ${found.example}`);
  return [];
}
