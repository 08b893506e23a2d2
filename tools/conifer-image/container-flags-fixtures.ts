import type { OciConfig } from "../../platform/src/delivery/image/index.ts";

/** What `docker run` is told of a container's rights. */
export interface ContainerFlags {
  readonly user?: string;
  readonly privileged: boolean;
  readonly capabilities: readonly string[];
  /** Without the engine's filter of system calls. */
  readonly unfiltered: boolean;
  /** With all of `/proc` and `/sys`. */
  readonly unmasked: boolean;
  readonly sysctls: Readonly<Record<string, string>>;
}

/** Reads flags as they are typed. Throws for one that is not known here, so that no guide's flag goes untried. */
export function readFlags(text: string): ContainerFlags {
  const words = text.split(/\s+/).filter((word) => word !== "");
  const values = new Map<string, string[]>();
  for (let at = 0; at < words.length; at += 1) {
    const flag = words[at] ?? "";
    if (flag === "--privileged") values.set(flag, [""]);
    else if (VALUED.has(flag)) values.set(flag, [...(values.get(flag) ?? []), words[++at] ?? ""]);
    else throw new Error(`"${flag}" is not among the flags that are tried`);
  }
  const options = values.get("--security-opt") ?? [];
  const odd = options.find((one) => !SECURITY.has(one));
  if (odd !== undefined) throw new Error(`"${odd}" is not among the options that are tried`);
  const user = values.get("--user")?.at(-1);
  return {
    ...(user === undefined ? {} : { user }),
    privileged: values.has("--privileged"),
    capabilities: values.get("--cap-add") ?? [],
    unfiltered: options.includes("seccomp=unconfined"),
    unmasked: options.includes("systempaths=unconfined"),
    sysctls: Object.fromEntries((values.get("--sysctl") ?? []).map((one) => one.split("="))),
  };
}

const VALUED = new Set(["--user", "--cap-add", "--security-opt", "--sysctl"]);
const SECURITY = new Set(["seccomp=unconfined", "systempaths=unconfined", "apparmor=unconfined"]);

/** Those that Docker leaves a container's root (moby, oci/caps). */
const USUAL = [
  ...["CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP"],
  ...["SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE"],
];
/** What `--privileged` adds of those that this machine's kernel and engines both know. */
const ALL = [
  ...[...USUAL, "DAC_READ_SEARCH", "LINUX_IMMUTABLE", "NET_BROADCAST", "NET_ADMIN", "IPC_LOCK", "IPC_OWNER"],
  ...["SYS_MODULE", "SYS_RAWIO", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_TIME"],
  ...["SYS_TTY_CONFIG", "LEASE", "AUDIT_CONTROL", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "AUDIT_READ"],
];

/** What Docker covers and makes read-only of a container's `/proc` and `/sys` (moby, oci/defaults). */
const MASKED = [
  ...["asound", "acpi", "kcore", "keys", "latency_stats", "timer_list", "timer_stats", "sched_debug", "scsi"],
].map((name) => `/proc/${name}`);
const READ_ONLY = ["bus", "fs", "irq", "sys", "sysrq-trigger"].map((name) => `/proc/${name}`);

/** Of Docker's filter what matters here: calls refused to all, and those that come back with `SYS_ADMIN` (moby, profiles/seccomp). */
const NEVER = ["pivot_root", "keyctl", "add_key", "request_key"];
const FOR_ADMINS = ["mount", "umount2", "unshare", "setns", "fsopen", "fsmount", "move_mount", "open_tree"];

export interface ContainerSite {
  readonly rootfs: string;
  /** The folder that is the volume. */
  readonly volume: string;
  readonly network: string;
  /** Of its groups, in every hierarchy. */
  readonly group: string;
  /** Folder with the `resolv.conf` and `hosts` that an engine would write. */
  readonly files: string;
}

/** What runc is told (runtime-spec) for a container that `docker run` starts with these flags, of an image with this config. */
export function makeRuncConfig({ config }: OciConfig, flags: ContainerFlags, site: ContainerSite): object {
  const [uid = 0, gid = 0] = (flags.user ?? config.User ?? "0:0").split(":").map(Number);
  const capabilities = (flags.privileged ? ALL : [...USUAL, ...flags.capabilities]).map(
    (name) => `CAP_${name}`,
  );
  const effective = uid === 0 ? capabilities : [];
  const system = flags.privileged ? "rw" : "ro";
  const open = flags.privileged || flags.unmasked;
  const mount = (destination: string, type: string, ...options: string[]) => ({
    ...{ destination, type, source: type, options: ["nosuid", "noexec", ...options] },
  });
  const bind = (destination: string, source: string) => ({
    ...{ destination, source, type: "bind", options: ["rbind", "rprivate"] },
  });
  return {
    ociVersion: "1.0.2",
    hostname: "conifer",
    root: { path: site.rootfs },
    process: {
      user: { uid, gid },
      args: [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])],
      env: config.Env,
      cwd: config.WorkingDir,
      capabilities: { bounding: capabilities, effective, permitted: effective },
    },
    mounts: [
      mount("/proc", "proc", "nodev"),
      mount("/dev", "tmpfs", "mode=755"),
      mount("/dev/pts", "devpts", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"),
      mount("/dev/shm", "tmpfs", "nodev", "mode=1777", "size=64m"),
      mount("/sys", "sysfs", "nodev", system),
      mount("/sys/fs/cgroup", "cgroup", "nodev", system),
      ...["resolv.conf", "hosts"].map((name) => bind(`/etc/${name}`, `${site.files}/${name}`)),
      bind("/var/lib/conifer", site.volume),
    ],
    linux: {
      cgroupsPath: `/${site.group}`,
      namespaces: [
        ...["mount", "pid", "ipc", "uts", "cgroup"].map((type) => ({ type })),
        { type: "network", path: site.network },
      ],
      // As Docker's network without IPv6 has it.
      sysctl: {
        "net.ipv4.ip_unprivileged_port_start": "0",
        "net.ipv6.conf.all.disable_ipv6": "1",
        ...flags.sysctls,
      },
      resources: { devices: devicesFor(flags) },
      maskedPaths: open ? [] : MASKED,
      readonlyPaths: open ? [] : READ_ONLY,
      ...(flags.privileged || flags.unfiltered ? {} : { seccomp: filterFor(flags) }),
    },
  };
}

function devicesFor({ privileged }: ContainerFlags): readonly object[] {
  if (privileged) return [{ allow: true, access: "rwm" }];
  const usual = [
    ...[3, 5, 7, 8, 9].map((minor) => [1, minor]),
    ...[
      [5, 0],
      [5, 2],
    ],
  ];
  return [
    { allow: false, access: "rwm" },
    ...usual.map(([major, minor]) => ({ allow: true, type: "c", major, minor, access: "rwm" })),
    { allow: true, type: "c", major: 136, access: "rwm" },
  ];
}

function filterFor({ capabilities }: ContainerFlags): object {
  const names = [...NEVER, ...(capabilities.includes("SYS_ADMIN") ? [] : FOR_ADMINS)];
  return {
    defaultAction: "SCMP_ACT_ALLOW",
    architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"],
    syscalls: [{ names, action: "SCMP_ACT_ERRNO", errnoRet: 1 }],
  };
}
