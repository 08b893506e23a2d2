import {
  type Claim,
  type Clock,
  done,
  type LogSink,
  type Outcome,
  StaleClaim,
  waiting,
} from "../../kernel/index.ts";
import { type DynoHost, type DynoObservation, type DynoWatch, dynoTexts as texts } from "../dyno/index.ts";
import { type CyclingPace, planCycling } from "./cycle-dynos.ts";
import { type DynoRecord, dynoMarkOf } from "./dyno-record-store.ts";
import type { FormationLedger, FormationView } from "./formation-ports.ts";
import { planFormation } from "./plan-formation.ts";

export interface FormationReconcilerDependencies {
  readonly ledger: FormationLedger;
  readonly host: Pick<DynoHost, "apply">;
  readonly watch: Pick<DynoWatch, "session" | "dynosOf">;
  readonly clock: Clock;
  readonly logs: LogSink;
  /** The claim on an app's dynos; undefined while another process holds it. */
  readonly claim: (appId: string) => Promise<Claim | undefined>;
  /** What was last handed to the engine, by app, under which claim, and in which of its sessions. Empty when a process starts. */
  readonly applied: Map<string, string>;
  /** Told with each round that gets so far what the dynos on record are that the engine has, as their mark. */
  readonly handed?: (dynos: string) => void;
  /** Dynos are replaced once a day, at this pace. Missing: they never are. */
  readonly cycling?: CyclingPace;
}

/** How often it is seen whether there is more memory now. */
const MEMORY_LOOK_MS = 30_000;

/**
 * Makes an app's dynos what its current release and formation want: gather, decide, act, until nothing is left to do.
 * What is decided is recorded in one transaction, then handed to the engine whole: killed in between, the next call
 * hands it over.
 */
export async function reconcileFormation(
  appId: string,
  deps: FormationReconcilerDependencies,
): Promise<Outcome> {
  if (deps.watch.session() === 0) return waiting("host-away", "The dyno host is not there yet.", 250);
  const claim = await deps.claim(appId);
  if (!claim) return claimed;
  try {
    return await reconcileUnder(claim, appId, deps);
  } catch (thrown) {
    if (thrown instanceof StaleClaim) return claimed;
    throw thrown;
  }
}

const claimed = waiting("claimed", "Another process looks after this app's dynos.", 5_000);

async function reconcileUnder(
  claim: Claim,
  appId: string,
  deps: FormationReconcilerDependencies,
): Promise<Outcome> {
  for (;;) {
    const view = await deps.ledger.view(appId, claim);
    if (!view) {
      await hand(appId, claim, deps);
      return done;
    }
    const cycling = await cycle({ appId, claim, view }, deps);
    if (cycling === "begun") continue;
    const plan = planFormation(view.world);
    if (plan.steps.length > 0) await view.record(plan.steps);
    if (plan.limitedTo !== undefined) sayLimited(appId, plan.limitedTo, deps);
    await hand(appId, claim, deps);
    if (plan.steps.length > 0) continue;
    if (!plan.lookAt && plan.limitedTo !== undefined)
      return waiting("memory", "More dynos are started when there is memory.", MEMORY_LOOK_MS);
    return untilTime(plan.lookAt, cycling, deps.clock());
  }
}

function untilTime(warmUntil: Date | undefined, cycleAt: Date | undefined, now: Date): Outcome {
  const msTo = (time: Date) => Math.max(time.getTime() - now.getTime(), 100);
  if (warmUntil && (!cycleAt || warmUntil <= cycleAt))
    return waiting("warm", "The warm dynos' time ends.", msTo(warmUntil));
  return cycleAt ? waiting("cycling", "A dyno is replaced once a day.", msTo(cycleAt)) : done;
}

interface Cycled {
  readonly appId: string;
  readonly claim: Claim;
  readonly view: FormationView;
}

/** Has the dyno replaced that is old enough; otherwise tells when to look again. */
async function cycle(
  { appId, claim, view: { cycles, world } }: Cycled,
  { cycling, ledger, clock, logs }: FormationReconcilerDependencies,
): Promise<"begun" | Date | undefined> {
  if (!cycling || !cycles) return undefined;
  const now = clock();
  const { due, lookAt } = planCycling(await ledger.dynos(appId), world.observed, now);
  if (!due) return lookAt;
  const later = cycling(now);
  if (later) return later;
  if (!(await ledger.retire({ appId, id: due.id }, claim))) return undefined;
  logs.write({
    appId,
    time: now,
    source: "heroku",
    process: `${due.type}.${due.index}`,
    message: texts.cycling,
  });
  return "begun";
}

function sayLimited(appId: string, dynos: number, { logs, clock }: FormationReconcilerDependencies): void {
  const many = dynos === 1 ? "one" : String(dynos);
  const message = `Not enough free memory to start all new web dynos beside the old ones; replacing ${many} at a time`;
  logs.write({ appId, time: clock(), source: "heroku", process: "web", message });
}

/**
 * Hands the engine the app's dynos, unless it already has just these. When the claim was taken anew since, they are handed over
 * again only if the engine shows others: a claimant that changes nothing need not be known to it.
 */
async function hand(appId: string, claim: Claim, deps: FormationReconcilerDependencies): Promise<void> {
  const records = await deps.ledger.dynos(appId);
  const seen = deps.watch.dynosOf(appId);
  const mark = JSON.stringify([
    deps.watch.session(),
    records.map(({ id, duty, releaseVersion, type, index }) => [id, duty, releaseVersion, type, index]),
  ]);
  const last = deps.applied.get(appId);
  const isThere =
    last === `${claim.number} ${mark}` || (last?.endsWith(` ${mark}`) && showsJust(seen, records));
  const isNothing = records.length === 0 && seen.length === 0 && last === undefined;
  if (!isThere && !isNothing) {
    const dynos = await deps.ledger.specs(appId, claim);
    await deps.host.apply({ appId, dynos }, claim);
    if (dynos.length > 0) deps.applied.set(appId, `${claim.number} ${mark}`);
    else deps.applied.delete(appId);
  }
  deps.handed?.(dynoMarkOf(records));
}

function showsJust(seen: readonly DynoObservation[], records: readonly DynoRecord[]): boolean {
  const text = (id: string, name: string, duty: string, version: number) =>
    [id, name, duty, version].join("/");
  const has = new Set(seen.map(({ id, name, duty, releaseVersion }) => text(id, name, duty, releaseVersion)));
  return (
    seen.length === records.length &&
    records.every(({ id, type, index, duty, releaseVersion }) =>
      has.has(text(id, `${type}.${index}`, duty, releaseVersion)),
    )
  );
}
