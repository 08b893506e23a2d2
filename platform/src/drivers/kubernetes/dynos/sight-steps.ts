import type { DynoSight } from "./dyno-sight.ts";
import { currentRun, type PodRun, type RunExit } from "./pod-run.ts";

/**
 * The way from what was known to what is: where a process ended and another began since, the end is a step of its own,
 * so that nobody misses a crash that was over quickly.
 */
export function stepsTo(before: DynoSight | undefined, after: DynoSight): DynoSight[] {
  const ends = newestExit(after.runs);
  const lastExit = ends ?? before?.lastExit;
  const whole = lastExit ? { ...after, lastExit } : after;
  const current = currentRun(after.runs);
  const previous = current?.previous;
  if (!before || !current || !previous || current.leavingSince !== undefined) return [whole];
  const known = before.lastExit?.key === previous.key || !before.runs.some(({ uid }) => uid === current.uid);
  if (known || current.phase.kind === "exited") return [whole];
  const crashed: PodRun = {
    ...current,
    run: current.run - 1,
    phase: { kind: "exited", exit: previous, backOffMs: 0 },
  };
  const runs = after.runs.map((run) => (run === current ? crashed : run));
  return [
    { ...after, runs, lastExit: previous },
    { ...whole, lastExit: previous },
  ];
}

/** The latest end that the dyno's pods tell of. */
function newestExit(runs: readonly PodRun[]): RunExit | undefined {
  const exits = runs.flatMap(({ phase, previous }) => [
    ...(phase.kind === "exited" ? [phase.exit] : []),
    ...(previous ? [previous] : []),
  ]);
  return exits.sort((a, b) => (b.finishedAt ?? 0) - (a.finishedAt ?? 0))[0];
}
