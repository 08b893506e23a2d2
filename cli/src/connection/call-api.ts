import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { makeHome } from "@conifer/platform/home";
import { callPeer, PeerGone } from "@conifer/platform/peers";
import { CliError } from "../cli-error.ts";
import { readSecrets } from "../cluster/keep-secrets.ts";
import { openCluster } from "../cluster/open-cluster.ts";
import { tellOnError } from "../cluster/tell-steps.ts";
import { INNER_NAME } from "../installation/installation-keys.ts";
import { PORT } from "../installation/role-table.ts";
import { forwardPort } from "./forward-port.ts";
import { openRole } from "./open-role.ts";

/** Calls a route that an installation's API role serves to its operator. */
export type CallApi = (route: string, body?: unknown) => Promise<unknown>;

/**
 * Does work with the operator's routes of an installation's API at hand, by way of the cluster's API. @throws CliError
 * `failed` when there is no installation
 */
export async function withApi<T>(
  options: {
    readonly kubeconfig?: string | undefined;
    readonly context?: string | undefined;
    readonly namespace: string;
  },
  work: (call: CallApi) => Promise<T>,
): Promise<T> {
  const { namespace } = options;
  const client = await openCluster(options, process.env);
  try {
    const { keys } = await readSecrets(client, namespace);
    const { secret, "internal-ca.pem": ca } = keys;
    if (!secret || !ca)
      throw new CliError(
        "failed",
        `There is no installation in ${namespace}. \`conifer install\` makes one.`,
      );
    const open = openRole(client, namespace, "api");
    const what = "The API";
    const port = await forwardPort({ port: 0, what, tell: tellOnError, open: () => open(PORT.calls) });
    try {
      const peer = { host: "127.0.0.1", port: port.port, secret, ca, serverName: INNER_NAME };
      return await work((route, body) => callPeer(peer, route, { body }));
    } finally {
      await port.stop();
    }
  } finally {
    await client.close();
  }
}

/** Calls the same routes of the installation on this machine. @throws CliError `failed` while it does not run */
export function callHere(env: Readonly<Record<string, string | undefined>>): CallApi {
  const home = makeHome(env.CONIFER_HOME || join(homedir(), ".conifer"));
  return async (route, body) => {
    try {
      const peer = { socketPath: home.controlSocket, secret: readFileSync(home.secretFile, "utf8").trim() };
      return await callPeer(peer, route, { body });
    } catch (thrown) {
      const isAway = thrown instanceof PeerGone || (thrown as NodeJS.ErrnoException).code === "ENOENT";
      if (!isAway) throw thrown;
      throw new CliError("failed", `Conifer does not run in ${home.root}. Start it: npm start`, {
        cause: thrown,
      });
    }
  };
}
