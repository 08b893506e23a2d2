import type { Tell } from "../../cli/src/cluster/tell-steps.ts";
import { readMachineList } from "./cluster-settings.ts";
import { takeDown } from "./take-down-cluster.ts";

const PREFIX = "tests";

/** The name of the cluster that belongs to a process which runs tests. */
export const testClusterName = (pid: number) => `${PREFIX}${pid.toString(36)}`;

/** The process id in such a name; undefined for any other name. */
export function ownerOf(name: string): number | undefined {
  const rest = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : "";
  return /^[0-9a-z]{1,5}$/.test(rest) ? Number.parseInt(rest, 36) : undefined;
}

/** Takes down the clusters of test runs that were killed before they could do it. */
export async function takeDownOrphans(tell: Tell): Promise<void> {
  for (const name of (await readMachineList()).keys()) {
    const owner = ownerOf(name);
    if (owner !== undefined && !isAlive(owner)) await takeDown(name, false, tell);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === "EPERM";
  }
}
