import { contentKey } from "../../shared/content-key.ts";
import type { NodeProject } from "./node-project.ts";

/** Runs before the installation. */
export const SCRIPT_BEFORE = "heroku-prebuild";
/** Runs after the installation; `build` stands in for a missing `heroku-postbuild`, as on Heroku. */
const SCRIPTS_AFTER = ["heroku-postbuild", "build"] as const;
/** Scripts of the app itself that an installation runs. */
export const SCRIPTS_OF_INSTALL = [
  "preinstall",
  "install",
  "postinstall",
  "prepublish",
  "prepare",
  "preprepare",
  "postprepare",
  "pnpm:devPreinstall",
] as const;

/** Packages whose bundlers take only files below the app's folder, or copy packages by paths relative to it. */
const BOUND_TO_FOLDER = [
  ...["next", "nuxt", "nitropack", "nitro", "vinxi", "@angular/core"],
  ...["@tanstack/react-start", "@solidjs/start", "@analogjs/platform"],
];

/**
 * How packages get into the image.
 * - `nothing`: there are none.
 * - `production`: no script of the app runs in the build, so only what runs later is installed, straight into a layer.
 * - `build`: scripts run with all packages, which are kept for the next build; a copy, pruned if need be, is launched.
 * - `in-place`: packages link into the app's folder (workspaces, `file:`) or the manager's own records do (Yarn 2 and
 *   later), or the framework demands it, so they stay in it, as slices of their own.
 */
export interface InstallPlan {
  readonly kind: "nothing" | "production" | "build" | "in-place";
  /** The script to run after the installation. */
  readonly script: string | undefined;
  /** Whether any script of the app, other than those of the installation, runs in the build. */
  readonly runsScripts: boolean;
  /** Whether the installation must take place among the app's files: its own scripts or patches read them. */
  readonly amongFiles: boolean;
  /** Whether packages are files in node_modules, and not in archives. */
  readonly linksPackages: boolean;
  /** Whether packages that only development needs reach the image. */
  readonly keepsDev: boolean;
  /** Whether some installed packages have to be taken out again for the image. */
  readonly prunes: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Decides by what the project holds; nothing is read, asked or run. */
export function planInstall(project: NodeProject, env: Environment = {}): InstallPlan {
  const { packageJson, lockFile, manager } = project;
  const has = (name: string) => packageJson.scripts[name] !== undefined;
  const script = SCRIPTS_AFTER.find(has);
  const ownScripts = SCRIPTS_OF_INSTALL.some(has);
  const runsScripts = script !== undefined || has(SCRIPT_BEFORE);
  const keepsDev = keepsDevPackages(env);
  const rest = {
    script,
    runsScripts,
    amongFiles: ownScripts || project.readsFiles,
    linksPackages: manager.kind !== "berry" || project.yarn.linker !== "pnp",
    keepsDev,
    prunes: !keepsDev && mayHaveDevPackages(project),
  };
  // Yarn 2 and later run scripts only of a project that is installed.
  const runsYarn = manager.kind === "berry" && runsScripts;
  if (!packageJson.hasDependencies && !project.hasWorkspaces && !runsYarn)
    return { kind: "nothing", ...rest };
  const links =
    lockFile?.hasLinks || /"(?:file|link|portal|workspace):/.test(JSON.stringify(packageJson.installed));
  const bound = BOUND_TO_FOLDER.some((name) => packageJson.needs[name] !== undefined);
  if (links || bound || project.hasWorkspaces || manager.kind === "berry")
    return { kind: "in-place", ...rest };
  return { kind: ownScripts || runsScripts ? "build" : "production", ...rest };
}

/** npm's lock file says so of each package; of the others only the manifests tell, and those of workspaces are many. */
function mayHaveDevPackages({ lockFile, packageJson, hasWorkspaces }: NodeProject): boolean {
  if (lockFile?.hasDevPackages !== undefined) return lockFile.hasDevPackages;
  return lockFile === undefined || hasWorkspaces || packageJson.installed.devDependencies !== undefined;
}

/**
 * As on Heroku: `NPM_CONFIG_PRODUCTION=false`, `YARN_PRODUCTION=false`, `YARN2_SKIP_PRUNING` and `PNPM_SKIP_PRUNING`
 * of `true`, or a NODE_ENV other than production, leave development packages in.
 */
function keepsDevPackages(env: Environment): boolean {
  if ([env.NPM_CONFIG_PRODUCTION, env.npm_config_production, env.YARN_PRODUCTION].includes("false"))
    return true;
  if ([env.YARN2_SKIP_PRUNING, env.PNPM_SKIP_PRUNING].includes("true")) return true;
  return env.NODE_ENV !== undefined && env.NODE_ENV !== "" && env.NODE_ENV !== "production";
}

export interface KeyVersions {
  readonly node: string;
  /** Of the package manager. */
  readonly manager: string;
}

/** Names the content of an installation: equal keys may share packages. */
export function packagesKey(
  { packageJson, lockFile, settingsKey, manager }: NodeProject,
  { keepsDev }: InstallPlan,
  versions: KeyVersions,
): string {
  return contentKey(
    lockFile?.text ?? "",
    JSON.stringify(packageJson.installed),
    JSON.stringify(SCRIPTS_OF_INSTALL.map((name) => packageJson.scripts[name] ?? "")),
    settingsKey,
    manager.kind,
    versions.node,
    versions.manager,
    keepsDev ? "with development packages" : "",
  );
}
