import { connect, isIPv4 } from "node:net";
import { networkInterfaces } from "node:os";
import { nameServers } from "./network-plan.ts";
import type { SandboxEngine } from "./sandbox-engine.ts";
import { startSandbox } from "./start-sandbox.ts";

const DNS_PORT = 53;
const HERE_MS = 500;
const INSIDE_SECONDS = 2;

/**
 * False when this machine reaches its resolver and a sandbox with a network of its own does not: a firewall keeps what comes from
 * there from leaving. True where it does, and where that cannot be known, as the resolver is this machine or takes no TCP.
 */
export async function hasWayOut(engine: SandboxEngine, directory: string): Promise<boolean> {
  const lease = await engine.network.lease("way-out");
  await lease.release();
  const resolver = resolverElsewhere(lease.resolvConf, ownAddresses());
  if (resolver === undefined || !(await takesConnections(resolver))) return true;
  const sandbox = await startSandbox(engine, {
    ...{ id: "way-out", directory, lowerDirs: [], binds: [], cwd: "/" },
    argv: ["timeout", String(INSIDE_SECONDS), "bash", "-c", `exec 3<>/dev/tcp/${resolver}/${DNS_PORT}`],
    env: { PATH: "/usr/bin:/bin" },
    limits: { memoryBytes: 64 * 1024 * 1024, cpuShare: 1, pids: 64 },
    ...{ network: "own", stdin: "none" },
  });
  sandbox.pipes?.stdout.resume();
  sandbox.pipes?.stderr.resume();
  const { code } = await sandbox.exited;
  await sandbox.cleanUp();
  return code === 0;
}

/** The first resolver of IPv4 that is another machine. */
export function resolverElsewhere(resolvConf: string, own: readonly string[]): string | undefined {
  return nameServers(resolvConf).find((address) => isIPv4(address) && !own.includes(address));
}

const ownAddresses = () =>
  Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? []);

function takesConnections(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(DNS_PORT, host);
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(HERE_MS, () => end(false));
    socket.once("connect", () => end(true)).once("error", () => end(false));
  });
}
