import { type App, features, findApp, findAppForUpdate, listFeatureSettings } from "../../apps/app/index.ts";
import { findConfig } from "../../delivery/config/index.ts";
import { displayCommand, findImage } from "../../delivery/image/index.ts";
import { findCurrentRelease, type Release } from "../../delivery/release/index.ts";
import {
  type AppendEvent,
  apiTime,
  type Claim,
  type Clock,
  type Db,
  type MasterKey,
  type NewId,
} from "../../kernel/index.ts";
import { commandOf, type DynoIngredients, type DynoWatch, dynoKey, imageOf } from "../dyno/index.ts";
import { type DynoRecord, listDynoRecords } from "./dyno-record-store.ts";
import { limitsOf, sleepsWhenIdle } from "./dyno-size.ts";
import { type FormationType, formationDelta, requireDynoSize } from "./formation.ts";
import { applyFormationDelta, listFormation } from "./formation-store.ts";
import { type FormationWorld, leavingKey } from "./plan-formation.ts";

export interface GatherDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly masterKey: MasterKey;
  readonly appendEvent: AppendEvent;
  /** Throws `StaleClaim` when another process has taken the claim; none does until the transaction ends. */
  readonly holdClaim: (trx: Db, claim: Claim) => Promise<void>;
  readonly watch: DynoWatch;
  /** `name.localhost`: the app's own host name. */
  readonly hostOf: (name: string) => string;
  /** Bytes of memory that more dynos could use where they run. */
  readonly freeMemory: () => number;
  readonly warmSeconds: number;
  /** Most dynos of an app that are kept warm, if there is memory for them. */
  readonly warmBudget: number;
}

/** What is wanted of an app's dynos and what is seen of them, and what new ones are made of. */
export interface GatheredFormation {
  readonly release: Release;
  readonly world: FormationWorld;
  /** Whether the app lets its dynos be replaced once a day. */
  readonly cycles: boolean;
  /** By process type. */
  readonly makers: ReadonlyMap<string, DynoMaker>;
}

export interface DynoMaker {
  readonly ingredients: Omit<DynoIngredients, "id" | "name" | "duty">;
  readonly key: string;
  readonly size: string;
}

/** Undefined when the app is gone or has no code to run. The formation has the release's process types afterwards. */
export async function gatherFormation(
  appId: string,
  deps: GatherDependencies,
): Promise<GatheredFormation | undefined> {
  const { db, watch } = deps;
  const app = await findApp(db, appId);
  const release = app && (await findCurrentRelease(db, appId));
  if (!app || !release?.imageInfo) return undefined;
  await followRelease(release, deps);
  const formation = await listFormation(db, appId);
  const makers = await makeMakers({ app, release, formation }, deps);
  const dynos = await listDynoRecords(db, appId);
  const enabled = await featuresOf(appId, db);
  const room = roomFor(makers.get("web"), deps.freeMemory());
  const world: FormationWorld = {
    releaseId: release.id,
    wanted: formation.map(({ type, quantity }) => ({ type, quantity, key: kindOf(makers.get(type)) })),
    dynos: dynos.map((dyno) => ({ ...dyno, key: kindOf(dyno) })),
    observed: observe(dynos, watch.dynosOf(appId)),
    preboot: enabled("preboot"),
    warmSeconds: enabled("warm-rollback") ? deps.warmSeconds : 0,
    warmBudget: Math.min(deps.warmBudget, room),
    surgeBudget: room,
    now: deps.clock(),
  };
  return { release, world, makers, cycles: !enabled("fir-bypass-daily-dyno-restarts") };
}

/** What a dyno holds, and the name of its size: sizes of one shape differ in what is done with their dynos. */
function kindOf(made: Pick<DynoMaker, "key" | "size"> | undefined): string {
  return made ? `${made.key} ${made.size}` : "";
}

/**
 * Makes the formation's types those of the release, and tells the router and the log when that changes it; nothing when
 * another release has become current meanwhile.
 */
async function followRelease(
  { id, appId, actor, imageInfo }: Release,
  { db, clock, newId, appendEvent }: GatherDependencies,
): Promise<void> {
  const declared = (imageInfo?.processes ?? []).map((process) => ({
    type: process.type,
    command: displayCommand(process),
  }));
  const deltaOf = async (from: Db) => {
    const delta = formationDelta(await listFormation(from, appId), declared);
    return delta.added.length + delta.removed.length + delta.changed.length > 0 ? delta : undefined;
  };
  if (!(await deltaOf(db))) return;
  await db.transaction().execute(async (trx) => {
    if (!(await findAppForUpdate(trx, appId)) || (await findCurrentRelease(trx, appId))?.id !== id) return;
    const delta = await deltaOf(trx);
    if (!delta) return;
    await applyFormationDelta(trx, appId, delta, { newId, now: clock() });
    const scaled = delta.added
      .filter(({ quantity }) => quantity > 0)
      .map(({ type, quantity, size }) => ({ type, quantity, size }));
    await appendEvent(trx, { kind: "formation.changed", appId, actor, data: { scaled } });
  });
}

async function makeMakers(
  from: { readonly app: App; readonly release: Release; readonly formation: readonly FormationType[] },
  { db, masterKey, hostOf }: GatherDependencies,
): Promise<ReadonlyMap<string, DynoMaker>> {
  const { app, release, formation } = from;
  const config = await findConfig(db, release.configId, masterKey);
  const image = release.imageId ? await findImage(db, app.id, release.imageId) : undefined;
  const made = {
    app: { id: app.id, name: app.name, host: hostOf(app.name) },
    release: {
      id: release.id,
      version: release.version,
      createdAt: apiTime(release.createdAt),
      description: release.description,
      image: release.imageDigest ?? "",
      commit: image?.commit ?? null,
    },
    config,
  };
  const makerOf = ({ type, size, command: displayCommand }: FormationType): DynoMaker => {
    const process = release.imageInfo?.processes.find((one) => one.type === type);
    const command = commandOf(process, type);
    const ofRelease = { image: made.release.image, info: release.imageInfo };
    const { image, ...how } = imageOf(process, ofRelease);
    const shape = requireDynoSize(size);
    const limits = limitsOf(shape);
    const own = { release: { ...made.release, image }, ...how };
    const ingredients = {
      ...made,
      ...own,
      type,
      command,
      displayCommand,
      size,
      limits,
      sleeps: sleepsWhenIdle(shape),
    };
    return { ingredients, key: dynoKey({ ...ingredients, image }), size };
  };
  return new Map(formation.map((row) => [row.type, makerOf(row)]));
}

async function featuresOf(appId: string, db: Db): Promise<(name: string) => boolean> {
  const settings = await listFeatureSettings(db, appId);
  const usual = new Map(features.map(({ name, enabledByDefault }) => [name, enabledByDefault]));
  return (name) => settings.get(name)?.enabled ?? usual.get(name) ?? false;
}

/** How many dynos of a kind the memory holds that is free. */
function roomFor(maker: DynoMaker | undefined, freeBytes: number): number {
  return maker ? Math.max(0, Math.floor(freeBytes / maker.ingredients.limits.memoryBytes)) : 0;
}

/** What is seen of the dynos on record, and of those that are not on it any more until they have ended. */
export function observe(
  dynos: readonly DynoRecord[],
  seen: ReturnType<DynoWatch["dynosOf"]>,
): FormationWorld["observed"] {
  const recorded = new Set(dynos.map(({ id }) => id));
  return new Map(
    seen.map(({ id, name, type, state }) => {
      const key = recorded.has(id) ? id : leavingKey(type, Number(name.slice(type.length + 1)));
      return [key, state] as const;
    }),
  );
}
