import type { Cgroup } from "./cgroups.ts";
import { processTree, residentBytes } from "./process-tree.ts";
import type { Sandbox } from "./sandbox.ts";
import { listeningSockets, type NetworkLease } from "./sandbox-network.ts";
import { hasEstablished, readListening, socketInodes } from "./socket-table.ts";
import { unnamedFiles } from "./unnamed-files.ts";

/** The processes of a sandbox. */
export interface Living {
  /** The outermost one, on this machine. */
  readonly pid: number;
  readonly initPid: () => number | undefined;
  readonly hasEnded: () => boolean;
}

export interface SightParts {
  readonly cgroup: Pick<Cgroup, "memoryBytes">;
  readonly lease: Pick<NetworkLease, "ipv4" | "ipv6">;
  /** What has a name among the sandbox's files. */
  readonly written: Sandbox["written"];
}

/** What can be seen of a sandbox from outside. */
export function makeSights(
  { cgroup, lease, written }: SightParts,
  { pid, initPid, hasEnded }: Living,
): Pick<Sandbox, "listeningSockets" | "hasConnections" | "memoryBytes" | "written"> {
  return {
    listeningSockets: async (port) => {
      const inside = initPid();
      if (hasEnded() || inside === undefined) return [];
      const rows = readListening(inside).filter((row) => port === undefined || row.port === port);
      return rows.length === 0 ? [] : listeningSockets(rows, socketInodes(processTree(inside)), lease);
    },
    hasConnections: async (port) => {
      const inside = initPid();
      return !hasEnded() && inside !== undefined && hasEstablished(inside, port);
    },
    memoryBytes: async (exactFrom) => {
      if (hasEnded()) return 0;
      return (await cgroup.memoryBytes(exactFrom)) ?? residentOf(pid);
    },
    written: async (most, also) => {
      const named = await written(most);
      if (!also?.unnamed || hasEnded() || named.bytes > most.bytes || named.entries > most.entries)
        return named;
      const unnamed = unnamedFiles(processTree(pid));
      return { bytes: named.bytes + unnamed.bytes, entries: named.entries + unnamed.entries };
    },
  };
}

export function residentOf(pid: number): number {
  return processTree(pid).reduce((sum, member) => sum + residentBytes(member), 0);
}
