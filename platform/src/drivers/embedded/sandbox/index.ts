export type { AbilityRow, SandboxAbilities } from "./abilities.ts";
export type {
  ListeningSocket,
  Sandbox,
  SandboxBind,
  SandboxExit,
  Sandboxes,
  SandboxLimits,
  SandboxSpec,
} from "./sandbox.ts";
