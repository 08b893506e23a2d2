import { type Clock, type Db, type MasterKey, type NewId, seal } from "../../kernel/index.ts";
import { type InsideCommand, notUp } from "../dyno/index.ts";
import { encodeInside, type InsideRun } from "./inside-run.ts";
import { insertInsideRun } from "./inside-run-store.ts";
import { checkCommand, parseEnv, terminalOf } from "./one-off.ts";

export interface WantedInside {
  readonly appId: string;
  readonly dyno: { readonly id: string; readonly name: string; readonly state: string };
  readonly command: string;
  readonly noTerminal: boolean;
  readonly env?: Readonly<Record<string, unknown>> | null | undefined;
}

export interface InsideRunDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly masterKey: MasterKey;
}

/**
 * Keeps a command for a dyno until its client comes, which may reach another process than this one. Nothing runs before.
 * Throws invalid_params, and conflict when the dyno is not up.
 */
export async function recordInsideRun(
  { appId, dyno, command, noTerminal, env: given }: WantedInside,
  { db, clock, newId, masterKey }: InsideRunDependencies,
): Promise<InsideRun> {
  checkCommand(command);
  const env = parseEnv(given);
  if (dyno.state !== "up") throw notUp(dyno.name, dyno.state);
  const terminal = noTerminal ? undefined : terminalOf(env);
  const inside: InsideCommand = { line: command, env, ...(terminal ? { terminal } : {}) };
  const run: InsideRun = { id: newId(), appId, dynoId: dyno.id, dynoName: dyno.name, createdAt: clock() };
  await insertInsideRun(db, run, seal(encodeInside(inside), run.id, masterKey));
  return run;
}
