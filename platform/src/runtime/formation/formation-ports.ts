import type { Claim } from "../../kernel/index.ts";
import type { DynoSpec } from "../dyno/index.ts";
import type { DynoRecord } from "./dyno-record-store.ts";
import type { FormationStep, FormationWorld } from "./plan-formation.ts";

/** What is wanted of an app's dynos and what is seen of them, read at one time. */
export interface FormationView {
  readonly world: FormationWorld;
  /** Whether the app lets its dynos be replaced once a day. */
  readonly cycles: boolean;
  /**
   * Records the steps of a plan that was made for this view: all of them, or none when the app is gone or its dynos on record
   * are no longer those the plan was made for. Another process may have recorded its own plan meanwhile.
   */
  record(steps: readonly FormationStep[]): Promise<void>;
}

/**
 * Where an app's wanted dynos are on record. Several processes may read and write at once; what is written, and what the engine
 * gets to read, is for whoever has the claim, and throws `StaleClaim` for anybody else.
 */
export interface FormationLedger {
  /**
   * Undefined when the app is gone or has no code to run. The formation has the release's process types afterwards. The claim is
   * the one that its steps are recorded under.
   */
  view(appId: string, claim: Claim): Promise<FormationView | undefined>;
  /** Has a dyno replaced. False when its app is gone. */
  retire(dyno: { readonly appId: string; readonly id: string }, claim: Claim): Promise<boolean>;
  /** The dynos on record, the oldest first. */
  dynos(appId: string): Promise<readonly DynoRecord[]>;
  /**
   * The same dynos as the engine is to have them. Whoever takes the claim reads what is newer: what the engine gets under a later
   * claim is never older than what it has.
   */
  specs(appId: string, claim: Claim): Promise<readonly DynoSpec[]>;
}
