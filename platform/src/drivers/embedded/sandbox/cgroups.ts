import { readFileSync, writeFileSync } from "node:fs";
import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pause } from "../../../kernel/index.ts";
import { type CgroupHierarchy, type CgroupPower, limitFiles, shareFiles } from "./cgroup-hierarchies.ts";
import { findProcessorGroup } from "./processor-group.ts";
import { type ProcessorWatch, watchProcessors } from "./processor-watch.ts";
import type { SandboxLimits } from "./sandbox.ts";

/** One sandbox's groups, one in each hierarchy in use. */
export interface Cgroup {
  readonly folders: readonly string[];
  /**
   * How process 1 joins: it writes `0`, itself, into files of version 1, which is quick; into files of version 2 it
   * writes `1`, its own id, which makes the kernel wait some milliseconds, and so is done beside other work.
   */
  readonly joinNow: readonly string[];
  readonly joinSlowly: readonly string[];
  /** As `Sandbox.memoryBytes`; undefined where nothing counts it. */
  memoryBytes(exactFrom?: number): Promise<number | undefined>;
  ranOutOfMemory(): Promise<boolean>;
  /** `members` are the sandbox's processes: a group that only freezes is not joined before. */
  setFrozen(frozen: boolean, members: readonly number[]): void;
  /** Ends what is in the groups and removes them. */
  remove(): Promise<void>;
}

export interface Cgroups {
  /** The parent groups, two in each hierarchy. */
  readonly parents: readonly string[];
  readonly powers: ReadonlySet<CgroupPower>;
  readonly versions: readonly (1 | 2)[];
  make(id: string, limits: SandboxLimits, background?: boolean): Promise<Cgroup>;
  /** Removes the parent groups; those that still hold somebody's sandboxes stay. */
  close(): Promise<void>;
}

/** Hierarchies that work, each with the parent folders of our groups in it. */
export interface UsableHierarchy extends CgroupHierarchy {
  readonly parent: string;
  /** Of sandboxes in the background. */
  readonly background: string;
}

/**
 * To 1 of a parent with ordinary sandboxes, or of a process outside of both; and of a sandbox in the background to one beside
 * it that only came there for taking much.
 */
const BACKGROUND_SHARE = 0.1;

/**
 * Makes the parent group `name`, and another for the background, in every hierarchy where this process may, and keeps to
 * those that work. A power found in two hierarchies is taken from the first.
 */
export async function openCgroups(
  hierarchies: readonly CgroupHierarchy[],
  name: string,
  watch: ProcessorWatch = watchProcessors(),
): Promise<Cgroups> {
  const usable: UsableHierarchy[] = [];
  const taken = new Set<CgroupPower>();
  for (const hierarchy of hierarchies) {
    const found = await openHierarchy(hierarchy, name).catch(() => undefined);
    const powers = found?.powers.filter((power) => !taken.has(power)) ?? [];
    if (!found || powers.length === 0) continue;
    for (const power of powers) taken.add(power);
    usable.push({ ...found, powers });
  }
  return {
    parents: usable.flatMap(({ parent, background }) => [parent, background]),
    powers: taken,
    versions: [...new Set(usable.map(({ version }) => version))],
    make: async (id, limits, inBackground = false) => {
      const groups = usable.map((found) => ({
        ...found,
        group: join(inBackground ? found.background : found.parent, id),
      }));
      const share = limits.cpuShare * (inBackground ? BACKGROUND_SHARE : 1);
      const processor = findProcessorGroup(groups, id, share);
      const cgroup = await makeCgroup(groups, id, { ...limits, cpuShare: share });
      if (!processor) return cgroup;
      const leave = watch.add({ id, share, background: inBackground, group: processor });
      const folders = [...new Set([...cgroup.folders, ...processor.folders])];
      const remove = async () => {
        leave();
        await removeCgroup(folders);
      };
      return { ...cgroup, folders, remove };
    },
    close: async () => {
      await watch.stop();
      for (const { parent, background } of usable)
        for (const folder of [parent, background]) await rmdir(folder).catch(() => {});
    },
  };
}

async function openHierarchy(hierarchy: CgroupHierarchy, name: string): Promise<UsableHierarchy> {
  const [parent, background] = [join(hierarchy.folder, name), join(hierarchy.folder, `${name}-background`)];
  if (hierarchy.version === 2) await grant(hierarchy.folder);
  for (const folder of [parent, background]) await mkdir(folder, { recursive: true });
  const powers =
    hierarchy.version === 1 ? hierarchy.powers : await grantedPowers(hierarchy, parent, background);
  if (powers.includes("cpu"))
    for (const [file, value] of shareFiles(hierarchy.version, BACKGROUND_SHARE))
      await writeFile(join(background, file), value);
  return { ...hierarchy, parent, background, powers };
}

async function grantedPowers(
  { powers }: CgroupHierarchy,
  ...parents: readonly string[]
): Promise<readonly CgroupPower[]> {
  const granted = await Promise.all(
    parents.map(async (parent) => {
      await grant(parent);
      return (await readFile(join(parent, "cgroup.subtree_control"), "utf8")).trim().split(" ");
    }),
  );
  const controllerOf = (power: CgroupPower) => (power === "cpuacct" ? "cpu" : power);
  return powers.filter(
    (power) => power === "freezer" || granted.every((names) => names.includes(controllerOf(power))),
  );
}

