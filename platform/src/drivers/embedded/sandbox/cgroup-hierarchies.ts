import { dirname, join, resolve } from "node:path";

/** As the kernel calls them; `cpu` shares processors out, `cpuacct` counts what was used of them. */
export type CgroupPower = "memory" | "pids" | "cpu" | "cpuacct" | "freezer";

/** A folder of the cgroup file system in which this process may make groups, once it has shown that it can. */
export interface CgroupHierarchy {
  readonly version: 1 | 2;
  /** The folder that gets the groups' parent. */
  readonly folder: string;
  /** What groups here can do. For version 2, what to ask for: the kernel may grant less. */
  readonly powers: readonly CgroupPower[];
}

const V1_CONTROLLERS: readonly CgroupPower[] = ["memory", "pids", "cpu", "cpuacct", "freezer"];

/**
 * Where this process may look for cgroups, from the texts of `/proc/self/mountinfo` and `/proc/self/cgroup`
 * (cgroups(7)). Groups go below this process's own group on version 1, so that limits set on Conifer hold for its dynos,
 * and beside it on version 2, where a group with processes may not hand out controllers.
 * The freezer of version 2 is preferred: a process frozen by version 1 cannot even be killed.
 */
export function findHierarchies(mountinfo: string, ownCgroups: string): CgroupHierarchy[] {
  const mounts = mountinfo.split("\n").flatMap(parseMount);
  const own = ownCgroups
    .split("\n")
    .map((line) => line.split(":"))
    .map(([, controllers = "", ...path]) => ({ controllers: controllers.split(","), path: path.join(":") }));
  const v2 = mounts
    .filter((mount) => mount.version === 2)
    .flatMap((mount) => {
      const path = own.find(({ controllers }) => controllers[0] === "")?.path;
      const folder = path === undefined ? undefined : folderOf(mount, path === "/" ? "/" : dirname(path));
      return folder ? [{ version: 2 as const, folder, powers: V1_CONTROLLERS }] : [];
    })
    .slice(0, 1);
  const wanted = V1_CONTROLLERS.filter((power) => power !== "freezer" || v2.length === 0);
  const v1 = mounts
    .filter((mount) => mount.version === 1)
    .flatMap((mount) => {
      const powers = wanted.filter((power) => mount.controllers.includes(power));
      const path = own.find(({ controllers }) => powers.some((power) => controllers.includes(power)))?.path;
      const folder = path === undefined ? undefined : folderOf(mount, path);
      return folder && powers.length > 0 ? [{ version: 1 as const, folder, powers }] : [];
    });
  return [...v2, ...v1];
}

interface CgroupMount {
  readonly version: 1 | 2;
  readonly point: string;
  /** The group that the mount shows as its top. */
  readonly root: string;
  readonly controllers: readonly string[];
}

function parseMount(line: string): CgroupMount[] {
  const [left = "", right = ""] = line.split(" - ");
  const [type, , options = ""] = right.split(" ");
  const [, , , root = "/", point = ""] = left.split(" ");
  if (type === "cgroup2") return [{ version: 2, point, root, controllers: [] }];
  if (type === "cgroup") return [{ version: 1, point, root, controllers: options.split(",") }];
  return [];
}

/** Undefined when the group lies outside of what the mount shows. */
function folderOf(mount: CgroupMount, path: string): string | undefined {
  if (mount.root === "/") return resolve(join(mount.point, path));
  if (path === mount.root) return mount.point;
  return path.startsWith(`${mount.root}/`) ? join(mount.point, path.slice(mount.root.length)) : undefined;
}

/** Files to write, and what, for the limits that a hierarchy's groups carry. */
export function limitFiles(
  version: 1 | 2,
  powers: readonly CgroupPower[],
  limits: { readonly memoryBytes: number; readonly cpuShare: number; readonly pids: number },
): readonly (readonly [file: string, value: string])[] {
  return powers.flatMap((power): readonly (readonly [string, string])[] => {
    if (power === "memory")
      return [[version === 2 ? "memory.max" : "memory.limit_in_bytes", String(limits.memoryBytes)]];
    if (power === "pids") return [["pids.max", String(limits.pids)]];
    if (power === "freezer" || power === "cpuacct") return [];
    return shareFiles(version, limits.cpuShare);
  });
}

/** The same for a relative share of the processor alone, 1 = ordinary. */
export function shareFiles(version: 1 | 2, share: number): readonly (readonly [string, string])[] {
  const bounded = (value: number, least: number, most: number) =>
    String(Math.min(most, Math.max(least, Math.round(value))));
  return version === 2
    ? [["cpu.weight", bounded(share * 100, 1, 10_000)]]
    : [["cpu.shares", bounded(share * 1024, 2, 262_144)]];
}
