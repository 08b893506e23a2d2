import { homedir } from "node:os";
import { join } from "node:path";
import {
  type KubeClient,
  makeKubeClient,
  openKubeAccess,
  readKubeConfig,
} from "@conifer/platform/kubernetes-client";
import { CliError } from "../cli-error.ts";

/** Which cluster is meant. */
export interface ClusterChoice {
  /** Default: KUBECONFIG, else `~/.kube/config`. */
  readonly kubeconfig?: string | undefined;
  /** Default: the file's current one. */
  readonly context?: string | undefined;
}

/** Opens the cluster's API; asks it nothing yet. @throws CliError `usage` that says what is wrong with the file */
export async function openCluster(choice: ClusterChoice, env: NodeJS.ProcessEnv): Promise<KubeClient> {
  const files = choice.kubeconfig ?? (env.KUBECONFIG || join(homedir(), ".kube", "config"));
  const inside = !choice.kubeconfig && !choice.context && !env.KUBECONFIG && env.KUBERNETES_SERVICE_HOST;
  try {
    return makeKubeClient(await (inside ? openKubeAccess(undefined) : readKubeConfig(files, choice.context)));
  } catch (thrown) {
    const said = thrown instanceof Error ? thrown.message : String(thrown);
    throw new CliError("usage", `${said}. Name the cluster with --kubeconfig or KUBECONFIG, and --context.`, {
      cause: thrown,
    });
  }
}
