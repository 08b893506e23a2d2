import { assertNever, type Clock, conflict, type Db } from "../../kernel/index.ts";
import {
  countWaves,
  findOpenPass,
  findPassForUpdate,
  type PassChange,
  updatePass,
  withdrawTurns,
} from "./rebase-store.ts";
import type { RebasePass } from "./rebasing.ts";

export type PassVerb = "pause" | "resume" | "stop";

/** What a verb makes of a pass in this state; undefined when it is so already. Throws conflict when it cannot be. */
export function changeOf(verb: PassVerb, status: RebasePass["status"]): RebasePass["status"] | undefined {
  switch (verb) {
    case "pause":
      if (status === "halted")
        throw conflict("The pass does not go on by itself: it was stopped by failures.");
      return status === "paused" ? undefined : "paused";
    case "resume":
      return status === "running" ? undefined : "running";
    case "stop":
      return "stopped";
    default:
      return assertNever(verb);
  }
}

/**
 * Pauses, resumes or stops the pass that has not ended. Apps that have their new release are looked after to their end in any
 * case; those whose turn had only come wait again. Failures until now do not count once a halted pass goes on. Throws conflict
 * when there is none.
 */
export async function changePass(
  verb: PassVerb,
  { db, clock }: { readonly db: Db; readonly clock: Clock },
): Promise<RebasePass> {
  const open = await findOpenPass(db);
  if (!open) throw noneOpen();
  return await db.transaction().execute(async (trx) => {
    const pass = await findPassForUpdate(trx, open.id);
    if (!pass || pass.finishedAt) throw noneOpen();
    const status = changeOf(verb, pass.status);
    if (status === undefined) return pass;
    const now = clock();
    if (status !== "running") await withdrawTurns(trx, pass.id, now);
    const counts = await countWaves(trx, pass);
    const change: PassChange = {
      status,
      message: null,
      ...(pass.status === "halted" ? { forgiven: counts.reduce((sum, { failed }) => sum + failed, 0) } : {}),
      ...(status === "stopped" ? { finishedAt: now } : {}),
    };
    await updatePass(trx, pass.id, change, now);
    return { ...pass, ...change, updatedAt: now };
  });
}

function noneOpen() {
  return conflict("No pass is under way. Start one: rebase start.");
}
