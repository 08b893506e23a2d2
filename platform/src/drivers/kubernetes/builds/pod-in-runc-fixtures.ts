import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Pod } from "../client/index.ts";

/** The fields of a container that a container runtime is told. */
interface Container {
  readonly name: string;
  readonly command: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly securityContext: {
    readonly runAsUser?: number;
    readonly runAsGroup?: number;
    readonly capabilities: { readonly add?: readonly string[] };
    readonly allowPrivilegeEscalation: boolean;
    readonly readOnlyRootFilesystem?: boolean;
  };
  readonly volumeMounts: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
  }[];
}

export interface ContainerEnd {
  readonly name: string;
  readonly text: string;
  readonly status: number;
  /** What it left beside its status. */
  readonly told: string;
}

/** As container runtimes hide and lock parts of /proc and /sys. */
const MASKED = ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/scsi", "/sys/firmware"];
const LOCKED = ["/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/**
 * Runs the containers of a pod at once, by runc as the runtime of a node has it, on this machine's own files in place of an
 * image, which nothing in them changes. `given` are folders that take the place of an empty volume or of a folder of the image.
 */
export async function runInRunc(
  pod: Pod,
  folder: string,
  given: {
    readonly volumes: Readonly<Record<string, string>>;
    readonly image: Readonly<Record<string, string>>;
  },
): Promise<readonly ContainerEnd[]> {
  const { containers, securityContext } = pod.spec as unknown as {
    readonly containers: readonly Container[];
    readonly securityContext: { readonly runAsUser: number; readonly runAsGroup: number };
  };
  const volumeOf = (name: string) => {
    const path = given.volumes[name] ?? join(folder, "volumes", name);
    mkdirSync(path, { recursive: true });
    if (!(name in given.volumes)) chmodSync(path, 0o777);
    return path;
  };
  const ends = containers.map(async (container): Promise<ContainerEnd> => {
    const own = join(folder, container.name);
    for (const name of ["root", "over", "work", "none"]) mkdirSync(join(own, name), { recursive: true });
    const termination = join(own, "termination");
    writeFileSync(termination, "", { mode: 0o666 });
    chmodSync(termination, 0o666);
    const mounts = [
      bind(process.execPath, "/cnb/node/bin/node", true),
      // What this machine's own tools of containers have; no image has it.
      bind(join(own, "none"), "/var/lib/containers", true),
      ...Object.entries(given.image).map(([path, source]) => bind(source, path, true)),
      ...container.volumeMounts.map(({ name, mountPath, readOnly }) =>
        bind(volumeOf(name), mountPath, readOnly ?? false),
      ),
      bind(termination, "/dev/termination-log", false),
    ];
    const { runAsUser: uid = securityContext.runAsUser, runAsGroup: gid = securityContext.runAsGroup } =
      container.securityContext;
    writeFileSync(
      join(own, "config.json"),
      JSON.stringify(configOf(container, { root: join(own, "root"), uid, gid, mounts })),
    );
    const script = `mount -t overlay -o lowerdir=/,upperdir=${own}/over,workdir=${own}/work none ${own}/root && exec runc --root ${folder}/state run --bundle ${own} ${basename(folder)}-${container.name}-${process.pid}`;
    const child = spawn("unshare", ["--mount", "--propagation", "private", "sh", "-c", script], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (text += String(chunk)));
    const status = await new Promise<number>((resolve) =>
      child.once("close", (code) => resolve(code ?? 255)),
    );
    return {
      name: container.name,
      text,
      status,
      told: execFileSync("cat", [termination], { encoding: "utf8" }),
    };
  });
  return await Promise.all(ends);
}

const bind = (source: string, destination: string, readOnly: boolean) => ({
  ...{ source, destination, type: "bind" },
  options: ["rbind", "rprivate", ...(readOnly ? ["ro"] : [])],
});

function configOf(
  { command, env, securityContext }: Container,
  {
    root,
    uid,
    gid,
    mounts,
  }: {
    readonly root: string;
    readonly uid: number;
    readonly gid: number;
    readonly mounts: readonly object[];
  },
) {
  const rights = (securityContext.capabilities.add ?? []).map((name) => `CAP_${name}`);
  const held = uid === 0 ? rights : [];
  const path = "/cnb/node/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  return {
    ociVersion: "1.0.2",
    process: {
      user: { uid, gid },
      ...{ args: command, cwd: "/" },
      env: [`PATH=${path}`, ...env.map(({ name, value }) => `${name}=${value}`)],
      capabilities: { bounding: rights, effective: held, permitted: held },
      noNewPrivileges: !securityContext.allowPrivilegeEscalation,
    },
    root: { path: root, readonly: securityContext.readOnlyRootFilesystem ?? false },
    mounts: [
      { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
      { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755", "size=65536k"] },
      {
        ...{ destination: "/dev/pts", type: "devpts", source: "devpts" },
        options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
      },
      { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"] },
      ...mounts,
    ],
    linux: {
      namespaces: ["pid", "ipc", "uts", "mount"].map((type) => ({ type })),
      ...{ maskedPaths: MASKED, readonlyPaths: LOCKED },
    },
  };
}
