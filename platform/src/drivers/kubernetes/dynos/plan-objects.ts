import type { Pod, ReplicaSet } from "../client/index.ts";
import type { AppRecord, DynoEntry } from "./app-record.ts";
import { LABEL, titleAnnotations, titleLabels } from "./dyno-labels.ts";
import { type DynoBody, type DynoPlacement, makeDynoSet } from "./dyno-manifests.ts";
import { holdsAll } from "./object-subset.ts";

/** What is kept of a dyno's Secret: all but the values. */
export interface SecretTrace {
  readonly uid: string;
  readonly resourceVersion: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly part: string | undefined;
  readonly body: DynoBody | undefined;
  readonly dataDigest: string;
  readonly leaving: boolean;
}

/** An app as the cluster has it. Maps are by dyno id. */
export interface AppObjects {
  /** Missing: nothing is known of what is wanted, so nothing is removed. */
  readonly record: AppRecord | undefined;
  readonly secrets: ReadonlyMap<string, SecretTrace>;
  readonly sets: ReadonlyMap<string, ReplicaSet>;
  readonly pods: ReadonlyMap<string, readonly Pod[]>;
}

/** What this process was told of a dyno's Secret, for when it must be made again. */
export interface ToldDigest {
  readonly dataDigest: string;
}

export type ObjectAction =
  | { readonly do: "make-secret"; readonly dynoId: string }
  /** Its config vars are others than those told. */
  | { readonly do: "fix-secret"; readonly dynoId: string }
  | { readonly do: "make-set"; readonly dynoId: string; readonly set: ReplicaSet }
  | { readonly do: "fix-set"; readonly dynoId: string; readonly set: ReplicaSet }
  /** A running pod gets the dyno's present name and release. */
  | { readonly do: "title-pod"; readonly pod: string; readonly patch: unknown }
  /** The dyno is no longer wanted: its set, its pods, its Secret, in this order. */
  | { readonly do: "remove-dyno"; readonly dynoId: string };

/** Compares what is wanted of an app with what there is. Objects on their way out are waited for. */
export function planObjects(
  objects: AppObjects,
  told: ReadonlyMap<string, ToldDigest>,
  placement: DynoPlacement,
): ObjectAction[] {
  const { record } = objects;
  if (!record) return [];
  const wanted = new Set(record.dynos.map(({ id }) => id));
  const present = new Set([
    ...[...objects.secrets].filter(([, { part }]) => part === "formation").map(([id]) => id),
    ...objects.sets.keys(),
  ]);
  return [
    ...record.dynos.flatMap((entry) => planDyno(entry, objects, { told, placement })),
    ...[...present]
      .filter((id) => !wanted.has(id) && !isGoing(id, objects))
      .map((dynoId) => ({ do: "remove-dyno", dynoId }) as const),
  ];
}

function planDyno(
  entry: DynoEntry,
  { secrets, sets, pods }: AppObjects,
  context: { readonly told: ReadonlyMap<string, ToldDigest>; readonly placement: DynoPlacement },
): ObjectAction[] {
  const { id } = entry;
  const secret = secrets.get(id);
  const told = context.told.get(id);
  // The garbage collector takes the rest with it; then all is made anew.
  if (secret?.leaving) return [];
  if (!secret) return told ? [{ do: "make-secret", dynoId: id }] : [];
  const actions: ObjectAction[] = [];
  const edited = !secret.body || (told && told.dataDigest !== secret.dataDigest);
  if (edited && told) actions.push({ do: "fix-secret", dynoId: id });
  const { body } = secret;
  if (!body) return actions;
  const set = sets.get(id);
  const should = makeDynoSet(body, entry, context.placement, secret.uid);
  if (!set) actions.push({ do: "make-set", dynoId: id, set: should });
  else if (set.metadata.deletionTimestamp === undefined && !holdsAll(set, should))
    actions.push({ do: "fix-set", dynoId: id, set: should });
  return [...actions, ...(pods.get(id) ?? []).flatMap((pod) => titlePod(pod, entry))];
}

function isGoing(id: string, { secrets, sets }: AppObjects): boolean {
  const secret = secrets.get(id);
  const set = sets.get(id);
  return (secret?.leaving ?? true) && (set === undefined || set.metadata.deletionTimestamp !== undefined);
}

function titlePod(pod: Pod, entry: DynoEntry): ObjectAction[] {
  const { labels, annotations, deletionTimestamp, name } = pod.metadata;
  const should = { labels: titleLabels(entry), annotations: titleAnnotations(entry) };
  if (deletionTimestamp !== undefined || holdsAll({ labels, annotations }, should)) return [];
  return [{ do: "title-pod", pod: name, patch: { metadata: should } }];
}

/** Ids in an object's labels: of its app and of its dyno. */
export function idsOf(object: Pick<Pod, "metadata">): {
  readonly appId: string | undefined;
  readonly dynoId: string | undefined;
} {
  const { labels = {} } = object.metadata;
  return { appId: labels[LABEL.app], dynoId: labels[LABEL.dyno] };
}
