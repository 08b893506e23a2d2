import { existsSync } from "node:fs";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { shellProcess, writeLaunchFile } from "../../shared/launch-file.ts";
import { keepCaches, openLayer, saveLayer, setLayerEnv } from "../../shared/layer-folder.ts";
import { installGems } from "./install-gems.ts";
import { provideRuby } from "./provide-ruby.ts";
import { precompileAssets, removeLeftovers } from "./rails-assets.ts";
import { neededSecrets } from "./rails-secrets.ts";
import { missingWeb, rubyProcesses } from "./ruby-processes.ts";
import { type RubyProject, readRubyProject } from "./ruby-project.ts";

/** Builds a Ruby app: a Ruby, the gems of its lock file, its assets, and how it starts. */
export async function build(context: BuildContext): Promise<void> {
  const { log, appDir } = context;
  log.step("Ruby app detected");
  const project = await readRubyProject(appDir, process.arch);
  const ruby = await provideRuby(context, project.requirement);
  const env = await installGems(context, project, ruby);
  await precompileAssets(context, project, env);
  await removeLeftovers(appDir);
  await setDefaults(context, project);
  await keepCaches(context.layersDir, ["assets-cache"]);
  await writeProcesses(context, project);
}

/** Variables that processes have unless a config var says otherwise; those of Heroku's Ruby buildpack. */
const DEFAULTS: Readonly<Record<string, string>> = {
  LANG: "C.UTF-8",
  MALLOC_ARENA_MAX: "2",
  RACK_ENV: "production",
};
const RAILS_DEFAULTS: Readonly<Record<string, string>> = {
  DISABLE_SPRING: "1",
  RAILS_ENV: "production",
  RAILS_LOG_TO_STDOUT: "enabled",
  RAILS_SERVE_STATIC_FILES: "enabled",
};

async function setDefaults(context: BuildContext, { lock }: RubyProject): Promise<void> {
  const layer = await openLayer(context.layersDir, "defaults");
  const isRails = lock.gems.has("railties");
  const defaults = { ...DEFAULTS, ...(isRails ? RAILS_DEFAULTS : {}) };
  for (const [name, value] of Object.entries(defaults))
    await setLayerEnv(layer, "env.launch", { name, operation: "default", value });
  await saveLayer(layer, { launch: true }, {});
}

async function writeProcesses(context: BuildContext, project: RubyProject): Promise<void> {
  const { appDir, env, log } = context;
  const { lock } = project;
  const has = (file: string) => existsSync(path.join(appDir, file));
  const found = rubyProcesses({ gems: lock.gems, has });
  const { kind, web, console, rake } = found;
  const lines = { ...(web ? { web } : {}), console, ...(rake ? { rake } : {}) };
  if (!has("Procfile")) {
    if (web === undefined) log.warn(missingWeb(found));
    else log.detail(`Default processes (${kind}): web: ${web}`);
  }
  const secrets = neededSecrets({ gems: lock.gems, env, has });
  for (const line of secrets.told) log.detail(line);
  const processes = Object.entries(lines).map(([type, line]) => shellProcess(type, line));
  await writeLaunchFile(context.layersDir, { processes, secrets: secrets.names });
}
