import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { removeTree } from "../../files/trees/index.ts";
import { matchPatterns } from "./ignore-patterns.ts";
import type { ProjectDescriptor } from "./project-descriptor.ts";

/**
 * Removes from a source what its `project.toml` leaves out of the build, `project.toml` itself apart. Links are not
 * followed.
 */
export async function filterSource(
  root: string,
  { include, exclude }: Pick<ProjectDescriptor, "include" | "exclude">,
): Promise<void> {
  if (include) await keepIncluded(root, "", matchPatterns(["/project.toml", ...include]));
  if (exclude) await removeExcluded(root, "", matchPatterns(exclude));
}

type Matches = (path: string, isFolder: boolean) => boolean;

/** Returns whether anything is left in the folder. */
async function keepIncluded(root: string, folder: string, matches: Matches): Promise<boolean> {
  let left = false;
  for (const { path, isFolder } of await entriesOf(root, folder)) {
    if (matches(path, isFolder) || (isFolder && (await keepIncluded(root, path, matches)))) left = true;
    else await removeTree(join(root, path));
  }
  return left;
}

async function removeExcluded(root: string, folder: string, matches: Matches): Promise<void> {
  for (const { path, isFolder } of await entriesOf(root, folder)) {
    if (matches(path, isFolder)) await removeTree(join(root, path));
    else if (isFolder) await removeExcluded(root, path, matches);
  }
}

async function entriesOf(root: string, folder: string): Promise<{ path: string; isFolder: boolean }[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  return entries.map((entry) => ({ path: join(folder, entry.name), isFolder: entry.isDirectory() }));
}
