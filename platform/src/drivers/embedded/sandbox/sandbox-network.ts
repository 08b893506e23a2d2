import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import type { ListeningSocket } from "./sandbox.ts";
import { isWildcard, type SocketRow } from "./socket-table.ts";

/** How sandboxes reach the network and are reached. */
export interface SandboxNetwork {
  readonly kind: "own" | "shared";
  lease(sandboxId: string): Promise<NetworkLease>;
}

/** One sandbox's place in the network. */
export interface NetworkLease {
  /** Text of the sandbox's `/etc/resolv.conf`. */
  readonly resolvConf: string;
  /** Shell text that the set-up runs as root in the new network namespace; empty on a shared network. */
  readonly setUp: string;
  /** Where this machine reaches something that listens on all IPv4 addresses, and on all IPv6 ones. */
  readonly ipv4: string;
  readonly ipv6: string;
  release(): Promise<void>;
}

/** The machine's own network for all. */
export const sharedNetwork: SandboxNetwork = {
  kind: "shared",
  lease: async () => ({
    resolvConf: readResolvConf(),
    setUp: "",
    ipv4: "127.0.0.1",
    ipv6: hasIpv6Loopback() ? "::1" : "127.0.0.1",
    release: async () => {},
  }),
};

function hasIpv6Loopback(): boolean {
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === "::1"),
  );
}

function readResolvConf(): string {
  try {
    return readFileSync("/etc/resolv.conf", "utf8");
  } catch {
    return "";
  }
}

/** The sockets among `rows` that belong to the sandbox, with where to reach them. */
export function listeningSockets(
  rows: readonly SocketRow[],
  inodes: ReadonlySet<string>,
  lease: Pick<NetworkLease, "ipv4" | "ipv6">,
): ListeningSocket[] {
  return rows
    .filter((row) => row.state === "listening" && inodes.has(row.inode))
    .map(({ address, port }) => {
      if (!isWildcard(address)) return { address, port };
      // A socket on `::` may take IPv6 only, which its row does not tell; one on 0.0.0.0 takes IPv4 only.
      const host = address.includes(":") ? lease.ipv6 : lease.ipv4;
      return { address, port, reachableAt: { host, port } };
    });
}
