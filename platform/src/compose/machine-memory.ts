import { totalmem } from "node:os";

/** Bytes of memory that this process's machine has, or what its cgroup lets it have of them. */
export function machineMemory(
  total: number = totalmem(),
  constrained: number = process.constrainedMemory(),
): number {
  return constrained > 0 ? Math.min(total, constrained) : total;
}
