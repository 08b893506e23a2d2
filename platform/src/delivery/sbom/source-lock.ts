import { errorText } from "../../kernel/index.ts";
import type { Component } from "./component.ts";
import type { Found } from "./found-package.ts";
import { readNpmLock, readPnpmLock, readYarnLock } from "./javascript-locks.ts";
import {
  readComposerLock,
  readGemfileLock,
  readGoMod,
  readGoSum,
  readGradleLock,
  readPipfileLock,
  readPythonToml,
  readRequirements,
} from "./other-locks.ts";

const READERS: Readonly<Record<string, (text: string) => readonly Found[]>> = {
  "package-lock.json": readNpmLock,
  "npm-shrinkwrap.json": readNpmLock,
  "pnpm-lock.yaml": readPnpmLock,
  "yarn.lock": readYarnLock,
  "requirements.txt": readRequirements,
  "uv.lock": readPythonToml,
  "poetry.lock": readPythonToml,
  "Pipfile.lock": readPipfileLock,
  "go.mod": readGoMod,
  "go.sum": readGoSum,
  "gradle.lockfile": readGradleLock,
  "Gemfile.lock": readGemfileLock,
  "composer.lock": readComposerLock,
};

/** What is read of a source for its bill of materials. */
export const LOCK_LIMITS = {
  /** Of one file: the largest that package managers are known to write are a few megabytes. */
  fileBytes: 16 * 1024 * 1024,
  totalBytes: 48 * 1024 * 1024,
  files: 100,
  /** Folders above a lock file: those of workspaces and of clients beside a server, not those of test data far below. */
  depth: 3,
} as const;

/** A lock file of a source, or why it was not read. */
export type LockFile =
  | { readonly path: string; readonly text: string }
  | { readonly path: string; readonly left: string };

/** Whether a file of a source, by its clean path, is a lock file whose packages become part of the image. */
export function isLockPath(path: string): boolean {
  const folders = path.split("/");
  const name = folders.pop() ?? "";
  const isOthers = folders.some(
    (folder) => folder === "node_modules" || folder === "vendor" || folder.startsWith("."),
  );
  return Object.hasOwn(READERS, name) && folders.length <= LOCK_LIMITS.depth && !isOthers;
}

/** The packages that lock files name, and a remark for each file that could not be read. The build decided what it needs. */
export function readLockFiles(files: readonly LockFile[]): {
  readonly components: readonly Component[];
  readonly remarks: readonly string[];
} {
  const components: Component[] = [];
  const remarks: string[] = [];
  const complete = completeGoModules(files);
  for (const file of files) {
    const name = file.path.slice(file.path.lastIndexOf("/") + 1);
    if ("left" in file) {
      remarks.push(`${file.path} was not read: ${file.left}.`);
      continue;
    }
    if (name === "go.sum" && complete.has(folderOf(file.path))) continue;
    try {
      for (const one of READERS[name]?.(file.text) ?? []) components.push({ ...one, from: [file.path] });
    } catch (thrown) {
      remarks.push(`${file.path} could not be read: ${errorText(thrown)}.`);
    }
  }
  return { components, remarks };
}

const folderOf = (path: string) => path.slice(0, Math.max(path.lastIndexOf("/"), 0));

/** Folders whose go.mod says all: a go.sum also holds modules that were only looked at. */
function completeGoModules(files: readonly LockFile[]): ReadonlySet<string> {
  const isComplete = (text: string) => {
    const [, minor = "0"] = /^go 1\.(\d+)/m.exec(text) ?? [];
    return Number(minor) >= 17;
  };
  return new Set(
    files.flatMap((file) =>
      "text" in file && /(?:^|\/)go\.mod$/.test(file.path) && isComplete(file.text)
        ? [folderOf(file.path)]
        : [],
    ),
  );
}
