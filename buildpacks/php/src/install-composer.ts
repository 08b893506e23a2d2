import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure } from "../../shared/build-failure.ts";
import { openLayer, saveLayer } from "../../shared/layer-folder.ts";
import { runLogged } from "../../shared/logged-tool.ts";
import type { ComposerFacts } from "./composer-files.ts";
import { phpAdvice } from "./php-failures.ts";
import type { Php } from "./provide-php.ts";

/** Heroku's name for a script that is run after the installation. */
const COMPILE = "compile";

/**
 * Installs the packages of composer.lock without those of development into the app's folder, then runs the script `compile`
 * of composer.json where there is one. Downloads are kept for the next build.
 * @throws BuildFailure with advice
 */
export async function installPackages(context: BuildContext, facts: ComposerFacts, php: Php): Promise<void> {
  const { env, appDir, log } = context;
  const layer = await openLayer(context.layersDir, "composer-cache");
  await mkdir(layer.dir, { recursive: true });
  const composerEnv = {
    ...{ ...env, ...php.env },
    COMPOSER_CACHE_DIR: layer.dir,
    COMPOSER_HOME: path.join(layer.dir, "home"),
    COMPOSER_ALLOW_SUPERUSER: "1",
    COMPOSER_NO_INTERACTION: "1",
    COMPOSER_NO_AUDIT: "1",
    COMPOSER_MIRROR_PATH_REPOS: env.COMPOSER_MIRROR_PATH_REPOS ?? "1",
    COMPOSER_MEMORY_LIMIT: env.COMPOSER_MEMORY_LIMIT ?? "-1",
  };
  if (existsSync(path.join(appDir, "vendor/autoload.php")))
    log.warn(
      "The folder vendor is committed. Composer makes it anew; leave it out: git rm -r --cached vendor",
    );
  log.step("Installing packages (composer install --no-dev)");
  const args = [
    "install",
    "--no-dev",
    "--prefer-dist",
    "--optimize-autoloader",
    "--no-progress",
    "--no-ansi",
  ];
  const install = await runLogged(context, ["composer", ...args], composerEnv);
  if (install.code !== 0)
    throw new BuildFailure("Composer could not install the packages.", phpAdvice(install.output));
  if (facts.scripts.includes(COMPILE)) {
    log.step(`Running composer ${COMPILE}`);
    const compile = await runLogged(context, ["composer", "run-script", "--no-ansi", COMPILE], composerEnv);
    if (compile.code !== 0) throw new BuildFailure(`composer ${COMPILE} failed.`, phpAdvice(compile.output));
  }
  await saveLayer(layer, { cache: true }, {});
}
