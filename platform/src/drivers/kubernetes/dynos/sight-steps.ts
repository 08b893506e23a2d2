import type { DynoSight } from "./dyno-sight.ts";
import { currentRun, type PodRun, type RunExit } from "./pod-run.ts";

/**
 * The way from what was known to what is: where a process ended and another began since, the end and the begin are
 * steps of their own, so that nobody misses a crash that was over quickly.
 */
export function stepsTo(before: DynoSight | undefined, after: DynoSight): DynoSight[] {
  const whole = { ...after, exits: mergeExits(before?.exits ?? [], exitsOf(after.runs)) };
  const current = currentRun(after.runs);
  const old = before?.runs.find(({ uid }) => uid === current?.uid);
  if (!before || !current || !old || current.leavingSince !== undefined || current.run <= old.run)
    return [whole];
  const at = (phase: PodRun["phase"], run: number, exits: readonly RunExit[]): DynoSight => ({
    ...after,
    exits,
    runs: after.runs.map((other) => (other === current ? { ...current, phase, run } : other)),
  });
  const { previous } = current;
  const unseen = previous !== undefined && !before.exits.some(({ key }) => key === previous.key);
  const seen = unseen ? mergeExits(before.exits, [previous]) : before.exits;
  return [
    ...(unseen ? [at({ kind: "exited", exit: previous, backOffMs: 0 }, current.run - 1, seen)] : []),
    ...(current.phase.kind === "waiting" ? [] : [at({ kind: "waiting" }, current.run, seen)]),
    whole,
  ];
}

/** So many ends are remembered, lest one be told twice. */
const KEPT = 8;

function mergeExits(known: readonly RunExit[], found: readonly RunExit[]): readonly RunExit[] {
  const keys = new Set(known.map(({ key }) => key));
  const fresh = found.filter(({ key }) => !keys.has(key));
  return fresh.length === 0 ? known : [...known, ...fresh].slice(-KEPT);
}

/** The ends that the dyno's pods tell of, in the order in which they came. */
function exitsOf(runs: readonly PodRun[]): RunExit[] {
  const exits = runs.flatMap(({ phase, previous }) => [
    ...(previous ? [previous] : []),
    ...(phase.kind === "exited" ? [phase.exit] : []),
  ]);
  return exits.sort((a, b) => (a.finishedAt ?? 0) - (b.finishedAt ?? 0));
}
