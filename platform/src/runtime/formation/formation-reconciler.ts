import { findAppForUpdate } from "../../apps/app/index.ts";
import { type Claim, type Db, done, type LogSink, type Outcome, waiting } from "../../kernel/index.ts";
import { type DynoHost, makeDynoSpec } from "../dyno/index.ts";
import {
  deleteDynoRecords,
  insertDynoRecord,
  listDynoRecords,
  listDynoSpecs,
  updateDynoRecord,
} from "./dyno-record-store.ts";
import { type GatherDependencies, type GatheredFormation, gatherFormation } from "./gather-formation.ts";
import { type FormationStep, planFormation } from "./plan-formation.ts";

export interface FormationReconcilerDependencies extends GatherDependencies {
  readonly host: DynoHost;
  readonly logs: LogSink;
  /** The claim on an app's dynos; undefined while another process holds it. */
  readonly claim: (appId: string) => Promise<Claim | undefined>;
  /** What was last handed to the engine, by app, and in which of its sessions. Empty when a process starts. */
  readonly applied: Map<string, string>;
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
  if (!claim) return waiting("claimed", "Another process looks after this app's dynos.", 5_000);
  for (;;) {
    const gathered = await gatherFormation(appId, deps);
    if (!gathered) {
      await hand(appId, claim, deps);
      return done;
    }
    const plan = planFormation(gathered.world);
    if (plan.steps.length > 0) {
      await deps.db.transaction().execute(async (trx) => {
        if (!(await findAppForUpdate(trx, appId))) return;
        for (const step of plan.steps) await take(trx, step, { gathered, deps });
      });
    }
    if (plan.limitedTo !== undefined) sayLimited(appId, plan.limitedTo, deps);
    await hand(appId, claim, deps);
    if (plan.steps.length > 0) continue;
    if (!plan.lookAt && plan.limitedTo !== undefined)
      return waiting("memory", "More dynos are started when there is memory.", MEMORY_LOOK_MS);
    if (!plan.lookAt) return done;
    const ms = Math.max(plan.lookAt.getTime() - deps.clock().getTime(), 100);
    return waiting("warm", "The warm dynos' time ends.", ms);
  }
}

async function take(
  trx: Db,
  step: FormationStep,
  { gathered, deps }: { gathered: GatheredFormation; deps: FormationReconcilerDependencies },
): Promise<void> {
  const now = deps.clock();
  const { release } = gathered;
  switch (step.kind) {
    case "start": {
      const { type, index, duty } = step;
      const made = gathered.makers.get(type);
      if (!made) return;
      const { ingredients, key, size } = made;
      const spec = makeDynoSpec({ ...ingredients, id: deps.newId(), name: `${type}.${index}`, duty });
      return await insertDynoRecord(trx, { spec, index, key, size, now }, deps.masterKey);
    }
    case "stop":
      return await deleteDynoRecords(trx, [step.id]);
    case "serve": {
      const change = { duty: "serve", index: step.index, warmUntil: null } as const;
      return await updateDynoRecord(
        trx,
        step.id,
        { ...change, release: { id: release.id, version: release.version } },
        now,
      );
    }
    case "keep-warm":
      return await updateDynoRecord(trx, step.id, { duty: "warm", warmUntil: step.until }, now);
  }
}

function sayLimited(appId: string, dynos: number, { logs, clock }: FormationReconcilerDependencies): void {
  const many = dynos === 1 ? "one" : String(dynos);
  const message = `Not enough free memory to start all new web dynos beside the old ones; replacing ${many} at a time`;
  logs.write({ appId, time: clock(), source: "heroku", process: "web", message });
}

/** Hands the engine the app's dynos, unless it already has just these. */
async function hand(appId: string, claim: Claim, deps: FormationReconcilerDependencies): Promise<void> {
  const records = await listDynoRecords(deps.db, appId);
  const mark = JSON.stringify([
    deps.watch.session(),
    claim.number,
    records.map(({ id, duty, releaseVersion, type, index }) => [id, duty, releaseVersion, type, index]),
  ]);
  if (deps.applied.get(appId) === mark) return;
  const unknown = deps.watch.dynosOf(appId).length === 0 && !deps.applied.has(appId);
  if (records.length === 0 && unknown) return;
  const dynos = await listDynoSpecs(deps.db, appId, deps.masterKey);
  await deps.host.apply({ appId, dynos }, claim);
  if (dynos.length > 0) deps.applied.set(appId, mark);
  else deps.applied.delete(appId);
}
