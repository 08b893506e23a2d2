import { callPeer } from "@conifer/platform/peers";
import { CliError } from "../cli-error.ts";
import { readSecrets } from "../cluster/keep-secrets.ts";
import { openCluster } from "../cluster/open-cluster.ts";
import { tellOnError } from "../cluster/tell-steps.ts";
import { INNER_NAME } from "../installation/installation-keys.ts";
import { PORT } from "../installation/role-table.ts";
import { forwardPort } from "./forward-port.ts";
import { openRole } from "./open-role.ts";

/** Calls one of the routes that an installation's API has for its operator. */
export type CallOperator = (route: string, body?: unknown) => Promise<unknown>;

/** Reaches an installation's API as its operator while the work is done. Throws when there is no installation. */
export async function withOperatorCall(
  options: Parameters<typeof openCluster>[0] & { readonly namespace: string },
  work: (call: CallOperator) => Promise<void>,
): Promise<void> {
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
      await work((route, body) => callPeer(peer, route, { body }));
    } finally {
      await port.stop();
    }
  } finally {
    await client.close();
  }
}
