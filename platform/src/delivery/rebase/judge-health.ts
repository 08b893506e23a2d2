/** A dyno of an app's current release. */
export interface DynoSight {
  /** `web.1` */
  readonly name: string;
  /** `up` only when it does what it is there for: a web dyno takes requests. */
  readonly state: "starting" | "up" | "crashed";
  /** Of a crashed one: what happened, as a clause. */
  readonly why?: string;
  /** When it came into the state. */
  readonly since: Date;
}

/** What is seen of an app. */
export interface AppSight {
  /** How many dynos the app is scaled to. */
  readonly wanted: number;
  readonly dynos: readonly DynoSight[];
}

/** How an app was before it was rebased; `unsure` while dynos are just starting. */
export type HealthBefore = "well" | "unwell" | "unsure";

export function judgeBefore({ wanted, dynos }: AppSight): HealthBefore {
  if (dynos.some(({ state }) => state === "crashed")) return "unwell";
  return dynos.filter(({ state }) => state === "up").length >= wanted ? "well" : "unsure";
}

export type HealthAfter =
  | { readonly kind: "well" }
  /** Too early to tell; look again in `ms` at the latest. */
  | { readonly kind: "unsure"; readonly ms: number }
  | { readonly kind: "failed"; readonly why: string };

export interface AfterOptions {
  readonly now: Date;
  /** When the new release became current. */
  readonly releasedAt: Date;
  readonly settleMs: number;
}

/** The longest boot and some time around it, and what each dyno adds where they are replaced one at a time. */
const TO_BE_UP_MS = 120_000;
const EACH_DYNO_MS = 60_000;
const LOOK_MS = 1_000;
/** Once all are up: what happens to a dyno hints, so this is for what was missed. */
const SETTLING_LOOK_MS = 5_000;

/**
 * How the dynos of a new release fare: well when all that are wanted have been up for `settleMs`, failed when one has
 * crashed, or when that does not come about in the time that a whole replacement takes. One that crashes and comes back
 * between two looks begins its time anew, so it is found out by the end.
 */
export function judgeAfter({ wanted, dynos }: AppSight, options: AfterOptions): HealthAfter {
  const { now, releasedAt, settleMs } = options;
  const crashed = dynos.find(({ state }) => state === "crashed");
  if (crashed) return { kind: "failed", why: `${crashed.name} ${crashed.why ?? "crashed"}` };
  const up = dynos.filter(({ state }) => state === "up");
  const youngest = Math.max(releasedAt.getTime(), ...up.map(({ since }) => since.getTime()));
  const left = youngest + settleMs - now.getTime();
  if (up.length >= wanted && left <= 0) return { kind: "well" };
  const deadline = releasedAt.getTime() + TO_BE_UP_MS + EACH_DYNO_MS * wanted + settleMs;
  if (now.getTime() < deadline)
    return { kind: "unsure", ms: up.length >= wanted ? Math.min(left, SETTLING_LOOK_MS) : LOOK_MS };
  const state =
    up.length >= wanted
      ? "did not stay up"
      : `of ${wanted} dynos ${up.length === 1 ? "1 is" : `${up.length} are`} up`;
  return { kind: "failed", why: `${state} in ${Math.round((deadline - releasedAt.getTime()) / 1000)} s` };
}
