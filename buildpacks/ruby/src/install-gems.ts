import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure } from "../../shared/build-failure.ts";
import { contentKey } from "../../shared/content-key.ts";
import { clearLayer, openLayer, sameMetadata, saveLayer, setLayerEnv } from "../../shared/layer-folder.ts";
import { runLogged } from "../../shared/logged-tool.ts";
import { readTool } from "../../shared/run-tool.ts";
import type { Ruby } from "./provide-ruby.ts";
import { rubyAdvice } from "./ruby-failures.ts";
import type { RubyProject } from "./ruby-project.ts";

/** What a shell of the build needs to run programs of the app's gems. */
export type RubyEnvironment = Readonly<Record<string, string | undefined>>;

const WITHOUT = "development:test";

/**
 * Installs the gems of the lock file into the layer `gems`, without the groups development and test. The last build's stand
 * while the lock file, the Gemfile, the gems in vendor/cache and Ruby are the same.
 * @throws BuildFailure with advice
 */
export async function installGems(
  context: BuildContext,
  project: RubyProject,
  ruby: Ruby,
): Promise<RubyEnvironment> {
  const { env, log, appDir } = context;
  const layer = await openLayer(context.layersDir, "gems");
  const bundler = await bundlerVersion(context, ruby);
  tellBundler(context, project.lock.bundler, bundler);
  if (existsSync(path.join(appDir, ".bundle/config"))) {
    log.warn(
      ".bundle/config is passed over: it holds settings of your machine. Use config vars, such as BUNDLE_WITHOUT.",
    );
  }
  const settings: Record<string, string> = {
    BUNDLE_PATH: layer.dir,
    BUNDLE_FROZEN: "1",
    BUNDLE_WITHOUT: env.BUNDLE_WITHOUT ?? WITHOUT,
    BUNDLE_APP_CONFIG: path.join(layer.dir, "config"),
    BUNDLE_GEMFILE: path.join(appDir, project.gemfileName),
    BUNDLER_VERSION: bundler,
  };
  const gemHome = path.join(layer.dir, "ruby", ruby.api);
  const build: RubyEnvironment = {
    ...{ ...env, ...ruby.env, ...settings },
    PATH: `${path.join(gemHome, "bin")}:${ruby.env.PATH ?? env.PATH}`,
    BUNDLE_DISABLE_VERSION_CHECK: "1",
    BUNDLE_SILENCE_ROOT_WARNING: "1",
  };
  const kin = { ruby: ruby.version, arch: process.arch, buildpack: context.version };
  const wanted = { ...kin, key: await gemsKey(context, project, settings) };
  if (layer.restored && sameMetadata(layer, wanted)) {
    log.detail("Using the gems of the last build");
  } else {
    const isKin = Object.entries(kin).every(([name, value]) => layer.metadata?.[name] === value);
    if (!layer.restored || !isKin) await clearLayer(layer);
    await mkdir(path.join(layer.dir, "config"), { recursive: true });
    await bundleInstall(context, project, build);
    await tidyGems(gemHome);
  }
  await rm(path.join(layer.dir, "env"), { recursive: true, force: true });
  for (const [name, value] of Object.entries(settings)) {
    const operation = name === "BUNDLE_WITHOUT" ? "default" : "override";
    await setLayerEnv(layer, "env", { name, operation, value });
  }
  await setLayerEnv(layer, "env", { name: "GEM_PATH", operation: "prepend", value: gemHome });
  await setLayerEnv(layer, "env", { name: "PATH", operation: "prepend", value: path.join(gemHome, "bin") });
  await saveLayer(layer, { launch: true, build: true, cache: true }, wanted);
  return build;
}

async function bundlerVersion(context: BuildContext, ruby: Ruby): Promise<string> {
  const { env, signal } = context;
  const args = ["-S", "bundle", "--version"];
  const toolEnv = { ...env, ...ruby.env, BUNDLER_VERSION: undefined };
  const answer = await readTool({ command: "ruby", args, cwd: "/", env: toolEnv, signal });
  const version = /(\d+(?:\.\d+)+)/.exec(answer)?.[1];
  if (version === undefined) throw new Error(`bundle --version said ${JSON.stringify(answer)}`);
  return version;
}

function tellBundler({ log }: BuildContext, locked: string | undefined, used: string): void {
  const numbers = (version: string) => version.split(".").map(Number) as [number, number];
  log.detail(`Using Bundler ${used}${locked === undefined ? "" : `; Gemfile.lock is of ${locked}`}`);
  if (locked === undefined) return;
  const [[lockedMajor, lockedMinor], [major, minor]] = [numbers(locked), numbers(used)];
  if (lockedMajor < major) {
    log.warn(
      `Gemfile.lock was made by Bundler ${locked}, which is old. Make it anew: bundle update --bundler`,
    );
  } else if (lockedMajor > major || lockedMinor > minor) {
    log.warn(
      `Gemfile.lock was made by Bundler ${locked}, newer than ${used}, which comes with this Ruby and is used. Where it ` +
        `does not understand the file, write BUNDLED WITH ${used}: gem install bundler -v ${used} && bundle _${used}_ lock`,
    );
  }
}

async function bundleInstall(
  context: BuildContext,
  project: RubyProject,
  env: RubyEnvironment,
): Promise<void> {
  const vendored = await cachedGems(context.appDir);
  const isWhole = project.lock.fetched.every((name) => vendored.includes(`${name}.gem`));
  const args = ["install", "--jobs=4", "--retry=2", ...(isWhole ? ["--local"] : [])];
  context.log.step(
    isWhole && vendored.length > 0
      ? "Installing the gems of vendor/cache (bundle install --local)"
      : "Installing gems (bundle install)",
  );
  const { code, output } = await runLogged(context, ["ruby", "-S", "bundle", ...args], {
    ...env,
    BUNDLE_CLEAN: "1",
  });
  if (code !== 0) throw new BuildFailure("Bundler could not install the gems.", rubyAdvice(output));
}

async function cachedGems(appDir: string): Promise<readonly string[]> {
  const names = await readdir(path.join(appDir, "vendor/cache")).catch(() => []);
  return names.filter((name) => name.endsWith(".gem")).sort();
}

async function gemsKey(
  { appDir }: BuildContext,
  project: RubyProject,
  settings: Readonly<Record<string, string>>,
): Promise<string> {
  const gemspecs = (await readdir(appDir)).filter((name) => name.endsWith(".gemspec")).sort();
  const texts = await Promise.all(gemspecs.map((name) => readFile(path.join(appDir, name))));
  return contentKey(
    project.gemfile,
    project.lockText,
    JSON.stringify(settings),
    ...(await cachedGems(appDir)),
    ...texts,
  );
}

/** What no process reads, and what differs from build to build: downloads, and logs of compilers. */
async function tidyGems(gemHome: string): Promise<void> {
  await rm(path.join(gemHome, "cache"), { recursive: true, force: true });
  const extensions = path.join(gemHome, "extensions");
  const entries = await readdir(extensions, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (/^(?:gem_make\.out|mkmf\.log)$/.test(entry.name)) await rm(path.join(entry.parentPath, entry.name));
  }
}
