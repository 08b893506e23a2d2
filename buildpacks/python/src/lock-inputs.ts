import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { PythonProject } from "./python-project.ts";
import { readRequirements } from "./requirement-files.ts";

/** Everything of the app that decides what is installed. */
export interface LockInputs {
  /** Texts for a key, in a fixed order. */
  readonly parts: readonly string[];
  /** Whether code of the app itself is copied or compiled: then every push can change what is installed. */
  readonly local: boolean;
}

/** What the packages of an app depend on, by its package manager. */
export async function lockInputs(project: PythonProject): Promise<LockInputs> {
  const { manager, appDir, lock = "", pyproject = "", pipfile = "" } = project;
  if (manager === "pip") return readRequirements(appDir);
  if (manager === "project") return { parts: [], local: true };
  if (manager === "pipenv") return { parts: [pipfile, lock], local: pipenvTakesLocal(lock) };
  const found = manager === "uv" ? uvSources(lock) : poetrySources(lock, pyproject);
  // A setup.py may compile anything.
  const members = found.members.map((folder) => path.join(appDir, folder));
  const compiled = [appDir, ...members].some((folder) => existsSync(path.join(folder, "setup.py")));
  const manifests = await Promise.all(
    members.map((folder) => readIfThere(path.join(folder, "pyproject.toml"))),
  );
  const folders = (await Promise.all([appDir, ...members].map(packageFolders))).flat();
  return { parts: [lock, pyproject, ...manifests, ...folders], local: found.local || compiled };
}

interface LockSources {
  /** Folders, relative to the app's, whose code is linked and not copied. */
  readonly members: readonly string[];
  readonly local: boolean;
}

/** Where uv.lock takes packages from: `source = { editable = "lib" }` links, `directory` and `path` copy. */
export function uvSources(lock: string): LockSources {
  const members: string[] = [];
  let local = false;
  for (const [, kind, folder = ""] of lock.matchAll(/^source = \{ (\w+) = "([^"\n]*)"/gm)) {
    if (kind === "directory" || kind === "path") local = true;
    if (kind === "editable" && folder !== ".") members.push(folder);
  }
  return { members, local };
}

/** Where poetry.lock takes packages from, and whether the app is built by a script of its own. */
export function poetrySources(lock: string, pyproject: string): LockSources {
  const copied = /^type = "(directory|file)"$/m.test(lock);
  return { members: [], local: copied || /^\s*\[tool\.poetry\.build\]|^\s*build\s*=/m.test(pyproject) };
}

/** Whether a Pipfile.lock installs something of the app's own folder. */
export function pipenvTakesLocal(lock: string): boolean {
  let packages: unknown;
  try {
    packages = (JSON.parse(lock) as { readonly default?: unknown }).default;
  } catch {
    // Pipenv tells what is wrong with it.
    return true;
  }
  return Object.values((packages ?? {}) as Readonly<Record<string, unknown>>).some((one) => {
    const { path: folder, file } = (one ?? {}) as { readonly path?: unknown; readonly file?: unknown };
    return folder !== undefined || (typeof file === "string" && !/^https?:/.test(file));
  });
}

/** Folders that an editable install may name in what it writes. */
async function packageFolders(folder: string): Promise<readonly string[]> {
  const at = async (name: string) =>
    (await readdir(path.join(folder, name), { withFileTypes: true }).catch(() => []))
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
      .map((entry) => path.join(name, entry.name))
      .toSorted();
  return [...(await at(".")), ...(await at("src"))];
}

function readIfThere(file: string): Promise<string> {
  return readFile(file, "utf8").catch(() => "");
}
