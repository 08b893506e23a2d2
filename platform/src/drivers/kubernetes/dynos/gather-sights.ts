import type { Pod, ReplicaSet } from "../client/index.ts";
import { type DynoEntry, entryOf } from "./app-record.ts";
import { ANNOTATION, LABEL } from "./dyno-labels.ts";
import { type DynoBody, dynoPort } from "./dyno-manifests.ts";
import type { DynoSight } from "./dyno-sight.ts";
import { type AppObjects, idsOf } from "./plan-objects.ts";
import { type PodRun, readPodRun } from "./pod-run.ts";

export interface SeenDyno {
  readonly sight: DynoSight;
}

/** An app's dynos as its objects tell of them; those that were known and have no objects left are among them, too. */
export function gatherSights(from: {
  readonly known: readonly SeenDyno[];
  readonly objects: AppObjects;
  /** What this process was told of a dyno whose Secret is not there yet. */
  readonly told: (dynoId: string) => DynoBody | undefined;
  /** Whether a dyno is seen only once it is known how it is run, or runs: then its Secret was there. */
  readonly needsBody?: boolean;
}): DynoSight[] {
  const { known, objects, told, needsBody = false } = from;
  const before = new Map(known.map(({ sight }) => [sight.entry.id, sight]));
  const wanted = new Map(objects.record?.dynos.map((entry) => [entry.id, entry]));
  const ids = new Set([
    ...wanted.keys(),
    ...before.keys(),
    ...objects.secrets.keys(),
    ...objects.pods.keys(),
  ]);
  return [...ids].flatMap((id) => {
    const pods = objects.pods.get(id) ?? [];
    const body = objects.secrets.get(id)?.body ?? told(id);
    const old = before.get(id);
    const runs = pods.map(readPodRun);
    if (needsBody && !old && !body && runs.every(({ phase }) => phase.kind === "waiting")) return [];
    const oneOff = old?.oneOff ?? isOneOff(objects, id);
    const entry = wanted.get(id) ?? old?.entry ?? (body && entryFromBody(body)) ?? entryFromPod(pods[0]);
    if (!entry) return [];
    const isWanted = oneOff
      ? !runs.some(({ leavingSince }) => leavingSince !== undefined)
      : wantsFormation(objects, id);
    // Leftovers of one that is gone for good are not a dyno any more.
    if (!old && !isWanted && runs.length === 0) return [];
    if (oneOff && !old && runs.length === 0) return [];
    const refused = refusalOf(objects.sets.get(id));
    return [makeSight({ entry, body, old, oneOff, wanted: isWanted, runs, refused })];
  });
}

function wantsFormation({ record }: AppObjects, id: string): boolean {
  // Without a record nobody knows, and what runs goes on.
  return record === undefined || record.dynos.some((entry) => entry.id === id);
}

function isOneOff({ secrets, pods }: AppObjects, id: string): boolean {
  const part = secrets.get(id)?.part ?? pods.get(id)?.[0]?.metadata.labels?.[LABEL.part];
  return part === "one-off";
}

function makeSight(from: {
  readonly entry: DynoEntry;
  readonly body: DynoBody | undefined;
  readonly old: DynoSight | undefined;
  readonly oneOff: boolean;
  readonly wanted: boolean;
  readonly runs: readonly PodRun[];
  readonly refused: string | undefined;
}): DynoSight {
  const { entry, body, old, oneOff, wanted, runs, refused } = from;
  const alive = new Set(runs.map(({ uid }) => uid));
  const isAlive = (key: string) => alive.has(key.slice(0, key.lastIndexOf("/")));
  const keep = (keys: ReadonlySet<string> | undefined) => new Set([...(keys ?? [])].filter(isAlive));
  const started = runs.filter(({ phase }) => phase.kind === "running" && phase.started);
  return {
    entry,
    oneOff,
    wanted,
    runs,
    displayCommand: body?.displayCommand ?? old?.displayCommand ?? "",
    bootSeconds: body?.bootSeconds ?? old?.bootSeconds ?? 60,
    stopSeconds: body?.stopSeconds ?? old?.stopSeconds ?? 30,
    port: dynoPort(entry.id),
    listening: new Set([...keep(old?.listening), ...started.map(({ uid, run }) => `${uid}/${run}`)]),
    timedOut: keep(old?.timedOut),
    unpulled: new Set([...(old?.unpulled ?? [])].filter((uid) => alive.has(uid))),
    heardOn: new Map([...(old?.heardOn ?? [])].filter(([key]) => isAlive(key))),
    exits: old?.exits ?? [],
    ...(refused === undefined ? {} : { refused }),
  };
}

/** What the cluster's controller was told when it last tried to make the dyno's pod. */
function refusalOf(set: ReplicaSet | undefined): string | undefined {
  const failed = set?.status?.conditions?.find(({ type }) => type === "ReplicaFailure");
  return failed?.status === "True" ? (failed.message ?? failed.reason ?? "") : undefined;
}

/** Only the record knows a dyno's duty; where that was lost, web dynos serve until the control plane speaks again. */
function entryFromBody(body: DynoBody): DynoEntry {
  return entryOf({ ...body, env: {}, duty: body.type === "web" ? "serve" : "work" });
}

function entryFromPod(pod: Pod | undefined): DynoEntry | undefined {
  const { appId, dynoId } = pod ? idsOf(pod) : {};
  if (!pod || !appId || !dynoId) return undefined;
  const { labels = {}, annotations = {} } = pod.metadata;
  const type = annotations[ANNOTATION.type] ?? "";
  return {
    ...{ id: dynoId, appId, type },
    name: annotations[ANNOTATION.name] ?? "",
    releaseId: annotations[ANNOTATION.releaseId] ?? "",
    releaseVersion: Number.parseInt((labels[LABEL.release] ?? "").slice(1), 10) || 0,
    duty: type === "web" ? "serve" : "work",
  };
}
