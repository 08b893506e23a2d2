import { findAppForUpdate } from "../../apps/app/index.ts";
import type { Claim, Db } from "../../kernel/index.ts";
import { makeDynoSpec } from "../dyno/index.ts";
import {
  deleteDynoRecords,
  insertDynoRecord,
  listDynoRecords,
  listDynoSpecs,
  updateDynoRecord,
} from "./dyno-record-store.ts";
import type { FormationLedger } from "./formation-ports.ts";
import { type GatherDependencies, type GatheredFormation, gatherFormation } from "./gather-formation.ts";
import type { FormationStep, RecordedDyno } from "./plan-formation.ts";

/** The record in the database. */
export function makeFormationLedger(deps: GatherDependencies): FormationLedger {
  const { db, clock, masterKey, holdClaim } = deps;
  return {
    view: async (appId, claim) => {
      const gathered = await gatherFormation(appId, deps);
      return gathered && { ...gathered, record: (steps) => record(appId, steps, { gathered, claim, deps }) };
    },
    retire: async ({ appId, id }, claim) =>
      await db.transaction().execute(async (trx) => {
        if (!(await findAppForUpdate(trx, appId))) return false;
        await holdClaim(trx, claim);
        await updateDynoRecord(trx, id, { retiring: true }, clock());
        return true;
      }),
    dynos: (appId) => listDynoRecords(db, appId),
    specs: async (appId, claim) =>
      await db.transaction().execute(async (trx) => {
        await holdClaim(trx, claim);
        return await listDynoSpecs(trx, appId, masterKey);
      }),
  };
}

interface Recording {
  readonly gathered: GatheredFormation;
  readonly claim: Claim;
  readonly deps: GatherDependencies;
}

async function record(appId: string, steps: readonly FormationStep[], recording: Recording): Promise<void> {
  const { deps, claim } = recording;
  await deps.db.transaction().execute(async (trx) => {
    if (!(await findAppForUpdate(trx, appId))) return;
    await deps.holdClaim(trx, claim);
    if (!isStillSeen(recording.gathered.world.dynos, await listDynoRecords(trx, appId))) return;
    for (const step of steps) await take(trx, step, recording);
  });
}

/** Whether the dynos on record are those that a plan was made for: the same ones, and nothing of them has changed. */
export function isStillSeen(seen: readonly RecordedDyno[], now: readonly RecordedDyno[]): boolean {
  const text = (dynos: readonly RecordedDyno[]) => dynos.map(textOf).sort().join();
  return seen.length === now.length && text(seen) === text(now);
}

/** All that a plan depends on, and that is written after a dyno is on record. */
function textOf({ id, duty, index, releaseId, retiring, warmUntil }: RecordedDyno): string {
  return [id, duty, index, releaseId, retiring, warmUntil?.getTime()].join("/");
}

async function take(trx: Db, step: FormationStep, { gathered, deps }: Recording): Promise<void> {
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
