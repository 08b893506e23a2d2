import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { waitUntil } from "./wait-for.ts";

const ROOT = "/sys/fs/cgroup";

/** The hierarchies of this machine: one for each controller on version 1, a single one on version 2. */
async function hierarchies(): Promise<string[]> {
  if (existsSync(join(ROOT, "cgroup.controllers"))) return [ROOT];
  const entries = await readdir(ROOT, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(ROOT, entry.name));
}

/** Makes a node's cgroup in every hierarchy. The kubelet makes those of its pods below it, and wants it to be there. */
export async function makeNodeCgroups(cluster: string, node: string): Promise<void> {
  for (const hierarchy of await hierarchies()) {
    const steps = [hierarchy, join(hierarchy, cluster), join(hierarchy, cluster, node)];
    for (const [at, folder] of steps.entries()) {
      if (at === 0) continue;
      const parent = steps[at - 1] ?? hierarchy;
      await passOnControllers(parent);
      await mkdir(folder, { recursive: true });
      for (const file of ["cpuset.cpus", "cpuset.mems"]) await inheritCpus(parent, folder, file);
    }
    await passOnControllers(join(hierarchy, cluster, node));
  }
}

/** Version 2: children may use what the parent may. */
async function passOnControllers(folder: string): Promise<void> {
  const file = join(folder, "cgroup.controllers");
  if (!existsSync(file)) return;
  const names = (await readFile(file, "utf8")).trim().split(/\s+/).filter(Boolean);
  for (const name of names) {
    // One that the parent still uses for itself cannot be passed on; the kubelet names it if it needs it.
    await writeFile(join(folder, "cgroup.subtree_control"), `+${name}`).catch(() => {});
  }
}

/** Version 1: a cpuset begins empty, and nothing can run in an empty one. */
async function inheritCpus(parent: string, folder: string, file: string): Promise<void> {
  const target = join(folder, file);
  if (!existsSync(target) || (await readFile(target, "utf8")).trim() !== "") return;
  if (existsSync(join(folder, "cgroup.controllers"))) return;
  await writeFile(target, (await readFile(join(parent, file), "utf8")).trim());
}

/**
 * Removes the cgroups of a cluster, or of one node (`<cluster>/<node>`), and all below. What has just ended leaves them
 * within moments: so it tries again.
 */
export async function removeCgroups(path: string): Promise<void> {
  for (const hierarchy of await hierarchies()) {
    const top = join(hierarchy, path);
    await waitUntil({
      what: `${top} to be empty`,
      within: 15_000,
      ask: async () => {
        if (existsSync(top)) await removeTree(top);
        return true;
      },
    });
  }
}

async function removeTree(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(folder, entry.name));
  await rmdir(folder);
}
