import { contentKey } from "../../shared/content-key.ts";
import type { NodeProject } from "./node-project.ts";

/** Runs before the installation. */
export const SCRIPT_BEFORE = "heroku-prebuild";
/** Runs after the installation; `build` stands in for a missing `heroku-postbuild`, as on Heroku. */
const SCRIPTS_AFTER = ["heroku-postbuild", "build"] as const;
/** Scripts of the app itself that an installation runs. */
const SCRIPTS_OF_INSTALL = [
  "preinstall",
  "install",
  "postinstall",
  "prepublish",
  "prepare",
  "preprepare",
  "postprepare",
] as const;

/**
 * How packages get into the image.
 * - `nothing`: there are none.
 * - `production`: no script of the app runs in the build, so only what runs later is installed, straight into a layer.
 * - `build`: scripts run with all packages, which are kept for the next build; a copy, pruned if need be, is launched.
 * - `in-place`: packages link into the app's folder (workspaces, `file:`), so they stay in it, as a slice of their own.
 */
export interface InstallPlan {
  readonly kind: "nothing" | "production" | "build" | "in-place";
  /** The script to run after the installation. */
  readonly script: string | undefined;
  /** Whether scripts of the app run within the installation, so that it must take place where their files are. */
  readonly ownScripts: boolean;
  /** Whether packages that only development needs reach the image. */
  readonly keepsDev: boolean;
  /** Whether some installed packages have to be taken out again for the image. */
  readonly prunes: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Decides by what the project holds; nothing is read, asked or run. */
export function planInstall({ packageJson, lockFile }: NodeProject, env: Environment = {}): InstallPlan {
  const has = (name: string) => packageJson.scripts[name] !== undefined;
  const script = SCRIPTS_AFTER.find(has);
  const ownScripts = SCRIPTS_OF_INSTALL.some(has);
  const keepsDev = keepsDevPackages(env);
  const prunes = !keepsDev && lockFile?.hasDevPackages !== false;
  const rest = { script, ownScripts, keepsDev, prunes };
  if (!packageJson.hasDependencies) return { kind: "nothing", ...rest };
  const linked = lockFile?.hasLinks ?? JSON.stringify(packageJson.installed).includes('"file:');
  if (linked || packageJson.installed.workspaces !== undefined) return { kind: "in-place", ...rest };
  const runsScripts = ownScripts || script !== undefined || has(SCRIPT_BEFORE);
  return { kind: runsScripts ? "build" : "production", ...rest };
}

/** As on Heroku: `NPM_CONFIG_PRODUCTION=false`, or a NODE_ENV other than production, leaves development packages in. */
function keepsDevPackages(env: Environment): boolean {
  if (env.NPM_CONFIG_PRODUCTION === "false" || env.npm_config_production === "false") return true;
  return env.NODE_ENV !== undefined && env.NODE_ENV !== "" && env.NODE_ENV !== "production";
}

/** Names the content of an installation: equal keys may share packages. */
export function packagesKey(
  { packageJson, lockFile, npmrc }: NodeProject,
  { keepsDev }: InstallPlan,
  versions: { readonly node: string; readonly npm: string },
): string {
  return contentKey(
    lockFile?.text ?? "",
    JSON.stringify(packageJson.installed),
    JSON.stringify(SCRIPTS_OF_INSTALL.map((name) => packageJson.scripts[name] ?? "")),
    npmrc,
    versions.node,
    versions.npm,
    keepsDev ? "with development packages" : "",
  );
}
