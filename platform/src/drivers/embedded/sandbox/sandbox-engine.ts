import type { Cgroups } from "./cgroups.ts";
import type { OwnRootTools } from "./own-root-tools.ts";
import type { PipeStock } from "./pipe-stock.ts";
import type { SandboxNetwork } from "./sandbox-network.ts";
import type { Machine } from "./sandbox-plan.ts";

/** What starting a sandbox needs. */
export interface SandboxEngine {
  readonly machine: Machine;
  readonly cgroups: Cgroups;
  /** For sandboxes that want a network of their own. */
  readonly network: SandboxNetwork;
  readonly pipes: PipeStock;
  /** Masters of open terminals, which every child of this process would inherit. */
  readonly terminals: Set<number>;
  /** Makes ready, once, what sandboxes with a root of their own need. */
  readonly ownRootTools: () => Promise<OwnRootTools>;
  /** Layers that were found to fit: layers never change. */
  readonly checkedLayers: Set<string>;
}
