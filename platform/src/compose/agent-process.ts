import { makeLogClient, makeStreamClient } from "../drivers/embedded/logs/index.ts";
import { startLogAgent } from "../drivers/kubernetes/logs/index.ts";
import { startMemoryWatch } from "../drivers/kubernetes/memory/index.ts";
import { type Logger, type Running, startParts, systemClock } from "../kernel/index.ts";
import { openOwnCluster } from "./cluster-host.ts";
import { clusterPeer } from "./cluster-peers.ts";
import type { Config } from "./config.ts";

const STOP_WITHIN_MS = 10_000;
/** Where every kubelet has containers' output written. */
const POD_LOGS = "/var/log/pods";
/** Where the agent's pod has the node's cgroups: at the usual place it has its own. */
const NODE_CGROUPS = "/node/cgroup";

/**
 * The agent role, one on each node: takes what dynos write from the node's files to the log role, and tells those that
 * use more memory than their quota.
 */
export async function startAgent(config: Config, logger: Logger): Promise<Running> {
  const { nodeName: node } = config;
  if (!node) throw new Error("NODE_NAME is not set. An agent must be told which node it is on.");
  const client = await openOwnCluster(config);
  const peer = clusterPeer("logs", config);
  const { sink } = makeLogClient({ peer, now: systemClock, logger });
  const memory = startMemoryWatch({ cgroups: NODE_CGROUPS, logs: sink, logger, now: systemClock });
  const parts = [
    { name: "the cluster", start: async () => ({ stop: () => client.close() }) },
    { name: "the log client", start: async () => sink },
    { name: "the memory watch", start: async () => memory },
    {
      name: "the reader",
      start: () =>
        startLogAgent({
          ...{ client, node, logger },
          streams: makeStreamClient(peer),
          alsoTell: memory.pods,
          namespace: config.namespace,
          podLogs: POD_LOGS,
          state: config.home.state,
          nowMs: Date.now,
        }),
    },
  ];
  return await startParts(parts, STOP_WITHIN_MS);
}
