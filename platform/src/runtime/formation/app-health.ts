import type { AppHealth, AppSight, DynoSight } from "../../delivery/rebase/index.ts";
import { findCurrentRelease } from "../../delivery/release/index.ts";
import { assertNever, type Db } from "../../kernel/index.ts";
import type { CrashReason, DynoObservation, DynoWatch } from "../dyno/index.ts";
import { type DynoRecord, listDynoRecords } from "./dyno-record-store.ts";
import { listFormation } from "./formation-store.ts";

export interface AppHealthDependencies {
  readonly db: Db;
  readonly watch: Pick<DynoWatch, "session" | "find">;
}

/** What apps' dynos do, by the record and what is seen of the engine. */
export function makeAppHealth({ db, watch }: AppHealthDependencies): AppHealth {
  return {
    async look(appId): Promise<AppSight | undefined> {
      if (watch.session() === 0) return undefined;
      const release = await findCurrentRelease(db, appId);
      const declared = new Set(release?.imageInfo?.processes.map(({ type }) => type));
      const formation = (await listFormation(db, appId)).filter(({ type }) => declared.has(type));
      const records = (await listDynoRecords(db, appId)).filter(
        ({ releaseId, duty }) => releaseId === release?.id && duty !== "warm",
      );
      return {
        wanted: formation.reduce((sum, { quantity }) => sum + quantity, 0),
        dynos: records.map((record) => sightOf(record, watch.find(record.id))),
      };
    },
  };
}

/** A web dyno that stands by is not up yet: it takes no requests. */
export function sightOf(
  record: Pick<DynoRecord, "type" | "index" | "duty" | "updatedAt">,
  seen: Pick<DynoObservation, "state" | "since"> | undefined,
): DynoSight {
  const name = `${record.type}.${record.index}`;
  const since = seen ? new Date(seen.since) : record.updatedAt;
  const state = seen?.state;
  if (state?.kind === "crashed")
    return { name, state: "crashed", why: crashText(state.reason, state.exitCode), since };
  // One that sleeps is as it should be.
  const isUp = (state?.kind === "up" || state?.kind === "idle") && record.duty !== "stand-by";
  return { name, state: isUp ? "up" : "starting", since };
}

function crashText(reason: CrashReason, exitCode: number | undefined): string {
  switch (reason) {
    case "exit":
      return `ended with status ${exitCode ?? "unknown"} (H10)`;
    case "boot-timeout":
      return "did not listen on $PORT in time (R10)";
    case "memory":
      return "used more memory than it may (R15)";
    case "disk":
      return "wrote more to its disk than it may";
    case "room":
      return "has no room on this machine";
    case "image":
      return "could not be started: its image cannot be used";
    case "platform":
      return "could not be started by Conifer (R99)";
    default:
      return assertNever(reason);
  }
}
