import { existsSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure } from "../../shared/build-failure.ts";
import { copyFolder, moveFolder } from "../../shared/copy-folder.ts";
import { dropLayer, openLayer, saveLayer } from "../../shared/layer-folder.ts";
import { runLogged } from "../../shared/logged-tool.ts";
import { runTool } from "../../shared/run-tool.ts";
import type { RubyEnvironment } from "./install-gems.ts";
import { rubyAdvice } from "./ruby-failures.ts";
import type { RubyProject } from "./ruby-project.ts";

const TASK = "assets:precompile";
/** What compilers of assets keep from build to build; no process reads it. */
const CACHE = "tmp/cache/assets";

/**
 * Runs the rake task `assets:precompile` where there is one, unless compiled assets are committed. In production, without a
 * database, and with a secret that is none.
 * @throws BuildFailure when it fails, or when a Rails app's tasks cannot be listed
 */
export async function precompileAssets(
  context: BuildContext,
  { lock }: RubyProject,
  env: RubyEnvironment,
): Promise<void> {
  const { appDir, log } = context;
  const rakefile = ["Rakefile", "rakefile", "Rakefile.rb", "rakefile.rb"].find((name) =>
    existsSync(path.join(appDir, name)),
  );
  if (rakefile === undefined || !lock.gems.has("rake")) return;
  const committed = await compiledAssets(appDir);
  if (committed !== undefined) {
    log.detail(`Assets are compiled already (${committed}); ${TASK} is not run`);
    return;
  }
  const taskEnv = assetsEnvironment(env);
  if (!(await hasTask(context, taskEnv, lock.gems.has("railties")))) return;
  const layer = await openLayer(context.layersDir, "assets-cache");
  const [kept, used] = [path.join(layer.dir, "assets"), path.join(appDir, CACHE)];
  if (existsSync(kept) && !existsSync(used)) {
    await mkdir(path.dirname(used), { recursive: true });
    await copyFolder(context, kept, used);
  }
  log.step(`Compiling assets (rake ${TASK})`);
  const { code, output } = await runLogged(context, ["ruby", "-S", "bundle", "exec", "rake", TASK], taskEnv);
  if (code !== 0) throw new BuildFailure(`rake ${TASK} failed.`, rubyAdvice(output));
  await dropLayer(layer);
  if (!existsSync(used)) return;
  await mkdir(layer.dir, { recursive: true });
  await moveFolder(context, used, kept);
  await saveLayer(layer, { cache: true }, {});
}

/** Where compiled assets are committed: the list of them that Sprockets, Propshaft or Webpacker writes. */
async function compiledAssets(appDir: string): Promise<string | undefined> {
  for (const folder of ["public/assets", "public/packs"]) {
    const names = await readdir(path.join(appDir, folder)).catch(() => []);
    const list = names.find((name) =>
      /^(?:\.sprockets-manifest-.*|manifest-.*|\.manifest|manifest)\.(?:json|yml)$/.test(name),
    );
    if (list !== undefined) return `${folder}/${list}`;
  }
  return undefined;
}

/** The variables of a task that boots the app without what only its dynos have. */
export function assetsEnvironment(env: RubyEnvironment): RubyEnvironment {
  return {
    ...env,
    RAILS_ENV: env.RAILS_ENV ?? "production",
    RACK_ENV: env.RACK_ENV ?? "production",
    RAILS_GROUPS: env.RAILS_GROUPS ?? "assets",
    // Rails 7.1 makes up a secret when told so; older ones only want one to be there.
    SECRET_KEY_BASE_DUMMY: "1",
    SECRET_KEY_BASE: env.SECRET_KEY_BASE ?? "0".repeat(128),
    DISABLE_SPRING: "1",
  };
}

async function hasTask(context: BuildContext, env: RubyEnvironment, isRails: boolean): Promise<boolean> {
  let output = "";
  const code = await runTool({
    ...{ command: "ruby", args: ["-S", "bundle", "exec", "rake", "--prereqs"], env },
    ...{ cwd: context.appDir, signal: context.signal },
    log: { detail: (line) => (output = `${output}${line}\n`.slice(-500_000)) },
  });
  if (code === 0) return new RegExp(`^rake ${TASK}$`, "m").test(output);
  context.log.detail(output.trimEnd());
  if (isRails) throw new BuildFailure("The app's rake tasks cannot be listed.", rubyAdvice(output));
  context.log.warn(`The Rakefile cannot be read, so that ${TASK} is not looked for; see above.`);
  return false;
}

/** Removes what only a machine of development leaves in the folder. */
export async function removeLeftovers(appDir: string): Promise<void> {
  await rm(path.join(appDir, "tmp/pids"), { recursive: true, force: true });
}
