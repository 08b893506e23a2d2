import { done, errorText, type Logger, type Outcome, waiting } from "../../../kernel/index.ts";
import { KIND, type Pod } from "../client/index.ts";
import type { DynoBoard } from "./dyno-board.ts";
import { dynoObjectName, LABEL } from "./dyno-labels.ts";
import { type DynoPlacement, makeDynoSecret } from "./dyno-manifests.ts";
import type { BoardDyno } from "./dyno-sight.ts";
import type { ObjectWriter, ToldSpecs } from "./object-writer.ts";
import { type ObjectAction, planObjects } from "./plan-objects.ts";
import type { SpaceObjects } from "./space-objects.ts";

export interface DynoReconcilerParts {
  readonly space: SpaceObjects;
  readonly board: DynoBoard;
  readonly writer: ObjectWriter;
  readonly placement: DynoPlacement;
  readonly told: ToldSpecs;
  readonly logger: Logger;
  /** Reads the app's record from the cluster, past all caches, and takes it over. */
  readonly refresh: (appId: string) => Promise<void>;
  readonly now: () => number;
}

/** The router hears of a dyno that leaves before the dyno hears SIGTERM. */
export const LEAVE_BEFORE_TERM_MS = 200;
/** The end of a one-off dyno can be learned from its pod for so long. */
const ENDED_KEPT_MS = 300_000;
/** A Secret of a one-off dyno is followed by its pod at once, unless who made it was killed. */
const MADE_WITHIN_MS = 60_000;

/** Makes an app's objects what its record says. Idempotent; what it begins and does not end, the next round does. */
export async function reconcileDynos(parts: DynoReconcilerParts, appId: string): Promise<Outcome> {
  const { space, told, placement, board } = parts;
  const plan = () => planObjects(space.of(appId), told, placement);
  let actions = plan();
  if (actions.some((action) => action.do === "remove-dyno")) {
    // A later claimant may have wanted it since.
    await parts.refresh(appId);
    actions = plan();
  }
  const later = actions.map((action) => leaveLater(action, board, parts.now()));
  const due = actions.filter((_, i) => later[i] === 0);
  const results = await Promise.allSettled(due.map((action) => perform(parts, appId, action)));
  const failures = results.flatMap((result) =>
    result.status === "rejected" ? [result.reason as unknown] : [],
  );
  const soon = [
    ...later.filter((ms) => ms > 0),
    ...(await endOneOffs(parts, appId)),
    ...(await removeFailed(parts, appId)),
  ];
  if (failures.length > 0) throw new Error(failures.map(errorText).join("; "), { cause: failures[0] });
  return soon.length > 0 ? waiting("leaving", "a dyno leaves the router first", Math.min(...soon)) : done;
}

function leaveLater(action: ObjectAction, board: DynoBoard, now: number): number {
  if (action.do !== "remove-dyno") return 0;
  const dyno = board.find(action.dynoId);
  if (dyno?.state.kind !== "stopping" || dyno.sight.entry.duty !== "serve") return 0;
  return Math.max(0, dyno.since.getTime() + LEAVE_BEFORE_TERM_MS - now);
}

async function perform(parts: DynoReconcilerParts, appId: string, action: ObjectAction): Promise<void> {
  const { writer, space, told, placement } = parts;
  switch (action.do) {
    case "make-secret":
    case "fix-secret": {
      const known = told.get(action.dynoId);
      if (!known) return;
      const claims = space.record(appId)?.record?.claims ?? {};
      const claim = Math.max(0, ...Object.values(claims));
      const { namespace } = placement;
      space.take(await writer.ensure(makeDynoSecret(known.spec, { namespace, part: "formation", claim })));
      // What it owns names it by its uid.
      const set = planObjects(space.of(appId), told, placement).find(
        (next) => next.do === "make-set" && next.dynoId === action.dynoId,
      );
      if (set) await perform(parts, appId, set);
      return;
    }
    case "make-set":
      return space.take(await writer.ensure(action.set));
    case "fix-set":
      parts.logger.info("an object was changed by somebody else and is put right", {
        name: action.set.metadata.name,
      });
      return space.take(await writer.fix(action.set));
    case "title-pod": {
      const pod = await writer.patchPod(action.pod, action.patch);
      if (pod) space.take(pod);
      return;
    }
    case "remove-dyno":
      return await removeDyno(parts, appId, action.dynoId);
  }
}

/** The set first, or it would make another pod; the pods at once, since the cluster would take its time. */
async function removeDyno(
  { writer, space, told }: DynoReconcilerParts,
  appId: string,
  id: string,
): Promise<void> {
  const name = dynoObjectName(id);
  const pods = space.of(appId).pods.get(id) ?? [];
  await writer.remove(KIND.replicaSet, name);
  await Promise.all([
    writer.remove(KIND.secret, name),
    ...pods
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ metadata }) => writer.remove(KIND.pod, metadata.name)),
  ]);
  told.delete(id);
}

/** Removes what is left of one-off dynos that have ended; returns when to look again, in milliseconds. */
async function endOneOffs(
  { board, space, writer, now }: DynoReconcilerParts,
  appId: string,
): Promise<number[]> {
  const { secrets, pods } = space.of(appId);
  const soon: number[] = [];
  for (const [id, secret] of secrets) {
    if (secret.part !== "one-off" || secret.leaving) continue;
    const until = pods.has(id) ? keptUntil(board.find(id)) : secret.createdAt + MADE_WITHIN_MS;
    if (until === undefined) continue;
    const ms = until - now();
    if (ms > 0) soon.push(Math.min(ms, ENDED_KEPT_MS));
    else await writer.remove(KIND.secret, dynoObjectName(id));
  }
  return soon;
}

/** A pod that failed is replaced, and stays: it would be counted, and a dyno that fails often would fill the cluster. */
async function removeFailed({ space, writer, now }: DynoReconcilerParts, appId: string): Promise<number[]> {
  const soon: number[] = [];
  for (const pods of space.of(appId).pods.values()) {
    for (const { metadata, status } of pods) {
      const isOld = status?.phase === "Failed" && metadata.deletionTimestamp === undefined && pods.length > 1;
      if (!isOld || metadata.labels?.[LABEL.part] !== "formation") continue;
      const ms = endOf({ metadata, status }) + ENDED_KEPT_MS - now();
      if (ms > 0) soon.push(ms);
      else await writer.remove(KIND.pod, metadata.name);
    }
  }
  return soon;
}

function endOf({ metadata, status }: Pick<Pod, "metadata" | "status">): number {
  const { terminated } = status?.containerStatuses?.[0]?.state ?? {};
  return Date.parse(terminated?.finishedAt ?? metadata.creationTimestamp ?? "") || 0;
}

function keptUntil(dyno: BoardDyno | undefined): number | undefined {
  return dyno?.state.kind === "complete" ? dyno.since.getTime() + ENDED_KEPT_MS : undefined;
}
