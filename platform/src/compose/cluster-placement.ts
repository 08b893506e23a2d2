import { COMMON_SPACE, repositoryName } from "../delivery/registry/index.ts";
import { RUN_USER } from "../drivers/embedded/builds/index.ts";
import { type DynoPlacement, PULL_SECRET, type SpaceFence } from "../drivers/kubernetes/dynos/index.ts";
import type { Config } from "./config.ts";

const CPU_MILLIS_PER_SHARE = 50;
const LOST_NODE_SECONDS = 5;

/** How dynos of the common space become pods. */
export function makePlacement({ namespace, registryAddress = "" }: Config): DynoPlacement {
  return {
    namespace,
    imageRef: ({ image, appId }) =>
      `${registryAddress}/${repositoryName({ space: COMMON_SPACE, name: appId })}@${image}`,
    user: { uid: RUN_USER.uid, gid: RUN_USER.gid },
    nameservers: [],
    cpuMillisPerShare: CPU_MILLIS_PER_SHARE,
    pullSecrets: [PULL_SECRET],
    lostNodeSeconds: LOST_NODE_SECONDS,
  };
}

/** Who reaches dynos of the common space, and whom they reach. */
export function makeFence(config: Config, routerRanges: readonly string[]): SpaceFence {
  const { systemNamespace, routerPort, routerTlsPort, openRanges, closedRanges } = config;
  return {
    ...{ routerRanges, systemNamespace, openRanges, closedRanges },
    routerPorts: [routerPort, routerTlsPort],
  };
}
