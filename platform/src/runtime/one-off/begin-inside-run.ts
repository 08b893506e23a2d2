import type { Duplex } from "node:stream";
import { type LogSink, notFound, unseal } from "../../kernel/index.ts";
import { AWAIT_CLIENT_MS, type DynoHost, dynoTexts } from "../dyno/index.ts";
import { decodeInside, type InsideRun } from "./inside-run.ts";
import { takeInsideRun } from "./inside-run-store.ts";
import type { InsideRunDependencies } from "./record-inside-run.ts";

export interface BeginInsideDependencies extends Omit<InsideRunDependencies, "newId"> {
  readonly host: Pick<DynoHost, "runInside">;
  readonly logs: LogSink;
}

/**
 * Starts a command that waited for its client, once: nobody comes a second time. Throws not_found for one that has waited
 * too long or runs already, and as the engine does when the dyno is not up any more.
 */
export async function beginInsideRun(
  { id, appId, dynoId, dynoName }: InsideRun,
  { db, clock, masterKey, host, logs }: BeginInsideDependencies,
): Promise<Duplex> {
  const now = clock();
  const sealed = await takeInsideRun(db, id, { now, since: new Date(now.getTime() - AWAIT_CLIENT_MS) });
  if (!sealed) throw notFound("dyno");
  const command = decodeInside(unseal(sealed, id, masterKey).toString("utf8"));
  const client = await host.runInside(dynoId, command);
  const message = dynoTexts.startingInside(command.line);
  logs.write({ appId, time: now, source: "heroku", process: dynoName, message });
  return client;
}