/** Hands the controllers on to the groups below; those that cannot be are left out. */
async function grant(folder: string): Promise<void> {
  for (const controller of ["memory", "pids", "cpu"])
    await writeFile(join(folder, "cgroup.subtree_control"), `+${controller}`).catch(() => {});
}

async function makeCgroup(
  groups: readonly (UsableHierarchy & { readonly group: string })[],
  id: string,
  limits: SandboxLimits,
): Promise<Cgroup> {
  const folders = groups.map(({ group }) => group);
  const fileFor = (power: CgroupPower, v1: string, v2: string) => {
    const found = groups.find(({ powers }) => powers.includes(power));
    return found && { path: join(found.group, found.version === 2 ? v2 : v1), version: found.version };
  };
  const freezer = fileFor("freezer", "freezer.state", "cgroup.freeze");
  const memory = fileFor("memory", "memory.usage_in_bytes", "memory.current");
  const memoryEvents = fileFor("memory", "memory.oom_control", "memory.events");
  try {
    await Promise.all(
      groups.map(async ({ group, version, powers }) => {
        await mkdir(group, { recursive: true });
        for (const [file, value] of limitFiles(version, powers, limits))
          await writeFile(join(group, file), value);
      }),
    );
  } catch (cause) {
    await removeCgroup(folders);
    throw new Error(`cannot limit the sandbox ${id} by cgroup`, { cause });
  }
  return {
    folders,
    joinNow: groups.filter(({ version }) => version === 1).map(({ group }) => join(group, "tasks")),
    joinSlowly: groups
      .filter((found) => found.version === 2 && !onlyFreezes(found))
      .map(({ group }) => join(group, "cgroup.procs")),
    memoryBytes: async (exactFrom = 0) => (memory ? await workingSetOf(memory.path, exactFrom) : undefined),
    ranOutOfMemory: async () =>
      memoryEvents !== undefined &&
      /^oom_kill [1-9]/m.test(await readFile(memoryEvents.path, "utf8").catch(() => "")),
    setFrozen: (frozen, members) => {
      if (!freezer) throw new Error("this machine has no freezer");
      const group = groups.find(({ powers }) => powers.includes("freezer"));
      if (frozen && group && onlyFreezes(group)) joinAll(join(group.group, "cgroup.procs"), members);
      const value = freezer.version === 2 ? (frozen ? "1" : "0") : frozen ? "FROZEN" : "THAWED";
      writeFileSync(freezer.path, value);
    },
    remove: () => removeCgroup(folders),
  };
}

/**
 * What is counted, without content of files that the kernel can drop at once. The kernel has the first number at hand, which is
 * not worth the way through a thread; for the second it sums up all processors.
 */
async function workingSetOf(path: string, exactFrom: number): Promise<number> {
  const used = Number(readFileSync(path, "utf8"));
  if (used < exactFrom) return used;
  const stat = await readFile(join(dirname(path), "memory.stat"), "utf8");
  // Version 1 sums up the groups below under another name.
  const [, inactive] = /^total_inactive_file (\d+)$/m.exec(stat) ?? /^inactive_file (\d+)$/m.exec(stat) ?? [];
  return Math.max(0, used - Number(inactive ?? 0));
}

function onlyFreezes({ version, powers }: UsableHierarchy): boolean {
  return version === 2 && powers.length === 1 && powers[0] === "freezer";
}

function joinAll(file: string, members: readonly number[]): void {
  for (const pid of members) {
    try {
      writeFileSync(file, String(pid));
    } catch {
      // It ended meanwhile; a process that is left out is no harm: it only runs on.
    }
  }
}

/** Removes parent groups that a killed process of this instance left, with what is in them. */
export async function removeParents(parents: readonly string[]): Promise<void> {
  for (const parent of parents) {
    const entries = await readdir(parent, { withFileTypes: true }).catch(() => []);
    await removeCgroup(entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(parent, name)));
    await removeCgroup([parent]);
  }
}

const REMOVE_WITHIN_MS = 5_000;

/** Thaws, kills and removes groups, of this process or of one that was killed. Folders that are gone are fine. */
export async function removeCgroup(folders: readonly string[]): Promise<void> {
  await Promise.all(
    folders.map(async (folder) => {
      const deadline = performance.now() + REMOVE_WITHIN_MS;
      for (let waitMs = 1; ; waitMs = Math.min(100, waitMs * 2)) {
        const failure = await rmdir(folder).then(
          () => undefined,
          (thrown: NodeJS.ErrnoException) => thrown,
        );
        if (!failure || failure.code === "ENOENT") return;
        if (performance.now() > deadline)
          throw new Error(`cannot remove the cgroup ${folder}`, { cause: failure });
        await endMembers(folder);
        await pause(waitMs);
      }
    }),
  );
}

async function endMembers(folder: string): Promise<void> {
  const files = await readdir(folder).catch((): string[] => []);
  if (files.includes("freezer.state"))
    await writeFile(join(folder, "freezer.state"), "THAWED").catch(() => {});
  if (files.includes("cgroup.kill")) await writeFile(join(folder, "cgroup.kill"), "1").catch(() => {});
  for (const pid of membersOf(folder)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has just ended by itself.
    }
  }
}

function membersOf(folder: string): number[] {
  try {
    return readFileSync(join(folder, "cgroup.procs"), "utf8")
      .split("\n")
      .map(Number)
      .filter((pid) => pid > 0);
  } catch {
    return [];
  }
}
