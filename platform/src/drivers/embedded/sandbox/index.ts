export { removeTree } from "../../files/trees/index.ts";
export type { AbilityRow, SandboxAbilities } from "./abilities.ts";
export { DYNO_HOME } from "./host-base.ts";
export { openSandboxes } from "./open-sandboxes.ts";
export { findOrphanedTables } from "./own-network.ts";
export type {
  EnteredProgram,
  EnteringProgram,
  ListeningSocket,
  Sandbox,
  SandboxBind,
  Sandboxes,
  SandboxLimits,
  SandboxSpec,
} from "./sandbox.ts";
export { readListening } from "./socket-table.ts";
