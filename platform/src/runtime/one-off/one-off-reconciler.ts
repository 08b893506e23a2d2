import { type Clock, type Db, done, type Outcome, waiting } from "../../kernel/index.ts";
import type { DynoObservation, DynoWatch } from "../dyno/index.ts";
import type { OneOff } from "./one-off.ts";
import { endOneOff, listOneOffs } from "./one-off-store.ts";

export interface OneOffReconcilerDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly watch: DynoWatch;
}

/** A dyno that was recorded a moment ago may not have been seen by the watch yet. */
const NEW_MS = 10_000;

/** Ends the records of an app's one-off dynos that have ended, or that the engine does not know. */
export async function reconcileOneOffs(appId: string, deps: OneOffReconcilerDependencies): Promise<Outcome> {
  if (deps.watch.session() === 0) return waiting("host-away", "The dyno host is not there yet.", 1_000);
  const now = deps.clock();
  const running = await listOneOffs(deps.db, appId);
  const ended = running.filter((dyno) => hasEnded(dyno, deps.watch.find(dyno.id), now));
  for (const { id } of ended) await endOneOff(deps.db, id, now);
  const unseen = running.some((dyno) => !ended.includes(dyno) && !deps.watch.find(dyno.id));
  return unseen ? waiting("not-seen", "A one-off dyno has not been seen yet.", NEW_MS) : done;
}

export function hasEnded(dyno: OneOff, seen: DynoObservation | undefined, now: Date): boolean {
  if (seen) return seen.state.kind === "complete";
  return now.getTime() - dyno.createdAt.getTime() >= NEW_MS;
}
