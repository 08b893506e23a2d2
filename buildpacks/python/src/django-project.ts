import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure } from "../../shared/build-failure.ts";
import { readTool } from "../../shared/run-tool.ts";
import { pythonAdvice } from "./python-failures.ts";
import type { InstalledPackages } from "./python-packages.ts";
import { packagesEnv, runPython, STEADY } from "./run-python.ts";

/** Whether static files are to be collected, and if not, why. */
export type StaticSettings = "collect" | "staticfiles is not installed" | "no STATIC_ROOT";

/**
 * Reads what `manage.py diffsettings --all` says: static files are collected where the app `django.contrib.staticfiles`
 * is installed and they have a place to go, STATIC_ROOT or a storage other than Django's own.
 */
export function readStaticSettings(settings: string): StaticSettings {
  const line = (name: string) =>
    new RegExp(`^(?:### )?${name} = (.*)$`, "m").exec(settings)?.[1]?.trim() ?? "";
  if (!/['"]django\.contrib\.staticfiles(\.[\w.]+)?['"]/.test(line("INSTALLED_APPS"))) {
    return "staticfiles is not installed";
  }
  const root = line("STATIC_ROOT").replace(/\s*###$/, "");
  if (root !== "" && root !== "None" && root !== "''") return "collect";
  const storages = /'staticfiles': \{[^}]*'BACKEND': '([^']+)'/.exec(line("STORAGES"))?.[1];
  const storage = storages ?? /^'([^']+)'/.exec(line("STATICFILES_STORAGE"))?.[1] ?? "";
  return storage === "" || /^(django|whitenoise)\./.test(storage) ? "no STATIC_ROOT" : "collect";
}

const SKIP = "or, to do without: heroku config:set DISABLE_COLLECTSTATIC=1";
const NEEDS =
  "Builds have the app's config vars, but no database. Set what the settings need (heroku config:set NAME=value),";

/** Collects the static files of a Django app, as Heroku's buildpacks do, unless it has none or asks not to. */
export async function collectStatic(context: BuildContext, packages: InstalledPackages): Promise<void> {
  const { log, appDir, signal } = context;
  if (!packages.names.has("django") || !existsSync(path.join(appDir, "manage.py"))) return;
  if (!/^(|0|false)$/i.test(context.env.DISABLE_COLLECTSTATIC ?? "")) {
    log.detail("Not collecting static files, as DISABLE_COLLECTSTATIC says");
    return;
  }
  const command = path.join(packages.dir, "bin", "python");
  const added = packagesEnv(context, packages.dir);
  const env = { ...context.env, ...STEADY, ...added };
  const settings = await readTool({
    command,
    args: ["manage.py", "diffsettings", "--all"],
    cwd: appDir,
    env,
    signal,
  }).catch((thrown: Error) => {
    throw new BuildFailure(
      `Django's settings cannot be read in the build.\n${thrown.message}`,
      [...(pythonAdvice(thrown.message) ?? [NEEDS]), SKIP],
      thrown,
    );
  });
  const found = readStaticSettings(settings);
  if (found === "no STATIC_ROOT") {
    log.warn(
      'Static files are not collected: STATIC_ROOT is not set. To have them served, add to the settings:\n  STATIC_ROOT = BASE_DIR / "staticfiles"',
    );
  }
  if (found !== "collect") return;
  log.step("Collecting static files (manage.py collectstatic --noinput)");
  await runPython(context, {
    command,
    args: ["manage.py", "collectstatic", "--noinput"],
    env: added,
    failure: "The static files could not be collected.",
    advice: [NEEDS, SKIP],
  });
}

/** Where a Django app's interfaces are, as `--bind`able names: `shop.wsgi:application`. */
export interface DjangoEntry {
  readonly wsgi?: string | undefined;
  readonly asgi?: string | undefined;
  /** The settings name an ASGI_APPLICATION: the app wants connections that stay. */
  readonly prefersAsgi: boolean;
}

/** Finds them beside the settings that manage.py names, else in `*wsgi.py` at the top. */
export async function findDjangoEntry(
  appDir: string,
  files: ReadonlySet<string>,
): Promise<DjangoEntry | undefined> {
  if (!files.has("manage.py")) return undefined;
  const manage = await readFile(path.join(appDir, "manage.py"), "utf8").catch(() => "");
  const settings = settingsModule(manage);
  const packageName = settings?.split(".")[0];
  const text = settings === undefined ? "" : await settingsText(appDir, settings);
  const named = (name: string) =>
    new RegExp(`^${name}\\s*=\\s*["']([\\w.]+)\\.(\\w+)["']`, "m").exec(text)?.slice(1).join(":");
  const beside = (name: string) =>
    packageName !== undefined && existsSync(path.join(appDir, packageName, `${name}.py`))
      ? `${packageName}.${name}:application`
      : undefined;
  const top = [...files].toSorted().find((name) => /^\w*wsgi\.py$/.test(name));
  const besideTop = top === undefined ? undefined : `${top.replace(/\.py$/, "")}:application`;
  return {
    wsgi: named("WSGI_APPLICATION") ?? beside("wsgi") ?? besideTop,
    asgi: named("ASGI_APPLICATION") ?? beside("asgi"),
    prefersAsgi: named("ASGI_APPLICATION") !== undefined,
  };
}

/** `shop.settings`, of the line by which every manage.py says where the settings are. */
export function settingsModule(manage: string): string | undefined {
  return /["']DJANGO_SETTINGS_MODULE["']\s*[,\]]\s*=?\s*["']([A-Za-z_][\w.]{0,200})["']/.exec(manage)?.[1];
}

async function settingsText(appDir: string, module: string): Promise<string> {
  const at = path.join(appDir, ...module.split("."));
  const texts = [`${at}.py`, path.join(at, "__init__.py"), path.join(path.dirname(at), "base.py")].map(
    (file) => readFile(file, "utf8").catch(() => ""),
  );
  return (await Promise.all(texts)).join("\n");
}
