import { type Clock, type Db, done, type Outcome, waiting } from "../../kernel/index.ts";
import { planPass } from "./plan-pass.ts";
import {
  beginTurns,
  countWaves,
  findPassForUpdate,
  listTurns,
  updatePass,
  withdrawTurns,
} from "./rebase-store.ts";
import type { RebasePass } from "./rebasing.ts";

export interface PassReconcilerDependencies {
  readonly db: Db;
  readonly clock: Clock;
  /** The turn of an app has come: a hint, the record says the same. */
  readonly begun: (appId: string) => void;
}

/** How often a pass is looked at while apps are under way; what settles an app hints as well. */
const LOOK_MS = 2_000;
/** Apps that a message names. */
const MOST_NAMED = 10;

/**
 * Goes on with a pass: lets apps have their turn, wave after wave, and stops when too many failed. Each step is one
 * transaction that holds the pass: killed anywhere, or called by two at once, no step is taken twice.
 */
export async function reconcilePass(passId: string, deps: PassReconcilerDependencies): Promise<Outcome> {
  for (;;) {
    const took = await deps.db.transaction().execute((trx) => takeStep(trx, passId, deps));
    for (const appId of took.begun) deps.begun(appId);
    if (took.next === "done") return done;
    if (took.next === "wait") return waiting("apps", "Apps of the wave are under way.", LOOK_MS);
  }
}

interface TakenStep {
  readonly next: "again" | "wait" | "done";
  readonly begun: readonly string[];
}

async function takeStep(trx: Db, passId: string, { clock }: PassReconcilerDependencies): Promise<TakenStep> {
  const pass = await findPassForUpdate(trx, passId);
  if (pass?.status !== "running") return { next: "done", begun: [] };
  const step = planPass(pass, await countWaves(trx, pass));
  const now = clock();
  switch (step.kind) {
    case "wait":
      return { next: "wait", begun: [] };
    case "begin":
      return { next: "again", begun: await beginTurns(trx, pass, step.count, now) };
    case "next-wave":
      await updatePass(trx, passId, { wave: pass.wave + 1 }, now);
      return { next: "again", begun: [] };
    case "finish":
      await updatePass(trx, passId, { status: "done", finishedAt: now }, now);
      return { next: "done", begun: [] };
    case "halt": {
      await withdrawTurns(trx, passId, now);
      await updatePass(trx, passId, { status: "halted", message: await haltText(trx, pass, step) }, now);
      return { next: "done", begun: [] };
    }
  }
}

/** Which apps, why, and what to do. */
async function haltText(
  trx: Db,
  pass: RebasePass,
  { failed, allowed }: { readonly failed: number; readonly allowed: number },
): Promise<string> {
  const turns = await listTurns(trx, pass.id, { state: "failed", most: MOST_NAMED });
  const lines = turns.map(({ app, message }) => `  ${app}: ${message ?? "failed"}`);
  const more = failed - turns.length;
  return [
    `Stopped in wave ${pass.wave + 1} of ${pass.waves}: ${failed} ${failed === 1 ? "app" : "apps"} failed on ` +
      `${pass.runImage.name} (${pass.runImage.digest}), and ${allowed} may. They are back on the release before.`,
    ...lines,
    ...(more > 0 ? [`  and ${more} more: rebase apps --state failed`] : []),
    "Look at their logs (heroku logs -a <app>). If the run image is at fault, end the pass (rebase stop), and start one " +
      "onto a build that is mended. If the apps are, go on without them: rebase resume.",
  ].join("\n");
}
