import { existsSync } from "node:fs";
import { mkdir, readFile, symlink } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure } from "../../shared/build-failure.ts";
import { shellProcess, writeLaunchFile } from "../../shared/launch-file.ts";
import { keepCaches } from "../../shared/layer-folder.ts";
import { readComposer } from "./composer-files.ts";
import { installPackages } from "./install-composer.ts";
import { phpWeb, webServers } from "./php-processes.ts";
import { providePhp, type WebServer } from "./provide-php.ts";

/** Builds a PHP app: PHP with a web server, the packages of its lock file, and how it starts. */
export async function build(context: BuildContext): Promise<void> {
  const { log, appDir } = context;
  const has = (file: string) => existsSync(path.join(appDir, file));
  const read = (name: string) => readFile(path.join(appDir, name), "utf8").catch(() => undefined);
  log.step("PHP app detected");
  const composer = readComposer(await read("composer.json"), await read("composer.lock"));
  if (!composer.ok) throw new BuildFailure(composer.message, composer.advice);
  const { facts } = composer;
  const procfile = await read("Procfile");
  const servers = webServers(procfile);
  const php = await providePhp(context, { facts, servers, composer: has("composer.json") });
  if (has("composer.json")) await installPackages(context, facts, php);
  await linkScripts(context, servers, procfile);
  await keepCaches(context.layersDir, ["composer-cache"]);
  const web = phpWeb(has);
  if (procfile === undefined) {
    if (web !== undefined) log.detail(`Default web process: ${web.line} (${web.why})`);
    else
      log.warn(
        "There is no index.php in public, web or at the top. Add a Procfile with the folder that has it:\n  web: heroku-php-apache2 <folder>/",
      );
  }
  await writeLaunchFile(context.layersDir, {
    processes: web === undefined || !servers.includes("apache2") ? [] : [shellProcess("web", web.line)],
    slices: has("vendor") ? [["vendor/**"]] : [],
  });
}

/** Older Procfiles name the start scripts where Composer once put them. */
async function linkScripts(
  { appDir, layersDir }: BuildContext,
  servers: readonly WebServer[],
  procfile: string | undefined,
): Promise<void> {
  for (const server of servers) {
    const script = `heroku-php-${server}`;
    const place = path.join(appDir, "vendor/bin", script);
    if (!procfile?.includes(`vendor/bin/${script}`) || existsSync(place)) continue;
    await mkdir(path.dirname(place), { recursive: true });
    await symlink(path.join(layersDir, "php/bin", script), place);
  }
}
