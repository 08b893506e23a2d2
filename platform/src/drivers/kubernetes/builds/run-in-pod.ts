import type { BuildNews, BuildResult, BuildSpec } from "../../../delivery/build/index.ts";
import { BusinessError, errorText } from "../../../kernel/index.ts";
import { RegistryRequestError } from "../../registry/client/index.ts";
import { KubeError, type Pod } from "../client/index.ts";
import { concludeBuild } from "./conclude-build.ts";
import { type Engine, findOrStart, followOne, type Signals } from "./find-or-start.ts";
import { endPod } from "./start-attempt.ts";

/** How often one call builds a build whose pod the cluster has taken away. */
const TRIES = 2;
export const BUILDS_AGAIN = "-----> The cluster has taken this build away. Building again.\n";

/** Runs one build as a pod, or joins the one there is. Returns undefined when nobody listens any more. */
export async function* runInPod(
  spec: BuildSpec,
  engine: Engine,
  signals: Signals,
): AsyncGenerator<BuildNews, BuildResult | undefined> {
  const { options } = engine;
  const bounds = { ...options.placement, timeoutSeconds: spec.timeoutSeconds };
  for (let tried = 1; ; tried += 1) {
    let pod: Pod | undefined;
    try {
      pod = yield* findOrStart(spec, bounds, engine, signals);
    } catch (thrown) {
      if (thrown instanceof BusinessError) return { kind: "failed", message: thrown.message, exitCode: 1 };
      if (!(thrown instanceof KubeError || thrown instanceof RegistryRequestError)) throw thrown;
      const message = `The build could not be started: ${errorText(thrown)}.`;
      yield { kind: "output", text: ` !     ${message}\n` };
      return { kind: "lost", message };
    }
    if (!pod) return signals.cancel.aborted ? { kind: "cancelled" } : undefined;
    if (signals.cancel.aborted) await endPod(options.client, pod, { cancelled: true });
    const end = yield* followOne(pod, bounds, engine, signals.leave);
    if (!end) return undefined;
    if (end.kind !== "taken" || tried === TRIES) return yield* concludeBuild(end, spec, pod, options);
    yield { kind: "output", text: BUILDS_AGAIN };
  }
}
