import { chownSync, mkdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import {
  asOrdinary,
  asRoot,
  changedMachine,
  NOBODY,
  type OwnCgroups,
  type PreparedMachine,
  WITHOUT_CGROUPS,
} from "../lesser-machine.ts";
import { forbidUserNamespaces } from "./forbid-user-namespaces.ts";

/** A machine that Conifer may find itself on, made of this one. */
export interface EscapeLevel {
  readonly name: string;
  /** The table's column that it must come to; missing where that is for the machine to say. */
  readonly column?: string;
  /** Why it cannot be shown here; missing where it can. */
  readonly obstacle?: string;
  /** Makes ready what a platform there needs. */
  prepare(): PreparedMachine;
}

const ROOT = process.getuid?.() === 0;
const NEEDS_ROOT = "only root can make this machine a lesser one";

const CONTROLLERS = ["memory", "pids", "cpu", "freezer"];

const without = (name: string) =>
  `for one in /usr/sbin/${name} /usr/bin/${name}; do [ ! -e "$one" ] || mount --bind /dev/null "$one" || exit 1; done`;

/** From the most isolated to the least. */
const ROOT_LEVELS: readonly EscapeLevel[] = [
  { name: "all that this one has", prepare: () => asRoot() },
  lesser("root, no filter", () => asRoot(changedMachine(without("perl")))),
  lesser("root, no network", () => asRoot(changedMachine(without("nft")))),
  lesser("root, no cgroups", () => asRoot(changedMachine(WITHOUT_CGROUPS))),
  lesser("root, no cgroups, no network", () =>
    asRoot(changedMachine(`${WITHOUT_CGROUPS}; ${without("nft")}`)),
  ),
  { ...lesser("account", () => asOrdinary(NOBODY, giveCgroups())), ...noOwnCgroups() },
  lesser("account, no cgroups", () => asOrdinary(NOBODY)),
];

/** A machine on which an ordinary account can keep nothing apart. */
export const REFUSED_LEVEL: EscapeLevel = {
  name: "account, no user namespaces",
  ...(ROOT ? {} : { obstacle: NEEDS_ROOT }),
  prepare: () => {
    const level = asOrdinary(NOBODY);
    return { ...level, machine: [...forbidUserNamespaces(), ...level.machine] };
  },
};

/** An ordinary account can show only what it has. */
const LEVELS = ROOT
  ? ROOT_LEVELS
  : ROOT_LEVELS.map((one, n) => (n === 0 ? { ...one, prepare: asFound } : { ...one, obstacle: NEEDS_ROOT }));

/** `all` of them, those with such names between semicolons, or else the first and the last. */
export function chosenLevels(words: string | undefined): readonly EscapeLevel[] {
  if (words === "all") return LEVELS;
  const names = words?.split(";");
  return LEVELS.filter(({ name }, n) => names?.includes(name) ?? (n === 0 || n === LEVELS.length - 1));
}

function lesser(column: string, prepare: EscapeLevel["prepare"]): EscapeLevel {
  return { name: column, column, prepare };
}

function asFound(): PreparedMachine {
  return { ...asRoot(), root: false };
}

/** Where this process is in each hierarchy of version 1 that limits something; the unified one cannot be handed on so simply. */
function ownGroups(): readonly string[] {
  return readFileSync("/proc/self/cgroup", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .filter(([, controller = ""]) => CONTROLLERS.includes(controller))
    .map(([, controller = "", path = ""]) => join("/sys/fs/cgroup", controller, path));
}

function noOwnCgroups(): Pick<EscapeLevel, "obstacle"> {
  if (ownGroups().length === CONTROLLERS.length) return {};
  return { obstacle: "tests can hand on cgroups of version 1 only" };
}

/** Groups that belong to the ordinary account, as a service manager delegates them. */
function giveCgroups(): OwnCgroups {
  const joined = ownGroups().map((group) => join(group, `conifer-escape-${process.pid}`));
  for (const group of joined) {
    mkdirSync(group);
    chownSync(group, NOBODY.uid, NOBODY.gid);
    for (const file of ["cgroup.procs", "tasks"]) chownSync(join(group, file), NOBODY.uid, NOBODY.gid);
  }
  return {
    joined,
    remove: () => {
      for (const group of joined) rmdirSync(group);
    },
  };
}
