import { type KubeClient, makeKubeClient, openKubeAccess } from "../drivers/kubernetes/client/index.ts";
import {
  type DynoDuty,
  type KubernetesDynoHost,
  startKubernetesDynoHost,
} from "../drivers/kubernetes/dynos/index.ts";
import { type Logger, type LogSink, systemClock } from "../kernel/index.ts";
import { makeFence, makePlacement } from "./cluster-placement.ts";
import type { Config } from "./config.ts";

/** The API of the cluster that this process runs in, with its service account. */
export async function openOwnCluster({ kubeconfig }: Config): Promise<KubeClient> {
  return makeKubeClient(await openKubeAccess(kubeconfig));
}

export interface ClusterHostOptions {
  readonly client: KubeClient;
  readonly config: Config;
  readonly duty: DynoDuty;
  readonly logs?: LogSink;
  /** For who tells: see `KubernetesDynoHostOptions`. */
  readonly outputTold?: (runs: readonly string[], signal: AbortSignal) => Promise<unknown>;
  readonly logger: Logger;
}

/** A role's part in the care for dynos. Routers and workers are known by their labels; ranges are for those elsewhere. */
export function startClusterHost(options: ClusterHostOptions): Promise<KubernetesDynoHost> {
  const { config, ...rest } = options;
  return startKubernetesDynoHost({
    ...rest,
    placement: makePlacement(config),
    fence: makeFence(config, config.routerRanges ?? []),
    now: systemClock,
  });
}
