import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { errorText } from "../../../kernel/index.ts";
import {
  type AddressPlan,
  type FoundTable,
  findTables,
  firewallRules,
  isLoopback,
  linkScript,
  MOST_LINKS,
  nameServers,
  planAddresses,
  planLink,
  resolverElsewhere,
} from "./network-plan.ts";
import type { SandboxNetwork } from "./sandbox-network.ts";

/** A network of its own for each sandbox, or why there is none. */
export type OwnNetwork =
  | {
      readonly network: SandboxNetwork;
      /** Of those that sandboxes are told, the first that is another machine. */
      readonly resolver: string | undefined;
      close(): Promise<void>;
    }
  | { readonly network?: undefined; readonly hint: string };

const NO_IPV6 = "/proc/sys/net/ipv6/conf/default/disable_ipv6";
const FORWARDING = "/proc/sys/net/ipv4/ip_forward";
/** With systemd-resolved the usual file names a resolver on loopback, this one those behind it. */
const RESOLV_CONFS = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"];
const PROGRAMS = ["ip", "nft", "nsenter"];
/** These programs are often outside of what a user has on PATH. */
const SYSTEM = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };

/**
 * Prepares this machine for networks of dynos' own, from which these ports of it can be reached: a firewall table of this instance, replaced if it is there, and
 * forwarding of IPv4, which stays on: others may have come to rely on it. Interfaces come and go with the sandboxes'
 * namespaces. Only for root.
 */
export async function openOwnNetwork(home: string, ports: readonly number[]): Promise<OwnNetwork> {
  const missing = PROGRAMS.filter(
    (name) => !["/usr/sbin", "/usr/bin", "/sbin", "/bin"].some((f) => existsSync(join(f, name))),
  );
  if (missing.length > 0) {
    return {
      hint: `Install ${missing.map((name) => PACKAGES[name]).join(" and ")} and start Conifer again.`,
    };
  }
  const resolvConf = findResolvConf();
  if (!resolvConf)
    return { hint: "Name a resolver in /etc/resolv.conf that is not on this machine's loopback address." };
  const addresses = Object.values(networkInterfaces()).flatMap(
    (all) => all?.map(({ address }) => address) ?? [],
  );
  const plan = planAddresses(home, [...addresses, ...(await routedNetworks())]);
  if (!plan) return { hint: "Free one of the networks 10.128.0.0/16 to 10.223.0.0/16 for dynos." };
  try {
    await nft(firewallRules(plan, { resolvers: nameServers(resolvConf), ports }));
    if (readFileSync(FORWARDING, "utf8").trim() !== "1") writeFileSync(FORWARDING, "1");
  } catch (thrown) {
    return { hint: `Let Conifer set firewall rules: ${errorText(thrown)}` };
  }
  return {
    network: makeOwnNetwork(plan, resolvConf),
    resolver: resolverElsewhere(resolvConf, addresses),
    close: () => nft(`delete table inet ${plan.table}\n`).catch(() => {}),
  };
}

/**
 * Firewall tables of instances that were killed and whose home is gone since, so that no start of theirs will remove them.
 * None where they cannot be listed: without root, or without nft.
 */
export async function findOrphanedTables(): Promise<readonly FoundTable[]> {
  const listing = promisify(execFile)("nft", ["list", "ruleset"], { env: SYSTEM, maxBuffer: MOST_RULES });
  const { stdout } = await listing.catch(() => ({ stdout: "" }));
  return findTables(stdout).filter(({ home }) => !existsSync(home));
}

const MOST_RULES = 2 ** 26;

const PACKAGES: Readonly<Record<string, string>> = { ip: "iproute2", nft: "nftables", nsenter: "util-linux" };

function makeOwnNetwork(plan: AddressPlan, resolvConf: string): SandboxNetwork {
  const taken = new Set<number>();
  let next = 0;
  return {
    kind: "own",
    lease: async () => {
      if (taken.size >= MOST_LINKS) throw new Error(`all ${MOST_LINKS} networks for dynos are in use`);
      while (taken.has(next)) next = (next + 1) % MOST_LINKS;
      const n = next;
      // The kernel takes a while to remove an interface, so that a number is not used again soon.
      next = (next + 1) % MOST_LINKS;
      taken.add(n);
      const link = planLink(plan, n, takesIpv6());
      return {
        resolvConf,
        setUp: linkScript(link, process.pid),
        ipv4: link.dyno4,
        // What listens on all IPv6 addresses takes IPv4 as well, unless it was told otherwise.
        ipv6: link.dyno6 ?? link.dyno4,
        release: async () => void taken.delete(n),
      };
    },
  };
}

/** Whether new interfaces here may have IPv6: kernels, machines and containers can do without. */
function takesIpv6(): boolean {
  return existsSync(NO_IPV6) && readFileSync(NO_IPV6, "utf8").trim() === "0";
}

/** The first file that names resolvers, none of them on loopback. */
function findResolvConf(): string | undefined {
  return RESOLV_CONFS.filter((path) => existsSync(path))
    .map((path) => readFileSync(path, "utf8"))
    .find((text) => nameServers(text).length > 0 && !nameServers(text).some(isLoopback));
}

async function routedNetworks(): Promise<string[]> {
  const { stdout } = await promisify(execFile)("ip", ["-4", "route", "show", "table", "all"], {
    env: SYSTEM,
  });
  return stdout
    .split("\n")
    .map((line) => line.replace(/^(local|broadcast|unreachable) /, "").split(" ")[0] ?? "");
}

async function nft(rules: string): Promise<void> {
  const child = spawn("nft", ["-f", "-"], { env: SYSTEM, stdio: ["pipe", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (text) => {
    said += text;
  });
  child.stdin.end(rules);
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`nft failed: ${said.trim().split("\n")[0]}`);
}
