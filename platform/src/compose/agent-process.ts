import { makeStreamClient } from "../drivers/embedded/logs/index.ts";
import { startLogAgent } from "../drivers/kubernetes/logs/index.ts";
import { type Logger, type Running, startParts } from "../kernel/index.ts";
import { openOwnCluster } from "./cluster-host.ts";
import { clusterPeer } from "./cluster-peers.ts";
import type { Config } from "./config.ts";

const STOP_WITHIN_MS = 10_000;
/** Where every kubelet has containers' output written. */
const POD_LOGS = "/var/log/pods";

/** The agent role, one on each node: takes what dynos write from the node's files to the log role. */
export async function startAgent(config: Config, logger: Logger): Promise<Running> {
  const { nodeName: node } = config;
  if (!node) throw new Error("NODE_NAME is not set. An agent must be told which node it is on.");
  const client = await openOwnCluster(config);
  const streams = makeStreamClient(clusterPeer("logs", config));
  const parts = [
    { name: "the cluster", start: async () => ({ stop: () => client.close() }) },
    {
      name: "the reader",
      start: () =>
        startLogAgent({
          ...{ client, node, streams, logger },
          namespace: config.namespace,
          podLogs: POD_LOGS,
          state: config.home.state,
          nowMs: Date.now,
        }),
    },
  ];
  return await startParts(parts, STOP_WITHIN_MS);
}
