import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitUntil } from "../wait-until.ts";

/** What the two may take together from now on; what the process has already is not counted. */
const LIMIT_BYTES = 48 * 1024 * 1024;
const V1 = "/sys/fs/cgroup/memory";
const V2 = "/sys/fs/cgroup";

/** Why the kernel cannot be brought to end a process for want of memory here; undefined when it can. */
export function missingForMemory(): string | undefined {
  if (process.getuid?.() !== 0) return "a limit on the memory of a process needs root";
  const folder = parentGroup();
  return folder === undefined ? "there is no cgroup of memory that can be written to" : undefined;
}

function parentGroup(): { readonly folder: string; readonly limit: string } | undefined {
  if (existsSync(join(V1, "memory.limit_in_bytes"))) return { folder: V1, limit: "memory.limit_in_bytes" };
  if (existsSync(join(V2, "memory.stat")) && existsSync(join(V2, "cgroup.subtree_control")))
    return { folder: V2, limit: "memory.max" };
  return undefined;
}

/**
 * Brings the kernel to end a process for want of memory: it is put into a group of little memory, with a program that takes
 * more than there is, and is the one to be ended first.
 */
export async function runOutOfMemory(pid: number): Promise<void> {
  const parent = parentGroup();
  if (!parent) throw new Error("no memory cgroup");
  const group = join(parent.folder, `conifer-faults-${process.pid}`);
  mkdirSync(group, { recursive: true });
  try {
    writeFileSync(join(group, parent.limit), String(LIMIT_BYTES));
    writeFileSync(`/proc/${pid}/oom_score_adj`, "1000");
    writeFileSync(join(group, "cgroup.procs"), String(pid));
    // The kernel weighs the memory in use: each of several eaters has too little of it to come first.
    const script = `echo $$ >"$1/cgroup.procs"; for n in 1 2 3 4; do tail /dev/zero & done; wait`;
    const eater = spawn("setpriv", ["--pdeathsig", "KILL", "sh", "-c", script, "sh", group], {
      stdio: "ignore",
    });
    await once(eater, "exit");
  } finally {
    await waitUntil("the end of a group", () => removed(group), { ms: 60_000 });
  }
}

function removed(group: string): boolean {
  try {
    rmdirSync(group);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === "ENOENT";
  }
}
