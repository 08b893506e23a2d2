import { COMMON_SPACE, repositoryName } from "../delivery/registry/index.ts";
import { RUN_USER } from "../drivers/embedded/builds/index.ts";
import {
  type DynoPlacement,
  type NodeClass,
  PULL_SECRET,
  type SpaceFence,
} from "../drivers/kubernetes/dynos/index.ts";
import { findDynoSize } from "../runtime/formation/index.ts";
import { type Config, SIZE_NODE } from "./config.ts";

const CPU_MILLIS_PER_SHARE = 50;
const LOST_NODE_SECONDS = 5;

/** Images are made by processes of ours, for the processor that they run on. */
const ARCHITECTURE: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** How dynos of the common space become pods. */
export function makePlacement({
  namespace,
  registryAddress = "",
  dynoDisk,
  sizeNodes,
}: Config): DynoPlacement {
  return {
    namespace,
    imageRef: ({ image, appId }) =>
      `${registryAddress}/${repositoryName({ space: COMMON_SPACE, name: appId })}@${image}`,
    user: { uid: RUN_USER.uid, gid: RUN_USER.gid },
    nameservers: [],
    cpuMillisPerShare: CPU_MILLIS_PER_SHARE,
    pullSecrets: [PULL_SECRET],
    diskBytes: dynoDisk * 2 ** 30,
    nodes: { architecture: ARCHITECTURE[process.arch], bySize: readSizeNodes(sizeNodes) },
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

/** By size, in lower case. Throws at a size that there is not; the rest was checked with the settings. */
export function readSizeNodes(given: readonly string[]): ReadonlyMap<string, NodeClass> {
  return new Map(
    given.map((text) => {
      const [, identity = "", key = "", value = ""] = SIZE_NODE.exec(text) ?? [];
      const size = findDynoSize(identity);
      if (!size) throw new Error(`CONIFER_SIZE_NODES names a dyno size "${identity}" that there is not.`);
      return [size.name.toLowerCase(), { key, value }] as const;
    }),
  );
}
