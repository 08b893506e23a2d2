import { join } from "node:path";
import { ClusterError } from "./cluster-error.ts";

/** Where the parts of a cluster lie on disk. */
export interface ClusterFolders {
  /** Holds a folder for each version of the programs. */
  readonly cache: string;
  /** All of one cluster's data. */
  readonly state: string;
  readonly certificates: string;
  readonly kubeconfig: string;
  readonly settings: string;
}

/** What a machine's clusters must agree on; gone with a restart of the machine, as the clusters are. */
export const MACHINE_FOLDER = "/run/conifer-clusters";

/** Every node has these for itself, so nothing of the host's can be reached below them. */
const NODES_OWN = ["/run/", "/var/run/", "/var/lib/", "/var/log/", "/proc/", "/dev/"];

/**
 * @param environment `CONIFER_CLUSTER_STATE`, `XDG_CACHE_HOME` and `HOME` are read
 * @throws ClusterError `usage` where a node could not see the folder
 */
export function clusterFolders(name: string, environment: NodeJS.ProcessEnv): ClusterFolders {
  const home = environment.XDG_CACHE_HOME || join(environment.HOME || "/root", ".cache");
  const cache = join(home, "conifer", "kubernetes");
  const state = join(environment.CONIFER_CLUSTER_STATE || join(cache, "clusters"), name);
  for (const [variable, folder] of [
    ["CONIFER_CLUSTER_STATE", state],
    ["XDG_CACHE_HOME", cache],
  ] as const) {
    if (!folder.startsWith("/") || NODES_OWN.some((own) => folder.startsWith(own))) {
      throw new ClusterError(
        "usage",
        `${folder} cannot be used: the nodes have ${NODES_OWN.join(" ")} for themselves. Set ${variable} to another absolute path.`,
      );
    }
  }
  return {
    cache,
    state,
    certificates: join(state, "certificates"),
    kubeconfig: join(state, "kubeconfig"),
    settings: join(state, "settings.json"),
  };
}

/** Where one node keeps what is its own: images and containers, the kubelet's files, logs. */
export function nodeFolder({ state }: ClusterFolders, node: string): string {
  return join(state, node);
}
