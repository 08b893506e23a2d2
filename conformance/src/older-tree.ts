import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { CLONE } from "./running-platform.ts";

/** Whether this clone has the commit: a shallow one, or a copy without history, has not. */
export function hasCommit(commit: string): boolean {
  return spawnSync("git", ["cat-file", "-e", `${commit}^{commit}`], { cwd: CLONE }).status === 0;
}

/**
 * Puts the sources of a commit into a new folder, from which `npm start` starts that version. It gets this clone's packages,
 * where they are those of its lock file; `npm start` installs others by itself.
 */
export function placeTree(commit: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const archive = execFileSync("git", ["archive", commit], { cwd: CLONE, maxBuffer: 2 ** 30 });
  execFileSync("tar", ["-x", "-C", folder], { input: archive });
  linkPackages(join(CLONE, "node_modules"), join(folder, "node_modules"));
}

/** The workspaces are the tree's own: a link to this clone's would mix two versions. */
const WORKSPACES = "@conifer";
/** npm's record, by which a start sees whether the packages are the ones that it wants. */
const RECORD = ".package-lock.json";

/** Gives a tree the packages of another, each by a link; `npm start` looks whether they are those of its lock file. */
export function linkPackages(from: string, to: string): void {
  mkdirSync(join(to, WORKSPACES), { recursive: true });
  const shared = readdirSync(from).filter((name) => name === RECORD || !/^\.|^@conifer$/.test(name));
  for (const name of shared) symlinkSync(join(from, name), join(to, name));
  for (const name of readdirSync(join(from, WORKSPACES)))
    if (existsSync(join(to, "..", name, "package.json")))
      symlinkSync(join("..", "..", name), join(to, WORKSPACES, name));
}
