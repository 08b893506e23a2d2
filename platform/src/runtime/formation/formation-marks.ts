import { listAllApps, listFeatureChanges } from "../../apps/app/index.ts";
import { listAppsWithCode } from "../../delivery/release/index.ts";
import type { Db } from "../../kernel/index.ts";
import type { DynoWatch } from "../dyno/index.ts";
import { listDynoMarks, NO_DYNOS } from "./dyno-record-store.ts";
import { listTypeMarks } from "./formation-store.ts";
import type { AppMark, AppMarks } from "./settled-apps.ts";

export interface MarksDependencies {
  readonly db: Db;
  readonly watch: Pick<DynoWatch, "session" | "appIds">;
}

/**
 * Of each app that may have something to run, or does: all that is recorded and that decides on its dynos, as texts that
 * change when any of it does. One question for each table, however many apps there are. An app that is gone and still has
 * dynos has another mark each time.
 */
export async function listFormationMarks({ db, watch }: MarksDependencies): Promise<AppMarks> {
  const session = watch.session();
  const releases = await listAppsWithCode(db);
  const dynos = await listDynoMarks(db);
  const types = await listTypeMarks(db);
  const features = await listFeatureChanges(db);
  const apps = new Map((await listAllApps(db)).map(({ id, updatedAt }) => [id, updatedAt.getTime()]));
  const appIds = new Set([...releases.keys(), ...dynos.keys(), ...watch.appIds()]);
  const markOf = (appId: string): AppMark => ({
    wishes: [session, apps, releases, types, features]
      .map((part) => (typeof part === "number" ? part : (part.get(appId) ?? "-")))
      .join("/"),
    dynos: dynos.get(appId) ?? NO_DYNOS,
  });
  const marks = [...appIds].map((appId) => [appId, apps.has(appId) ? markOf(appId) : nextMark()] as const);
  return new Map(marks);
}

function nextMark(): AppMark {
  return { wishes: `gone ${performance.now()}`, dynos: NO_DYNOS };
}
