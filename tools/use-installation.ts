import { makeKubeClient, openKubeAccess } from "../platform/src/drivers/kubernetes/client/index.ts";
import { leadVisitors } from "./lead-visitors.ts";
import { findRouterNodes } from "./router-nodes.ts";
import { countSuites, type TestCounts } from "./vitest-run.ts";

export const JOURNEYS = ["--project", "installation"];
export const OPERATION = ["--project", "operation"];

/** What an installation's apps say that their port is; visitors come by a balancer there. */
const APPS_PORT = 8080;

interface InstallationUse {
  /** Where the installation's roles are. */
  readonly namespace: string;
  /** For vitest. */
  readonly args: readonly string[];
  /** Whether the run was interrupted. */
  readonly isOver: () => boolean;
}

/**
 * Journeys first, with a balancer as visitors' way in; then what operators do, who find the ports free that their guide
 * names. A run that is interrupted ends after the suites that the interrupt has reached.
 */
export async function useInstallation(
  environment: NodeJS.ProcessEnv,
  { namespace, args, isOver }: InstallationUse,
): Promise<readonly TestCounts[]> {
  const client = makeKubeClient(await openKubeAccess(environment.KUBECONFIG));
  const visitors = await leadVisitors(APPS_PORT, () => findRouterNodes(client, namespace));
  const visited = { ...environment, CONIFER_VISITOR: visitors.seenAs };
  const journeys = await countSuites([...JOURNEYS, ...args], { environment: visited }).finally(async () => {
    await visitors.stop();
    await client.close();
  });
  if (isOver()) return [journeys];
  return [journeys, await countSuites([...OPERATION, ...args], { environment })];
}
