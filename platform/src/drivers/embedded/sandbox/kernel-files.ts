import { existsSync, statSync } from "node:fs";

/** Files of the kernel's that a sandbox gets otherwise than `/proc` has them, by their paths below it. */
export interface KernelFiles {
  /** Folders and files to be read only. */
  readonly readOnly: readonly string[];
  /** Files that are empty, and folders that hold nothing. */
  readonly emptyFiles: readonly string[];
  readonly emptyFolders: readonly string[];
}

/** They set what holds for the whole machine. Who may write them is the kernel's to say; here nobody may. */
const READ_ONLY = ["sys", "irq", "fs", "bus", "sysrq-trigger"];
/** They tell what others do, or where things are in the kernel's memory. No program has use for them. */
const EMPTY = [
  ...["acpi", "asound", "scsi", "interrupts", "kcore", "key-users", "keys", "latency_stats", "sched_debug"],
  ...["softirqs", "timer_list", "timer_stats", "vmallocinfo"],
];

/** Those that this machine's kernel has. */
export function findKernelFiles(proc = "/proc"): KernelFiles {
  const there = (names: readonly string[]) => names.filter((name) => existsSync(`${proc}/${name}`));
  const isFolder = (name: string) => statSync(`${proc}/${name}`).isDirectory();
  const empty = there(EMPTY);
  return {
    readOnly: there(READ_ONLY),
    emptyFiles: empty.filter((name) => !isFolder(name)),
    emptyFolders: empty.filter(isFolder),
  };
}

type Line = [source: string, target: string, type: string, options: string];

/** Lines of fstab(5) for a `/proc` that was mounted at this place. */
export function kernelFileLines({ readOnly, emptyFiles, emptyFolders }: KernelFiles, proc: string): Line[] {
  const nothing = "nosuid,nodev,noexec";
  const at = (name: string) => `${proc}/${name}`;
  return [
    ...readOnly.map((name): Line => [at(name), at(name), "none", `bind,ro,${nothing}`]),
    ...emptyFiles.map((name): Line => ["/dev/null", at(name), "none", "bind,nosuid,noexec"]),
    ...emptyFolders.map((name): Line => ["tmpfs", at(name), "tmpfs", `ro,${nothing},mode=555,size=4k`]),
  ];
}
