import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Bytes that the processes of a cgroup use, without files' content that the kernel can drop at once: what Kubernetes calls
 * the working set. Only a number above `ofInterest` is exact; below, the second file is spared. Undefined when the
 * group is gone, or tells nothing that can be read. (cgroups v2 and v1)
 */
export function readWorkingSet(folder: string, ofInterest: number): number | undefined {
  const used =
    readNumber(join(folder, "memory.current")) ?? readNumber(join(folder, "memory.usage_in_bytes"));
  if (used === undefined || used <= ofInterest) return used;
  const stat = readText(join(folder, "memory.stat"));
  // Version 1 has one for the group alone, too, and sums up those below it under another name.
  const [, inactive] = /^total_inactive_file (\d+)$/m.exec(stat) ?? /^inactive_file (\d+)$/m.exec(stat) ?? [];
  return Math.max(0, used - Number(inactive ?? 0));
}

function readNumber(file: string): number | undefined {
  const text = readText(file).trim();
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // The group ends with its container, at any moment.
    return "";
  }
}
