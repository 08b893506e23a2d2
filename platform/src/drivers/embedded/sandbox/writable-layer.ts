import { execFile } from "node:child_process";
import { chmodSync, chownSync, lstatSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { SandboxSpec } from "./sandbox.ts";
import { bindTargets, lowerPaths, type Machine } from "./sandbox-plan.ts";

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
  } else await copyLayers([...spec.lowerDirs, machine.base.directory], top);
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

function linkLayers(spec: SandboxSpec): void {
  const paths = lowerPaths(spec);
  if (paths === spec.lowerDirs) return;
  mkdirSync(join(spec.directory, "layers"));
  for (const [n, layer] of spec.lowerDirs.entries()) symlinkSync(layer, paths[n] ?? "");
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
