import { type Clock, type Db, done, type Outcome, waiting } from "../../kernel/index.ts";
import type { DynoHost, DynoObservation, DynoWatch } from "../dyno/index.ts";
import { isOneOffName, type OneOff } from "./one-off.ts";
import { endOneOff, listOneOffs } from "./one-off-store.ts";

export interface OneOffReconcilerDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly watch: DynoWatch;
  readonly host: Pick<DynoHost, "stop">;
}

/** A dyno that was recorded a moment ago may not have been seen by the watch yet. */
const NEW_MS = 10_000;

/**
 * Ends the records of an app's one-off dynos that have ended, or that the engine does not know; stops those that run
 * without a record, because their app is gone or their start was taken for failed.
 */
export async function reconcileOneOffs(appId: string, deps: OneOffReconcilerDependencies): Promise<Outcome> {
  if (deps.watch.session() === 0) return waiting("host-away", "The dyno host is not there yet.", 1_000);
  // Looked at first: whatever is seen was recorded before it was started.
  const seen = deps.watch.dynosOf(appId).filter(({ name }) => isOneOffName(name));
  const recorded = await listOneOffs(deps.db, appId);
  const now = deps.clock();
  const ended = recorded.filter((dyno) => hasEnded(dyno, deps.watch.find(dyno.id), now));
  for (const { id } of ended) await endOneOff(deps.db, id, now);
  const wanted = new Set(recorded.map(({ id }) => id));
  for (const { id, state } of seen)
    if (!wanted.has(id) && state.kind !== "stopping") await deps.host.stop(id);
  const unseen = recorded.some((dyno) => !ended.includes(dyno) && !deps.watch.find(dyno.id));
  return unseen ? waiting("not-seen", "A one-off dyno has not been seen yet.", NEW_MS) : done;
}

export function hasEnded(dyno: OneOff, seen: DynoObservation | undefined, now: Date): boolean {
  if (seen) return seen.state.kind === "complete";
  return now.getTime() - dyno.updatedAt.getTime() >= NEW_MS;
}
