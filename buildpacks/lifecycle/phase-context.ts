import type { PhaseInputs } from "./phase-inputs.ts";
import type { PhaseLog } from "./phase-log.ts";

/** What every phase is given. */
export interface PhaseContext {
  readonly inputs: PhaseInputs;
  readonly log: PhaseLog;
}
