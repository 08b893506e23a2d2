import { findAppForUpdate } from "../../apps/app/index.ts";
import {
  type Actor,
  type AppendEvent,
  type Clock,
  type Db,
  invalidParams,
  notFound,
} from "../../kernel/index.ts";
import { deleteDynoRecords, listDynoRecords, updateDynoRecord } from "./dyno-record-store.ts";
import { applyUpdates, type FormationType, type FormationUpdate } from "./formation.ts";
import { listFormation, updateFormationType } from "./formation-store.ts";

export interface FormationDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly appendEvent: AppendEvent;
}

interface Change {
  readonly appId: string;
  readonly actor: Actor;
}

/**
 * Changes quantities and sizes, all of them or none; relative changes add up, also those of several callers at once.
 * Returns the types that were named.
 */
export async function changeFormation(
  { appId, actor, updates }: Change & { readonly updates: readonly FormationUpdate[] },
  deps: FormationDependencies,
): Promise<readonly FormationType[]> {
  if (updates.length === 0) throw invalidParams("updates names no process type.");
  return await deps.db.transaction().execute(async (trx) => {
    if (!(await findAppForUpdate(trx, appId))) throw notFound("app");
    const changed = applyUpdates(await listFormation(trx, appId), updates);
    for (const row of changed) await updateFormationType(trx, row.id, { ...row, now: deps.clock() });
    const scaled = changed.map(({ type, quantity, size }) => ({ type, quantity, size }));
    await deps.appendEvent(trx, { kind: "formation.changed", appId, actor, data: { scaled } });
    const named = new Set(changed.map(({ id }) => id));
    return (await listFormation(trx, appId)).filter(({ id }) => named.has(id));
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
  { appId, actor, ...selection }: Change & DynoSelection,
  deps: FormationDependencies,
): Promise<number> {
  return await deps.db.transaction().execute(async (trx) => {
    if (!(await findAppForUpdate(trx, appId))) throw notFound("app");
    const chosen = await choose(trx, appId, selection);
    if (chosen.length === 0) return 0;
    for (const { id } of chosen) await updateDynoRecord(trx, id, { retiring: true }, deps.clock());
    const data = { restarted: chosen.map(nameOf) };
    await deps.appendEvent(trx, { kind: "dynos.changed", appId, actor, data });
    return chosen.length;
  });
}

/**
 * Stops formation dynos at once, serving or not; the formation then starts new ones. Of a process type, the old and the
 * new ones of a switch. Returns how many.
 */
export async function stopDynos(
  { appId, actor, ...selection }: Change & DynoSelection,
  deps: FormationDependencies,
): Promise<number> {
  return await deps.db.transaction().execute(async (trx) => {
    if (!(await findAppForUpdate(trx, appId))) throw notFound("app");
    const chosen = await choose(trx, appId, selection);
    if (chosen.length === 0) return 0;
    await deleteDynoRecords(
      trx,
      chosen.map(({ id }) => id),
    );
    const data = { stopped: chosen.map(nameOf) };
    await deps.appendEvent(trx, { kind: "dynos.changed", appId, actor, data });
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
