import type { Tell } from "../../cli/src/cluster/tell-steps.ts";
import { provideVolumes } from "./local-volumes.ts";
import { simulateNodes } from "./simulate-nodes.ts";
import type { Rise } from "./start-members.ts";

/** Gives a cluster that runs what its users find in it beside nodes and names. */
export async function furnishCluster(rise: Rise, tell: Tell): Promise<void> {
  await provideVolumes(rise, tell);
  const { simulated } = rise.plan;
  if (simulated) await simulateNodes(rise, simulated, tell);
}
