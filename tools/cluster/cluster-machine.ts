import { readFile } from "node:fs/promises";
import { totalmem } from "node:os";
import { runProgram } from "./run-program.ts";

/** What of this machine decides how its clusters are set. */
export interface MachineFacts {
  /** Bytes of memory. */
  readonly memory: number;
  /** Bytes of the largest packet that fits on the way out, so that none of the pods' is too large for it. */
  readonly mtu: number;
  /** Name servers that pods can ask where there is a way out. */
  readonly nameServers: readonly string[];
}

const ORDINARY_MTU = 1500;

export async function readMachine(): Promise<MachineFacts> {
  return { memory: totalmem(), mtu: await outwardMtu(), nameServers: await hostNameServers() };
}

async function outwardMtu(): Promise<number> {
  const routes = JSON.parse(
    (await runProgram("ip", ["-json", "-4", "route", "show", "default"])) || "[]",
  ) as {
    dev?: string;
  }[];
  const device = routes[0]?.dev;
  if (device === undefined) return ORDINARY_MTU;
  const mtu = Number(await readFile(`/sys/class/net/${device}/mtu`, "utf8"));
  return Math.min(mtu, ORDINARY_MTU);
}

/** The name servers that can be asked from a pod: one on the host's loopback cannot. */
export function usableNameServers(resolvConf: string): string[] {
  return [...resolvConf.matchAll(/^\s*nameserver\s+(\S+)/gm)]
    .map(([, address]) => address ?? "")
    .filter((address) => !/^(?:127\.|::1$|0\.0\.0\.0$|fe80:)/.test(address) && !address.includes(":"));
}

/** The host's name servers; where a resolver on loopback stands before them, those that it asks. */
async function hostNameServers(): Promise<string[]> {
  for (const file of ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"]) {
    const found = usableNameServers(await readFile(file, "utf8").catch(() => ""));
    if (found.length > 0) return found;
  }
  return [];
}
