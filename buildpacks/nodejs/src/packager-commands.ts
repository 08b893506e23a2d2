import { major, satisfies } from "semver";
import type { ManagerKind } from "./choose-packager.ts";

/** A manager with the version that decides its words. */
export interface Speaker {
  readonly kind: ManagerKind;
  readonly version: string;
}

export interface InstallWish {
  /** Whether there is a lock file, which must not change. */
  readonly locked: boolean;
  /** Whether packages of devDependencies are installed too; Yarn 2 and later always do when they check the lock file. */
  readonly dev: boolean;
  /** Whether the archives of all packages are in the repository. */
  readonly zeroInstall?: boolean;
}

/** The arguments of an installation that fails rather than change the lock file. */
export function installArgs({ kind, version }: Speaker, wish: InstallWish): readonly string[] {
  const { locked, dev, zeroInstall = false } = wish;
  if (kind === "npm")
    return [locked ? "ci" : "install", npmDev(version, dev), ...(locked ? [] : ["--no-package-lock"])];
  if (kind === "pnpm") {
    const lock = locked ? ["--frozen-lockfile"] : ["--no-frozen-lockfile", "--no-lockfile"];
    return ["install", ...lock, dev ? "--prod=false" : "--prod"];
  }
  if (kind === "yarn") {
    const lock = locked ? "--frozen-lockfile" : "--no-lockfile";
    return ["install", lock, "--non-interactive", `--production=${!dev}`];
  }
  return ["install", ...(locked ? ["--immutable"] : []), ...(zeroInstall ? ["--immutable-cache"] : [])];
}

/**
 * The arguments that take out packages only development needs, without running anything of the app; undefined where
 * the manager cannot.
 */
export function pruneArgs(
  { kind, version }: Speaker,
  state: { readonly locked: boolean; readonly workspaces: boolean; readonly focusPlugin: boolean },
): readonly string[] | undefined {
  if (kind === "npm") return ["prune", npmDev(version, false), "--ignore-scripts"];
  if (kind === "pnpm") {
    // pnpm prune does not go into workspaces (its documentation); an installation for production does.
    if (!state.workspaces)
      return ["prune", "--prod", ...(satisfies(version, ">=8.6.0") ? ["--ignore-scripts"] : [])];
    return [
      ...installArgs({ kind, version }, { locked: state.locked, dev: false }),
      "--offline",
      "--ignore-scripts",
    ];
  }
  if (kind === "yarn") {
    return [
      ...installArgs({ kind, version }, { locked: state.locked, dev: false }),
      "--ignore-scripts",
      "--prefer-offline",
    ];
  }
  return major(version) >= 4 || state.focusPlugin
    ? ["workspaces", "focus", "--all", "--production"]
    : undefined;
}

export function runArgs(_: Speaker, script: string): readonly string[] {
  return ["run", script];
}

/** What to run on a laptop so that the lock file agrees again. */
export function relockCommand(kind: ManagerKind): string {
  return `${kind === "berry" ? "yarn" : kind} install`;
}

/** npm 6 knows only the older words. */
function npmDev(version: string, keepsDev: boolean): string {
  const old = major(version) < 7;
  if (keepsDev) return old ? "--production=false" : "--include=dev";
  return old ? "--production" : "--omit=dev";
}
