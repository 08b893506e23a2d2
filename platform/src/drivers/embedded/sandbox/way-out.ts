import { connect } from "node:net";
import { runTrial } from "./run-trial.ts";
import type { SandboxEngine } from "./sandbox-engine.ts";

const DNS_PORT = 53;
const HERE_MS = 500;
const INSIDE_SECONDS = 2;

export interface WayOutTrial {
  readonly engine: SandboxEngine;
  readonly directory: string;
  /** Another machine that answers questions for names. */
  readonly resolver: string | undefined;
}

/**
 * False when this machine reaches its resolver and a sandbox with a network of its own does not: a firewall keeps what comes from
 * there from leaving. True where it does, and where that cannot be known, as the resolver is this machine or takes no TCP.
 */
export async function hasWayOut({ engine, directory, resolver }: WayOutTrial): Promise<boolean> {
  if (resolver === undefined || !(await takesConnections(resolver))) return true;
  const line = `exec 3<>/dev/tcp/${resolver}/${DNS_PORT}`;
  const { code } = await runTrial(engine, directory, ["timeout", String(INSIDE_SECONDS), "bash", "-c", line]);
  return code === 0;
}

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
