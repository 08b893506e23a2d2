import type { DynoSpec } from "../../../runtime/dyno/index.ts";
import type { DynoMachine } from "./dyno-machine.ts";

/** What makes an app's dynos those that are wanted. */
export interface ApplyPlan {
  readonly start: readonly DynoSpec[];
  /** Known ones whose duty, name or release is another now. */
  readonly change: readonly DynoSpec[];
  /** Ids of those no longer wanted. */
  readonly stop: readonly string[];
}

/** Compares an app's wanted dynos with those the host has. One-off dynos are not the formation's. */
export function planApply(wanted: readonly DynoSpec[], present: readonly DynoMachine[]): ApplyPlan {
  const formation = present.filter(({ oneOff }) => !oneOff);
  const known = new Map(formation.map((machine) => [machine.spec.id, machine]));
  const ids = new Set(wanted.map(({ id }) => id));
  return {
    start: wanted.filter(({ id }) => !known.has(id)),
    change: wanted.filter((spec) => differs(known.get(spec.id), spec)),
    stop: formation
      .filter(({ spec, phase }) => !ids.has(spec.id) && !isLeaving(phase))
      .map(({ spec }) => spec.id),
  };
}

function differs(machine: DynoMachine | undefined, wanted: DynoSpec): boolean {
  if (!machine) return false;
  const { spec, phase } = machine;
  return (
    isLeaving(phase) ||
    spec.duty !== wanted.duty ||
    spec.name !== wanted.name ||
    spec.releaseId !== wanted.releaseId ||
    spec.releaseVersion !== wanted.releaseVersion
  );
}

function isLeaving(phase: DynoMachine["phase"]): boolean {
  return phase.kind === "ended" || (phase.kind === "stopping" && phase.goal === "end");
}
