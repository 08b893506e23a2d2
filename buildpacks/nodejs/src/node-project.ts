import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { BuildFailure } from "../../shared/build-failure.ts";
import { contentKey } from "../../shared/content-key.ts";
import { chooseManager, LOCK_FILES, type ManagerChoice, type ManagerFiles } from "./choose-packager.ts";
import { type LockFile, parseLockFile } from "./lock-file.ts";
import { type PackageJson, parsePackageJson } from "./package-json.ts";
import { readYarnSettings, type YarnSettings } from "./yarn-settings.ts";

export interface NodeProject {
  readonly packageJson: PackageJson;
  readonly manager: ManagerChoice;
  readonly lockFile: LockFile | undefined;
  /** Names the content of settings, patches and plug-ins that change what an installation makes. */
  readonly settingsKey: string;
  /** Whether the installation reads files of the app besides manifest, lock file and settings (patches, hooks). */
  readonly readsFiles: boolean;
  /** Whether there are workspaces: packages of the app's own below it. */
  readonly hasWorkspaces: boolean;
  readonly yarn: YarnSettings;
}

const SETTINGS = [
  ".npmrc",
  ".yarnrc",
  ".yarnrc.yml",
  "pnpm-workspace.yaml",
  ".pnpmfile.cjs",
  ".pnpmfile.mjs",
];
/** Folders an installation may read: pnpm's and patch-package's, Yarn's. */
const READ_FOLDERS = ["patches", ".yarn/patches", ".yarn/plugins"];

/** Reads what decides the build. Throws a BuildFailure for files that cannot be used. */
export async function readProject(appDir: string): Promise<NodeProject> {
  const packageJson = parsePackageJson((await readIfThere(appDir, "package.json")) ?? "");
  const files: Record<string, string | undefined> = {};
  for (const name of [...LOCK_FILES.map((lock) => lock.name), ...SETTINGS]) {
    files[name] = await readIfThere(appDir, name);
  }
  const manager = chooseManager(packageJson, files);
  const { lock } = manager;
  const folders = await Promise.all(READ_FOLDERS.map((name) => folderKey(path.join(appDir, name))));
  return {
    packageJson,
    manager,
    lockFile: lock && parseLockFile(lock.name, lock.text),
    settingsKey: contentKey(...SETTINGS.map((name) => files[name] ?? ""), ...folders),
    readsFiles: readsFiles(packageJson, files),
    hasWorkspaces: hasWorkspaces(packageJson, manager, files),
    yarn: readYarnSettings(files[".yarnrc.yml"] ?? "", (name) => existsSync(path.join(appDir, name))),
  };
}

function readsFiles({ installed }: PackageJson, files: ManagerFiles): boolean {
  if (files[".pnpmfile.cjs"] !== undefined || files[".pnpmfile.mjs"] !== undefined) return true;
  const patched = /["']?patchedDependencies["']?\s*:/;
  if (patched.test(JSON.stringify(installed.pnpm ?? "")) || patched.test(files["pnpm-workspace.yaml"] ?? ""))
    return true;
  return /offline-mirror|yarn-path/.test(files[".yarnrc"] ?? "");
}

/** pnpm's file may hold settings alone; then there are none. */
function hasWorkspaces(packageJson: PackageJson, { kind }: ManagerChoice, files: ManagerFiles): boolean {
  if (kind !== "pnpm") return packageJson.installed.workspaces !== undefined;
  return /^packages:[ \t]*(?:\[\s*[^\]\s]|(?:#.*)?\r?\n(?:[ \t]*(?:#.*)?\r?\n)*[ \t]*-)/m.test(
    files["pnpm-workspace.yaml"] ?? "",
  );
}

async function folderKey(folder: string): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  const parts: (string | Buffer)[] = [];
  for (const name of names.sort()) parts.push(path.relative(folder, name), await readFile(name));
  return contentKey(...parts);
}

function readIfThere(appDir: string, name: string): Promise<string | undefined> {
  return readFile(path.join(appDir, name), "utf8").catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === "ENOENT") return undefined;
    throw new BuildFailure(`${name} cannot be read: ${thrown.message}`, [], thrown);
  });
}
