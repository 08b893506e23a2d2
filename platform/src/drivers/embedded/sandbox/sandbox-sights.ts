import { isAbove } from "../../files/trees/index.ts";
import type { Cgroup } from "./cgroups.ts";
import { processTree, residentBytes } from "./process-tree.ts";
import type { ListeningSocket, Sandbox } from "./sandbox.ts";
import { listeningSockets, type NetworkLease } from "./sandbox-network.ts";
import {
  hasEstablished,
  readListening,
  type SocketCounts,
  socketInodes,
  socketsInUse,
} from "./socket-table.ts";
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
  const look = (inside: number, port?: number, counts?: SocketCounts) => {
    const rows = readListening(inside, counts).filter((row) => port === undefined || row.port === port);
    return rows.length === 0 ? [] : listeningSockets(rows, socketInodes(processTree(inside)), lease);
  };
  const lookAt = rememberLook(look);
  return {
    listeningSockets: async (port) => {
      const inside = initPid();
      if (hasEnded() || inside === undefined) return [];
      return port === undefined ? look(inside) : lookAt(inside, port);
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
      if (!also?.unnamed || hasEnded() || isAbove(named, most)) return named;
      const unnamed = unnamedFiles(processTree(pid));
      return { bytes: named.bytes + unnamed.bytes, entries: named.entries + unnamed.entries };
    },
  };
}

/** Longest time without a look at the tables: one socket may take the place of another. */
const LOOK_AGAIN_MS = 250;

type Look = (pid: number, port: number, counts?: SocketCounts) => readonly ListeningSocket[];

/**
 * The same look, made again only once the network has more or fewer sockets than before: who waits for a program to listen
 * asks often, and mostly nothing has happened.
 */
function rememberLook(look: Look): Look {
  let last: { inUse: string | undefined; at: number; port: number; found: ReturnType<Look> } | undefined;
  return (pid, port) => {
    // Before the look, so that what comes during it is news.
    const counts = socketsInUse(pid);
    const inUse = counts && `${counts.tcp} ${counts.tcp6}`;
    const at = performance.now();
    const isSame = last?.inUse === inUse && last?.port === port && inUse !== undefined;
    if (last && isSame && at - last.at < LOOK_AGAIN_MS) return last.found;
    last = { inUse, at, port, found: look(pid, port, counts) };
    return last.found;
  };
}

export function residentOf(pid: number): number {
  return processTree(pid).reduce((sum, member) => sum + residentBytes(member), 0);
}
