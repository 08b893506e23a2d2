import { execFile } from "node:child_process";
import { chmodSync, chownSync, lstatSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { SandboxSpec } from "./sandbox.ts";
import { bindTargets, GUEST_FOLDERS, GUEST_ROOT, lowerPaths, type Machine } from "./sandbox-plan.ts";

const run = promisify(execFile);

/**
 * Makes the sandbox's folder: the writable layer with its own `/etc/hosts` and `/etc/resolv.conf` and places for the
 * binds. With an overlay nothing of the layers is copied; without one all of them are. The few small writes are done
 * at once rather than in turns with other work: a start waits for them.
 */
export async function makeWritableLayer(
  machine: Machine,
  spec: SandboxSpec,
  resolvConf: string,
): Promise<void> {
  mkdirSync(spec.directory, { recursive: true, mode: 0o700 });
  const top = join(spec.directory, machine.overlay ? "upper" : "root");
  mkdirSync(top);
  if (machine.overlay) {
    mkdirSync(join(spec.directory, "work"));
    linkLayers(spec);
    if (spec.guest) makeGuestLayer(machine, spec, resolvConf);
  } else await copyLayers([...spec.lowerDirs, machine.base.directory], top);
  if (spec.guest) mkdirSync(join(top, GUEST_ROOT));
  const etc = join(top, "etc");
  mkdirSync(etc, { recursive: true });
  // In a copy they are there already, and are as read-only as in the base.
  for (const path of ["", "etc"]) chmodSync(join(top, path), 0o755);
  for (const name of ["hosts", "resolv.conf"]) rmSync(join(etc, name), { force: true });
  writeFileSync(join(etc, "hosts"), hostsFile(spec.id));
  writeFileSync(join(etc, "resolv.conf"), resolvConf);
  makeBindTargets(spec, [...spec.lowerDirs, machine.base.directory], top);
  // Not even its owner, which the program is where Conifer does not run as root, may write here.
  for (const [path, mode] of READ_ONLY) chmodSync(join(top, path), mode);
}

const READ_ONLY = [
  ["etc/hosts", 0o444],
  ["etc/resolv.conf", 0o444],
  ["etc", 0o555],
  ["", 0o555],
] as const;

function hostsFile(hostname: string): string {
  return `127.0.0.1 localhost ${hostname}\n::1 localhost ip6-localhost ip6-loopback\n`;
}

function linkLayers(spec: Pick<SandboxSpec, "directory" | "lowerDirs">, links = "layers"): void {
  const paths = lowerPaths(spec, links);
  if (paths === spec.lowerDirs) return;
  mkdirSync(join(spec.directory, links));
  for (const [n, layer] of spec.lowerDirs.entries()) symlinkSync(layer, paths[n] ?? "");
}

/**
 * Makes a guest's own writable layer with what every program expects to find. A folder or file in this layer covers a link
 * of that name in the image, so that what is mounted there is mounted nowhere else.
 */
function makeGuestLayer(machine: Machine, spec: SandboxSpec, resolvConf: string): void {
  const top = join(spec.directory, GUEST_FOLDERS.upper);
  const at = (path: string) => join(top, path);
  mkdirSync(join(spec.directory, GUEST_FOLDERS.work));
  const { owner, base } = machine;
  linkLayers({ directory: spec.directory, lowerDirs: spec.guest?.lowerDirs ?? [] }, GUEST_FOLDERS.layers);
  for (const folder of ["", "etc", "proc", "sys", "dev", "dev/pts", "dev/shm", "tmp"]) {
    mkdirSync(at(folder));
    chmodSync(at(folder), folder === "tmp" ? 0o1777 : 0o755);
    if (owner) chownSync(at(folder), owner.uid, owner.gid);
  }
  for (const name of [...base.devices, "console"]) writeFileSync(at(`dev/${name}`), "");
  symlinkSync("pts/ptmx", at("dev/ptmx"));
  symlinkSync("/proc/self/fd", at("dev/fd"));
  for (const [fd, name] of ["stdin", "stdout", "stderr"].entries())
    symlinkSync(`/proc/self/fd/${fd}`, at(`dev/${name}`));
  for (const [name, text] of [
    ["hosts", hostsFile(spec.id)],
    ["resolv.conf", resolvConf],
  ] as const) {
    writeFileSync(at(`etc/${name}`), text);
    chmodSync(at(`etc/${name}`), 0o644);
  }
}

/** Lowest first, so that the layers above win; a file system that can share the blocks of a copy does. */
async function copyLayers(layers: readonly string[], top: string): Promise<void> {
  for (const layer of layers.toReversed()) {
    await run("cp", ["-a", "--reflink=auto", "--", `${layer}/.`, top]);
    // Folders of the base are read-only, and the next layer may have something in them.
    if (process.getuid?.() !== 0) await run("chmod", ["-R", "u+w", "--", top]);
  }
}

function makeBindTargets(spec: SandboxSpec, layers: readonly string[], top: string): void {
  for (const { path, kind, like } of bindTargets(spec.binds, layers)) {
    const target = join(top, path);
    if (kind === "file") writeFileSync(target, "", { mode: 0o644 });
    else {
      mkdirSync(target, { recursive: true });
      const model = like ? lstatSync(like) : undefined;
      if (model && process.getuid?.() === 0) chownSync(target, model.uid, model.gid);
      chmodSync(target, model ? model.mode & 0o7777 : 0o755);
    }
  }
}
