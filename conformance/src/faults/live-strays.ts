import { readdirSync, readlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { listIfThere, processIds, readIfThere } from "../passing-files.ts";
import { findGroups } from "../platform-remains.ts";
import { processesBelow, processesWith } from "../process-marks.ts";

export interface StrayOptions {
  readonly home: string;
  /** The process that everything of the platform is below. */
  readonly pid: number;
  /** The folder for temporary files that the platform was given. */
  readonly temporary: string;
  /** How many dynos run, one-off ones included. */
  readonly dynos: number;
}

/**
 * What a platform that runs and is at rest has no use for: processes outside its tree, groups without processes, mounts,
 * namespaces, sockets that nobody listens on, folders of dynos that are gone, temporary files. A line for each.
 */
export function findStrays({ home, pid, temporary, dynos }: StrayOptions): readonly string[] {
  const below = new Set([pid, ...processesBelow(pid).map((mark) => mark.pid)]);
  const outside = processesWith("CONIFER_HOME", home).filter((one) => !below.has(one));
  const folders = listIfThere(join(home, "dynos")).filter((name) => !name.startsWith("."));
  return [
    ...outside.map((one) => `process ${one}: ${commandOf(one)}`),
    ...holdersOf(home, below).map((one) => `namespace of process ${one}: ${commandOf(one)}`),
    ...mountsBelow(home).map((line) => `mount: ${line}`),
    ...emptyGroups(findGroups(home)).map((folder) => `cgroup without a process: ${folder}`),
    ...(folders.length > dynos ? [`${folders.length} folders of dynos, of which ${dynos} run`] : []),
    ...deadSockets(join(home, "run")).map((path) => `socket that nobody listens on: ${path}`),
    ...listIfThere(temporary)
      .filter((name) => name !== "node-compile-cache")
      .map((name) => `temporary file: ${name}`),
  ];
}

function mountsBelow(home: string): readonly string[] {
  return readIfThere("/proc/self/mountinfo")
    .split("\n")
    .filter((line) => line.split(" ")[4]?.startsWith(`${home}/`));
}

/** Processes outside the tree that see mounts of the home's that nobody else sees, one of each namespace. */
function holdersOf(home: string, below: ReadonlySet<number>): readonly number[] {
  const known = new Set([namespaceOf("self"), ""]);
  return processIds()
    .filter((pid) => !below.has(pid))
    .filter((pid) => {
      const namespace = namespaceOf(pid);
      if (known.has(namespace)) return false;
      known.add(namespace);
      return readIfThere(`/proc/${pid}/mountinfo`).includes(home);
    });
}

function namespaceOf(pid: number | "self"): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch {
    return "";
  }
}

/**
 * Groups at the ends of the trees whose name has a process in none of them: some hierarchies are only joined to freeze.
 * The tops of the trees are always there.
 */
export function emptyGroups(tops: readonly string[]): readonly string[] {
  const leaves = tops.flatMap((top) => leavesOf(top).filter((folder) => folder !== top));
  const alive = new Set(
    leaves
      .filter((folder) => readIfThere(join(folder, "cgroup.procs")).trim() !== "")
      .map((folder) => basename(folder)),
  );
  return leaves.filter((folder) => !alive.has(basename(folder)));
}

function leavesOf(folder: string): readonly string[] {
  const inner = listIfThere(folder)
    .map((name) => join(folder, name))
    .filter(isGroup);
  return inner.length > 0 ? inner.flatMap(leavesOf) : [folder];
}

function isGroup(folder: string): boolean {
  return listIfThere(folder).includes("cgroup.procs");
}

function deadSockets(folder: string): readonly string[] {
  const listening = new Set(
    readIfThere("/proc/net/unix")
      .split("\n")
      .map((line) => line.trim().split(/\s+/)[7]),
  );
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isSocket())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !listening.has(path));
}

function commandOf(pid: number): string {
  return readIfThere(`/proc/${pid}/cmdline`).replaceAll("\0", " ").slice(0, 200);
}
