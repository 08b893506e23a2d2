import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Tell } from "../../cli/src/cluster/tell-steps.ts";
import { MACHINE_FOLDER } from "./cluster-folders.ts";
import { leaveMachineList } from "./cluster-settings.ts";
import { takeLock } from "./take-lock.ts";
import { writeWhole } from "./write-whole.ts";

/** Settings of the whole machine that a cluster changes; the kubelet changes those without a value by itself. */
export const KERNEL_SETTINGS: Readonly<Record<string, string | undefined>> = {
  "fs/inotify/max_user_instances": "1024",
  "fs/inotify/max_user_watches": "524288",
  "vm/overcommit_memory": undefined,
  "vm/panic_on_oom": undefined,
  "kernel/panic": undefined,
  "kernel/panic_on_oops": undefined,
  "kernel/keys/root_maxkeys": undefined,
  "kernel/keys/root_maxbytes": undefined,
  "net/ipv4/ip_forward": undefined,
};

const RECORD = join(MACHINE_FOLDER, "kernel-settings");
const file = (name: string) => join("/proc/sys", name);

/** Notes the kernel's settings as they are before the machine's first cluster, then makes room for many watches. */
export async function prepareKernel(egress: boolean, tell: Tell): Promise<void> {
  const release = await takeLock("machine", tell);
  try {
    if (!existsSync(RECORD)) await writeWhole(RECORD, JSON.stringify(await readKernel()));
  } finally {
    await release();
  }
  const wanted = { ...KERNEL_SETTINGS, ...(egress && { "net/ipv4/ip_forward": "1" }) };
  const now = await readKernel();
  for (const [name, value] of Object.entries(wanted)) {
    // More than we need may have been set by somebody with a reason.
    if (value !== undefined && Number(now[name] ?? value) < Number(value)) await writeFile(file(name), value);
  }
}

/** Strikes a cluster off the machine's list; after the last one the kernel's settings are as they were. */
export async function releaseKernel(name: string, tell: Tell): Promise<void> {
  const release = await takeLock("machine", tell);
  try {
    const last = await leaveMachineList(name);
    if (!last || !existsSync(RECORD)) return;
    const before = JSON.parse(await readFile(RECORD, "utf8")) as Record<string, string>;
    const now = await readKernel();
    for (const [setting, value] of Object.entries(before)) {
      if (now[setting] !== value) await writeFile(file(setting), value);
    }
    await rm(MACHINE_FOLDER, { recursive: true, force: true });
  } finally {
    await release();
  }
}

async function readKernel(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of Object.keys(KERNEL_SETTINGS)) {
    if (existsSync(file(name))) found[name] = (await readFile(file(name), "utf8")).trim();
  }
  return found;
}
