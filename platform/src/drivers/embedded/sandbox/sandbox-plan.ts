import { lstatSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { BusinessError } from "../../../kernel/index.ts";
import type { FilterLoader } from "./filter-loader.ts";
import { BASE_FOLDERS, type HostBase, INIT_PATH } from "./host-base.ts";
import { type KernelFiles, kernelFileLines } from "./kernel-files.ts";
import type { SandboxBind, SandboxGuest, SandboxSpec } from "./sandbox.ts";
import { enterText, JOIN, MAP_RANGE, OWN_INIT_PATH, TOOLS_FOLDER } from "./sandbox-scripts.ts";
import type { FilteredKind } from "./system-call-filter.ts";

/** Ids of a user and a group. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** What the start of every sandbox on this machine has in common. */
export interface Machine {
  readonly root: boolean;
  /** Whether the program gets a user namespace of its own, in which it is `inside`. */
  readonly userNamespace: boolean;
  readonly inside: Account;
  /** The account on this machine that programs run as when Conifer is root. */
  readonly owner: Account | undefined;
  readonly overlay: boolean;
  readonly base: HostBase;
  /** The shell program of the set-up, on this machine. */
  readonly setUpFile: string;
  /** Where the new root is put together, in the sandbox's own mount namespace. */
  readonly mountPoint: string;
  /** Working folder of the set-up; paths of layers are given relative to it, to be short. */
  readonly home: string;
  /** `/usr/local` exists and is covered. */
  readonly coverUsrLocal: boolean;
  /** What of `/proc` is covered. */
  readonly kernelFiles: KernelFiles;
  /** Missing where system calls are not filtered. */
  readonly filter?: FilterLoader;
  /** How programs of this machine are called inside; only where the root is an image's own. */
  readonly tools?: { readonly folder: string; readonly call: (name: string) => readonly string[] };
}

/**
 * The machine as a sandbox sees it whose layers are a root file system of their own: nothing of this machine's is below
 * them, and what builds the sandbox stands beside.
 */
export function withOwnRoot(
  machine: Machine,
  tools: { readonly base: HostBase } & NonNullable<Machine["tools"]>,
  user: Account,
): Machine {
  const { base, folder, call } = tools;
  return { ...machine, base, inside: user, coverUsrLocal: false, tools: { folder, call } };
}

/** The lines of the fstab(5) file by which one `mount` command makes all of a sandbox's file view. */
export function mountLines(machine: Machine, spec: SandboxSpec, terminalPath: string | undefined): string {
  const at = (path: string) => join(machine.mountPoint, path);
  const { base } = machine;
  const lines: [source: string, target: string, type: string, options: string][] = [
    rootLine(machine, spec),
    ...base.folders.map(
      (folder) =>
        [`/${folder}`, at(folder), "none", "bind,ro,nosuid,nodev"] as [string, string, string, string],
    ),
  ];
  if (machine.coverUsrLocal)
    lines.push([join(base.directory, "var/empty"), at("usr/local"), "none", "bind,ro,nosuid,nodev,noexec"]);
  lines.push(["proc", at("proc"), "proc", "nosuid,nodev,noexec"]);
  // The kernel lets a builder's steps mount `/proc` again only where theirs is whole.
  if (!spec.builder) lines.push(...kernelFileLines(machine.kernelFiles, at("proc")));
  // A builder mounts it again for each of its steps, and without what no file system of its own has: `nodev`.
  if (spec.builder) lines.push([join(base.directory, "dev"), at("dev"), "none", "bind,nosuid,noexec"]);
  for (const name of base.devices)
    lines.push([`/dev/${name}`, at(`dev/${name}`), "none", "bind,nosuid,noexec"]);
  if (terminalPath) lines.push([terminalPath, at("dev/console"), "none", "bind,nosuid,noexec"]);
  lines.push(["devpts", at("dev/pts"), "devpts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620"]);
  lines.push(["tmpfs", at("dev/shm"), "tmpfs", `nosuid,nodev,mode=1777,size=${spec.limits.memoryBytes}`]);
  if (machine.tools) {
    lines.push([machine.tools.folder, at(TOOLS_FOLDER), "none", "bind,ro,nosuid,nodev"]);
    const preload = at("etc/ld.so.preload");
    lines.push([join(machine.tools.folder, "nothing"), preload, "none", "bind,ro,nosuid,nodev"]);
  }
  if (spec.guest) lines.push(...guestLines(machine, spec, terminalPath));
  for (const { source, target, writable } of spec.binds)
    lines.push([source, at(target), "none", `bind,nosuid,nodev${writable ? "" : ",ro"}`]);
  return lines
    .map(
      ([source, target, type, options]) =>
        `${[source, target, type, options].map(escapeField).join(" ")} 0 0\n`,
    )
    .join("");
}

function rootLine(machine: Machine, spec: SandboxSpec): [string, string, string, string] {
  if (!machine.overlay)
    return [join(spec.directory, "root"), machine.mountPoint, "none", "bind,nosuid,nodev"];
  const lower = layersAndBase(machine, lowerPaths(spec));
  const options = overlayOptions(machine, lower, join(spec.directory, "upper"), join(spec.directory, "work"));
  return ["overlay", machine.mountPoint, "overlay", options];
}

function overlayOptions(machine: Machine, lower: readonly string[], upper: string, work: string): string {
  const short = (path: string) => relative(machine.home, path);
  const odd = lower.map(short).find((path) => /[,:\\"]/.test(path));
  if (odd)
    throw new Error(`The folder ${odd} cannot be a layer: its path has a comma, colon, quote or backslash.`);
  return [
    "nosuid,nodev",
    `lowerdir=${lower.map(short).join(":")}`,
    `upperdir=${short(upper)}`,
    `workdir=${short(work)}`,
    ...(machine.root ? [] : ["userxattr"]),
  ].join(",");
}

/** Where a guest's root is in the sandbox's own. */
export const GUEST_ROOT = "guest";
/** What of a guest's writable layer lies in the sandbox's folder. */
export const GUEST_FOLDERS = { upper: "guest-upper", work: "guest-work", layers: "guest-layers" } as const;

/** Every place of these mounts was made in the guest's writable layer, so none of them leads through a link of the image. */
function guestLines(
  machine: Machine,
  spec: SandboxSpec,
  terminalPath: string | undefined,
): [string, string, string, string][] {
  const at = (path: string) => join(machine.mountPoint, GUEST_ROOT, path);
  const { upper, work, layers } = GUEST_FOLDERS;
  const lower = lowerPaths({ directory: spec.directory, lowerDirs: spec.guest?.lowerDirs ?? [] }, layers);
  const options = overlayOptions(machine, lower, join(spec.directory, upper), join(spec.directory, work));
  const device = "bind,nosuid,noexec";
  return [
    ["overlay", at(""), "overlay", options],
    ["proc", at("proc"), "proc", "nosuid,nodev,noexec"],
    ...kernelFileLines(machine.kernelFiles, at("proc")),
    ...machine.base.devices.map(
      (name) => [`/dev/${name}`, at(`dev/${name}`), "none", device] as [string, string, string, string],
    ),
    ...(terminalPath
      ? [[terminalPath, at("dev/console"), "none", device] as [string, string, string, string]]
      : []),
    ["devpts", at("dev/pts"), "devpts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620"],
    ["tmpfs", at("dev/shm"), "tmpfs", `nosuid,nodev,mode=1777,size=${spec.limits.memoryBytes}`],
  ];
}

/**
 * The command that becomes a guest's program. It runs without any privilege, makes a user namespace in which it may change its
 * root, does so, and has lost that again with the program; from a changed root no further one can be made, and so no way out.
 */
export function guestArgv(
  { inside }: Pick<Machine, "inside">,
  { guest, argv, cwd }: Pick<SandboxSpec, "guest" | "argv" | "cwd">,
): readonly string[] {
  if (!guest) return argv;
  const { uid, gid } = guest.user ?? inside;
  return [
    ...["/usr/bin/unshare", "--user", `--map-user=${uid}`, `--map-group=${gid}`],
    ...[`--root=/${GUEST_ROOT}`, `--wd=${cwd}`, "--", ...argv],
  ];
}

/** The topmost first. What covers an image's own root stands above it, what an image stands on below. */
function layersAndBase({ tools, base }: Machine, layers: readonly string[]): string[] {
  return tools ? [base.directory, ...layers] : [...layers, base.directory];
}

/** Linux takes at most a page of mount options; above this many layers, links with short names stand for them. */
export const MOST_LAYERS_BY_PATH = 20;

/** Where the overlay finds the layers: their own paths, or the links that a folder of the sandbox's holds for them. */
export function lowerPaths(
  { directory, lowerDirs }: Pick<SandboxSpec, "directory" | "lowerDirs">,
  links = "layers",
): readonly string[] {
  if (lowerDirs.length <= MOST_LAYERS_BY_PATH) return lowerDirs;
  return lowerDirs.map((_, n) => join(directory, links, String(n)));
}

/** A field of fstab(5): white space and backslashes as octal. */
function escapeField(field: string): string {
  return field.replace(/[\s\\#]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, "0")}`);
}

export interface CommandOptions {
  readonly machine: Machine;
  readonly spec: SandboxSpec;
  /** The file of mounts. */
  readonly mounts: string;
  readonly ownNetwork: boolean;
}

/**
 * The command that becomes the sandbox, as a chain in which each program runs the next.
 * The parent-death signal is lost at every change of credentials, so it is set after the last of each process.
 */
export function commandLine({ machine, spec, mounts, ownNetwork }: CommandOptions): string[] {
  const mapRoot = ["unshare", "--user", "--map-root-user"];
  const namespaces = ["unshare", "--mount", "--pid", "--ipc", "--uts", ...(ownNetwork ? ["--net"] : [])];
  return [
    ...(machine.root ? [] : mapRoot),
    ...["setpriv", "--pdeathsig", "KILL"],
    ...[...namespaces, "--fork", "--kill-child=KILL"],
    ...["sh", machine.setUpFile, spec.id, mounts, machine.mountPoint],
    ...(spec.builder ? becomeBuilder(machine) : dropPrivileges(machine)),
    ...filterCalls(machine, spec.builder ? "builder" : spec.guest ? "guest" : "program"),
    ...(machine.tools ? [...machine.tools.call("sh"), OWN_INIT_PATH] : ["sh", INIT_PATH]),
    ...guestArgv(machine, spec),
  ];
}

export interface EnteringOptions {
  readonly machine: Machine;
  readonly argv: readonly string[];
  readonly filtered: FilteredKind;
  /** The sandbox's outermost process and its process 1, on this machine. */
  readonly pids: { readonly outer: number; readonly init: number };
  readonly ownNetwork: boolean;
}

/**
 * The command that becomes a further program of a running sandbox. It makes a user namespace of its own beside the first
 * program's, with the same users in it: whoever enters an existing one cannot give up privileges for good there.
 */
export function enteringCommand(options: EnteringOptions): string[] {
  const { machine, argv, filtered, pids, ownNetwork } = options;
  const asOwner = ["nsenter", `--user=/proc/${pids.outer}/ns/user`, "--preserve-credentials"];
  const namespace = (name: string, file: string) => `--${name}=/proc/${pids.init}/ns/${file}`;
  return [
    ...["sh", "-c", JOIN, "sh"],
    ...(machine.root ? [] : asOwner),
    ...["nsenter", namespace("mount", "mnt"), namespace("pid", "pid"), namespace("ipc", "ipc")],
    ...[namespace("uts", "uts"), ...(ownNetwork ? [namespace("net", "net")] : [])],
    ...dropPrivileges(machine),
    ...filterCalls(machine, filtered),
    ...(machine.tools ? enterWithTools(machine.tools) : ["sh", "-c", enterText(), "sh"]),
    ...argv,
  ];
}

function enterWithTools({ call }: NonNullable<Machine["tools"]>): string[] {
  const words = { setsid: call("setsid").join(" "), sh: call("sh").join(" ") };
  return [...call("sh"), "-c", enterText(words), "sh"];
}

/** Ids of this machine that builds have as theirs; far from those that people and other programs are given. */
export const BUILDER_IDS = { first: 1_879_048_192, count: 65_536 } as const;

/**
 * Becomes root of a user namespace of its own. Only root can give it a range of ids, without which programs of a build can
 * neither change owners nor groups; elsewhere it is alone there, with one id.
 */
function becomeBuilder({ root }: Machine): string[] {
  const nothingNew = ["setpriv", "--no-new-privs", "--pdeathsig", "KILL"];
  if (!root) return ["unshare", "--user", "--map-root-user", "--mount", ...nothingNew];
  const { first, count } = BUILDER_IDS;
  const ids = [
    "setpriv",
    "--reuid",
    "0",
    "--regid",
    "0",
    "--clear-groups",
    "--no-new-privs",
    "--pdeathsig",
    "KILL",
  ];
  return ["sh", "-c", MAP_RANGE, "sh", String(first), String(count), ...ids];
}

function dropPrivileges({ root, userNamespace, inside, owner, tools }: Machine): string[] {
  const call = tools?.call ?? ((name: string) => [name]);
  const ids =
    root && owner ? ["--reuid", String(owner.uid), "--regid", String(owner.gid), "--clear-groups"] : [];
  const nothing = [
    ...["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all"],
    ...["--pdeathsig", "KILL"],
  ];
  if (!userNamespace) return [...call("setpriv"), ...ids, ...nothing];
  const asInside = [...call("unshare"), "--user", `--map-user=${inside.uid}`, `--map-group=${inside.gid}`];
  const asOwner = ids.length > 0 ? [...call("setpriv"), ...ids] : [];
  return [...asOwner, ...asInside, "--keep-caps", ...call("setpriv"), ...nothing];
}

function filterCalls({ filter, tools }: Machine, kind: FilteredKind): readonly string[] {
  return filter?.words(kind, tools?.call("perl")) ?? [];
}

/** Throws what an operator can read where the machine lacks what a guest needs. */
export function checkGuest({ overlay, userNamespace }: Machine, guest: SandboxGuest): void {
  if (guest.lowerDirs.length === 0) throw new Error("A guest needs at least one layer.");
  if (guest.user?.uid === 0) throw new Error("Nothing runs as root in a sandbox.");
  if (overlay && userNamespace) return;
  throw new BusinessError(
    "unavailable",
    `Container images need ${overlay ? "user namespaces" : "overlay file systems"}, which this machine does not offer. The first page of Conifer says how to get them.`,
  );
}

/**
 * Throws when a layer does not fit on the host base: a link or file where a folder must be, or a system folder of its
 * own. This is what keeps every mount of the set-up inside the new root.
 */
export function checkLayer(lowerDir: string): void {
  for (const entry of readdirSync(lowerDir, { withFileTypes: true })) {
    if ((BASE_FOLDERS as readonly string[]).includes(entry.name) || MADE_FOLDERS.includes(entry.name))
      throw new Error(
        `The image brings its own /${entry.name}; it does not fit this machine's base. Rebase it.`,
      );
    if (entry.isSymbolicLink()) throw new Error(`The image has a link at /${entry.name}; build it again.`);
  }
}

const MADE_FOLDERS = ["etc", "proc", "dev", "sys", "mnt", "run", "var"];

/** A folder or file to make in the writable layer so that a bind has something to cover. */
export interface BindTarget {
  readonly path: string;
  readonly kind: "folder" | "file";
  /** The layer's folder whose owner and mode the made one takes. */
  readonly like?: string;
}

/** What must be made, parents first, for these binds. Throws when a layer has a link on the way. */
export function bindTargets(binds: readonly SandboxBind[], lowerDirs: readonly string[]): BindTarget[] {
  const made = new Map<string, BindTarget>();
  for (const { source, target } of binds) {
    const parts = target.split("/").filter(Boolean);
    if (!target.startsWith("/") || parts.length === 0 || parts.includes("..") || parts.includes("."))
      throw new Error(`${target} cannot be a place in a sandbox: it must be an absolute path without dots.`);
    const steps = parts.map((_, n) => inLayers(parts.slice(0, n + 1).join("/"), target, lowerDirs));
    if (steps.at(-1)?.like) continue;
    const kind = lstatSync(source).isDirectory() ? "folder" : "file";
    for (const [n, step] of steps.entries())
      made.set(step.path, { ...step, kind: n === parts.length - 1 ? kind : "folder" });
  }
  return [...made.values()];
}

function inLayers(
  path: string,
  target: string,
  lowerDirs: readonly string[],
): { path: string; like?: string } {
  const like = lowerDirs.map((dir) => join(dir, path)).find(existing);
  if (!like) return { path };
  if (lstatSync(like).isSymbolicLink())
    throw new Error(`${target} cannot be a place in this sandbox: the image has a link at /${path}.`);
  return { path, like };
}

function existing(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
