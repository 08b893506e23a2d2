import { type Actor, type AppendEvent, type Clock, type Db, invalidParams } from "../../kernel/index.ts";
import { deleteDynoRecords, listDynoRecords, updateDynoRecord } from "./dyno-record-store.ts";
import {
  type FormationType,
  type FormationUpdate,
  noSuchType,
  quantityAfter,
  requireDynoSize,
} from "./formation.ts";
import { listFormation, listFormationForUpdate, updateFormationType } from "./formation-store.ts";

export interface FormationDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly appendEvent: AppendEvent;
}

interface Change {
  readonly appId: string;
  readonly actor: Actor;
}

/** Changes quantities and sizes, all of them or none. Returns the types that were named. */
export async function changeFormation(
  { appId, actor, updates }: Change & { readonly updates: readonly FormationUpdate[] },
  deps: FormationDependencies,
): Promise<readonly FormationType[]> {
  if (updates.length === 0) throw invalidParams("updates names no process type.");
  return await deps.db.transaction().execute(async (trx) => {
    const before = await listFormationForUpdate(trx, appId);
    const scaled: { type: string; quantity: number; size: string }[] = [];
    for (const update of updates) {
      const row = before.find(({ type }) => type === update.type);
      if (!row)
        throw noSuchType(
          update.type,
          before.map(({ type }) => type),
        );
      const quantity =
        update.quantity === null || update.quantity === undefined
          ? row.quantity
          : quantityAfter(row.quantity, update.quantity);
      const size = update.size ? requireDynoSize(update.size).name : row.size;
      await updateFormationType(trx, row.id, { quantity, size, now: deps.clock() });
      scaled.push({ type: row.type, quantity, size });
    }
    await deps.appendEvent(trx, { kind: "formation.changed", appId, actor, data: { scaled } });
    const named = new Set(scaled.map(({ type }) => type));
    return (await listFormation(trx, appId)).filter(({ type }) => named.has(type));
  });
}

export interface DynoSelection {
  /** One dyno, all of a process type, or every one. */
  readonly dynoId?: string;
  readonly type?: string;
}

/**
 * Replaces formation dynos by new ones of the same release: web dynos serve until their successor is up, others stop
 * first. Returns how many.
 */
export async function restartDynos(
  { appId, actor, dynoId, type }: Change & DynoSelection,
  deps: FormationDependencies,
): Promise<number> {
  return await deps.db.transaction().execute(async (trx) => {
    const chosen = await choose(trx, appId, { dynoId, type });
    for (const dyno of chosen) await updateDynoRecord(trx, dyno.id, { retiring: true }, deps.clock());
    await deps.appendEvent(trx, {
      kind: "dynos.changed",
      appId,
      actor,
      data: { restarted: chosen.map(nameOf) },
    });
    return chosen.length;
  });
}

/** Stops formation dynos at once, old and new of the same name; the formation then starts new ones. */
export async function stopDynos(
  { appId, actor, dynoId, type }: Change & DynoSelection,
  deps: FormationDependencies,
): Promise<number> {
  return await deps.db.transaction().execute(async (trx) => {
    const chosen = await choose(trx, appId, { dynoId, type });
    await deleteDynoRecords(
      trx,
      chosen.map(({ id }) => id),
    );
    await deps.appendEvent(trx, {
      kind: "dynos.changed",
      appId,
      actor,
      data: { stopped: chosen.map(nameOf) },
    });
    return chosen.length;
  });
}

async function choose(trx: Db, appId: string, { dynoId, type }: DynoSelection) {
  const all = await listDynoRecords(trx, appId);
  return all.filter((dyno) => {
    if (dyno.duty === "warm") return false;
    return (dynoId === undefined || dyno.id === dynoId) && (type === undefined || dyno.type === type);
  });
}

function nameOf({ type, index }: { readonly type: string; readonly index: number }): string {
  return `${type}.${index}`;
}
