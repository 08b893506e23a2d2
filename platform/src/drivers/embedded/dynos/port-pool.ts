import { readFileSync } from "node:fs";
import { readListening } from "../sandbox/index.ts";

/** Gives out ports on the network that dynos share. */
export interface PortPool {
  /** A port that nobody listens on and no other dyno was given. */
  take(): number;
  release(port: number): void;
}

const LOWEST = 10_000;
/** Below it the kernel gives no port to outgoing connections, unless the operator changed the range. */
const HIGHEST = 32_767;

export interface PortPoolOptions {
  /** Ports on which something of this machine listens. */
  readonly taken: () => ReadonlySet<number>;
  readonly random: () => number;
  readonly lowest?: number;
  readonly highest?: number;
}

/** A pool of ports below the range of outgoing connections. Random, so that a port is not soon given to another app. */
export function makePortPool({
  taken,
  random,
  lowest = LOWEST,
  highest = HIGHEST,
}: PortPoolOptions): PortPool {
  const given = new Set<number>();
  return {
    take: () => {
      const listening = taken();
      const count = highest - lowest + 1;
      const first = Math.floor(random() * count);
      for (let n = 0; n < count; n++) {
        const port = lowest + ((first + n) % count);
        if (given.has(port) || listening.has(port)) continue;
        given.add(port);
        return port;
      }
      throw new Error(`All ports from ${lowest} to ${highest} are in use. Stop some dynos.`);
    },
    release: (port) => void given.delete(port),
  };
}

/** The highest port that is not in the kernel's range for outgoing connections. */
export function highestSafePort(
  read = () => readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8"),
): number {
  try {
    const from = Number(read().trim().split(/\s+/)[0]);
    return from > LOWEST + 1_000 ? Math.min(from - 1, HIGHEST) : HIGHEST;
  } catch {
    return HIGHEST;
  }
}

/** Ports on which something listens on this machine's own network. */
export function portsInUse(): ReadonlySet<number> {
  return new Set(readListening(process.pid).map(({ port }) => port));
}
