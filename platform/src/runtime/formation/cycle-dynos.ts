import type { DynoState } from "../dyno/index.ts";
import type { DynoRecord } from "./dyno-record-store.ts";

/** Heroku replaces a dyno after a day and up to 216 minutes, which differ from dyno to dyno (facts: runtime §6). */
const DAY_MS = 24 * 3_600_000;
const LONGEST_JITTER_MS = 216 * 60_000;
/** Between two dynos that are due, of whatever app: a machine on which all are due does not start all of them at once. */
const PACE_MS = 10_000;
/** A time that is further away is not waited for: the app is looked at before. */
const SOON_MS = 3_600_000;

/** When a dyno is replaced by age. What starts a new one (a release, a restart, a resize) begins its time anew. */
export function cycleAt({ id, createdAt }: Pick<DynoRecord, "id" | "createdAt">): Date {
  const share = Number.parseInt(id.replaceAll("-", "").slice(-8), 16) / 0xffff_ffff;
  return new Date(createdAt.getTime() + DAY_MS + Math.round(share * LONGEST_JITTER_MS));
}

export type CyclingRecord = Pick<DynoRecord, "id" | "type" | "index" | "duty" | "retiring" | "createdAt">;

export interface CyclingPlan {
  /** To be replaced now. */
  readonly due?: CyclingRecord;
  /** When to look again, when that is soon. */
  readonly lookAt?: Date;
}

/**
 * Which of an app's dynos is replaced by age: one at a time, and none while another is being replaced. One that sleeps or has
 * crashed is left alone, since its next start is a new one.
 */
export function planCycling(
  dynos: readonly CyclingRecord[],
  observed: ReadonlyMap<string, DynoState>,
  now: Date,
): CyclingPlan {
  const isSwitching = dynos.some(({ retiring, duty }) => retiring || duty === "stand-by");
  const times = dynos
    .filter(({ id, duty }) => duty !== "warm" && observed.get(id)?.kind === "up")
    .map((dyno) => ({ dyno, at: cycleAt(dyno) }))
    .sort((a, b) => a.at.getTime() - b.at.getTime());
  const [first] = times;
  if (!first || isSwitching) return {};
  if (first.at <= now) return { due: first.dyno };
  return first.at.getTime() - now.getTime() < SOON_MS ? { lookAt: first.at } : {};
}

/** Lets dynos be replaced by age one after the other; undefined when this one may be, else when to ask again. */
export type CyclingPace = (now: Date) => Date | undefined;

export function makeCyclingPace(): CyclingPace {
  let free = Number.NEGATIVE_INFINITY;
  return (now) => {
    // A clock that was set back must not hold everything up.
    if (now.getTime() < free && free - now.getTime() <= PACE_MS) return new Date(free);
    free = now.getTime() + PACE_MS;
    return undefined;
  };
}
