import { makeKubeClient, openKubeAccess } from "../platform/src/drivers/kubernetes/client/index.ts";
import { makeLogger, systemClock } from "../platform/src/kernel/index.ts";
import { startPolicyEnforcer } from "./cluster/policies/enforce-policies.ts";
import { runProgram } from "./cluster/run-program.ts";

/**
 * What `up` starts in the network of each node of a development cluster: holds the pods of one node to the cluster's
 * network policies. Arguments: kubeconfig, node, bridge, network and the folder with libcni's results.
 */
async function main([kubeconfig, node, bridge, network, folder]: readonly string[]): Promise<void> {
  if (!kubeconfig || !node || !bridge || !network || !folder) throw new Error("Arguments are missing.");
  const client = makeKubeClient(await openKubeAccess(kubeconfig));
  const enforcer = await startPolicyEnforcer({
    ...{ client, node, bridge, results: { folder, network } },
    write: (rules) => runProgram("nft", ["-f", "-"], { input: rules }),
    logger: makeLogger({
      role: "policy-enforcer",
      level: "info",
      now: systemClock,
      write: (line) => process.stdout.write(line),
    }),
  });
  process.once("SIGTERM", () => {
    void enforcer.stop().then(() => client.close());
  });
}

await main(process.argv.slice(2));
