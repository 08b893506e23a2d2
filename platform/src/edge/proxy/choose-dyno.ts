import type { AppRoute } from "../route/index.ts";
import type { FailureCode } from "./failure.ts";

/** A dyno that requests may go to. */
export interface Candidate {
  /** Until then no request tries it: it could not be reached. On the clock of `now`. */
  readonly quarantinedUntil: number;
}

/** An app as the router sees it at one moment. */
export interface AppView<D extends Candidate> {
  /** False while nobody knows where dynos are. */
  readonly known: boolean;
  readonly up: readonly D[];
  readonly starting: number;
  readonly crashed: number;
  /** Dynos that sleep. */
  readonly idle: number;
}

/** What one request has been through. */
export interface Attempts<D> {
  /** Dynos that it could not be connected to. */
  readonly failed: ReadonlySet<D>;
  readonly lastFailure: "refused" | "timeout" | undefined;
}

export type Choice<D> =
  | { readonly kind: "send"; readonly dyno: D }
  /** For a change of the app, or until then. */
  | { readonly kind: "wait"; readonly for: "boot" | "quarantine" | "wake"; readonly until: number }
  | { readonly kind: "fail"; readonly code: FailureCode };

export interface ChoosingLimits {
  readonly connectAttempts: number;
}

/** Whether a request is taken up at all (facts: routing §2 and §5); the code when it is not. */
export function refuseAdmission(
  route: AppRoute,
  inFlight: number,
  inFlightPerDyno: number,
): FailureCode | undefined {
  if (route.maintenance) return "H80";
  if (!route.released) return "H81";
  if (route.webQuantity === 0) return "H14";
  if (inFlight >= inFlightPerDyno * route.webQuantity) return "H11";
  return undefined;
}

/**
 * Where a request goes next: to any dyno that is up, not in quarantine and not yet tried, all alike. A dyno is tried
 * once, so that an app of few dynos is given up early; an app whose dynos all are in quarantine is waited for, and so
 * is one that boots, or sleeps and is to be woken. Without a dyno that is up or starting the app has crashed; with none at all its first is about to
 * be started.
 */
export function chooseDyno<D extends Candidate>(
  app: AppView<D>,
  attempts: Attempts<D>,
  at: { readonly now: number; readonly random: () => number; readonly limits: ChoosingLimits },
): Choice<D> {
  const { failed, lastFailure } = attempts;
  if (!app.known) return bootWait;
  if (failed.size >= at.limits.connectAttempts) return connectFailure(lastFailure);
  const untried = failed.size === 0 ? app.up : app.up.filter((dyno) => !failed.has(dyno));
  if (untried.length > 0) {
    const open = untried.filter((dyno) => dyno.quarantinedUntil <= at.now);
    const chosen = open[Math.floor(at.random() * open.length)];
    if (chosen) return { kind: "send", dyno: chosen };
    const until = Math.min(...untried.map((dyno) => dyno.quarantinedUntil));
    return { kind: "wait", for: "quarantine", until };
  }
  if (app.up.length > 0) return connectFailure(lastFailure);
  if (app.starting === 0 && app.idle > 0) return { ...bootWait, for: "wake" };
  if (app.starting === 0 && app.crashed > 0) return { kind: "fail", code: "H10" };
  return bootWait;
}

const bootWait = { kind: "wait", for: "boot", until: Number.POSITIVE_INFINITY } as const;

function connectFailure(last: Attempts<unknown>["lastFailure"]) {
  return { kind: "fail", code: last === "timeout" ? "H19" : "H21" } as const;
}
