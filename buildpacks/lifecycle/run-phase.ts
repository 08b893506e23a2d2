import { analyze } from "./analyze-phase.ts";
import { requirePlatformApi } from "./api-versions.ts";
import { build } from "./build-phase.ts";
import { create } from "./create-phase.ts";
import { detect } from "./detect-phase.ts";
import { exportImage } from "./export-phase.ts";
import type { PhaseContext } from "./phase-context.ts";
import { EXIT, PhaseError } from "./phase-error.ts";
import { isPhaseName, type PhaseName, readInputs } from "./phase-inputs.ts";
import { makePhaseLog } from "./phase-log.ts";
import { rebase } from "./rebase-phase.ts";
import { restore } from "./restore-phase.ts";

const PHASES: Readonly<Record<PhaseName, (context: PhaseContext) => Promise<unknown>>> = {
  analyzer: analyze,
  detector: detect,
  restorer: (context) => restore(context, false),
  builder: build,
  exporter: (context) => exportImage(context, [], false),
  creator: create,
  rebaser: rebase,
};

export interface PhaseCall {
  readonly phase: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly out: (text: string) => void;
  readonly problems: (text: string) => void;
}

/** Runs a phase program to its end and returns its exit code. What went wrong is on `problems`. */
export async function runPhase(call: PhaseCall): Promise<number> {
  let log = makePhaseLog("info", call.out, call.problems);
  try {
    requirePlatformApi(call.env.CNB_PLATFORM_API);
    if (!isPhaseName(call.phase)) throw new PhaseError(EXIT.failed, `There is no phase "${call.phase}".`);
    const inputs = readInputs(call.phase, call.argv, call.env);
    log = makePhaseLog(inputs.text("log-level"), call.out, call.problems);
    if (inputs.flag("daemon"))
      throw new PhaseError(
        EXIT.failed,
        "This lifecycle speaks to no container engine; -daemon cannot be used.",
      );
    await PHASES[call.phase]({ inputs, log });
    return 0;
  } catch (thrown) {
    if (thrown instanceof PhaseError) {
      log.error(thrown.message);
      return thrown.exitCode;
    }
    log.error(
      `The lifecycle itself failed; this is not the app's fault.\n${(thrown as Error)?.stack ?? thrown}`,
    );
    return EXIT.failed;
  }
}
