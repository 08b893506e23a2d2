import { type App, features, findApp, listFeatureSettings } from "../../apps/app/index.ts";
import { findConfig } from "../../delivery/config/index.ts";
import { displayCommand, findImage } from "../../delivery/image/index.ts";
import { findCurrentRelease, type Release } from "../../delivery/release/index.ts";
import {
  type AppendEvent,
  apiTime,
  type Claim,
  type Clock,
  type Db,
  done,
  type MasterKey,
  type NewId,
  type Outcome,
  waiting,
} from "../../kernel/index.ts";
import { type DynoHost, type DynoIngredients, type DynoWatch, dynoKey, makeDynoSpec } from "../dyno/index.ts";
import {
  type DynoRecord,
  deleteDynoRecords,
  insertDynoRecord,
  listDynoRecords,
  listDynoSpecs,
  updateDynoRecord,
} from "./dyno-record-store.ts";
import { pidsOf } from "./dyno-size.ts";
import { type DeclaredProcess, type FormationType, formationDelta, requireDynoSize } from "./formation.ts";
import { applyFormationDelta, listFormation } from "./formation-store.ts";
import { type FormationStep, type FormationWorld, leavingKey, planFormation } from "./plan-formation.ts";

export interface FormationReconcilerDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly masterKey: MasterKey;
  readonly appendEvent: AppendEvent;
  readonly host: DynoHost;
  readonly watch: DynoWatch;
  /** The claim on an app's dynos; undefined while another process holds it. */
  readonly claim: (appId: string) => Promise<Claim | undefined>;
  /** `name.localhost`: the app's own host name. */
  readonly hostOf: (name: string) => string;
  /** What was last handed to the engine, by app, and in which of its sessions. */
  readonly applied: Map<string, string>;
  readonly warmSeconds: number;
  readonly warmBudget: number;
}

/** Makes an app's dynos what its current release and formation want: gather, decide, act, until nothing is left to do. */
export async function reconcileFormation(
  appId: string,
  deps: FormationReconcilerDependencies,
): Promise<Outcome> {
  if (deps.watch.session() === 0) return waiting("host-away", "The dyno host is not there yet.", 250);
  const claim = await deps.claim(appId);
  if (!claim) return waiting("claimed", "Another process looks after this app's dynos.", 5_000);
  for (;;) {
    const gathered = await gather(appId, deps);
    if (!gathered) {
      await hand(appId, claim, deps);
      return done;
    }
    const plan = planFormation(gathered.world);
    if (plan.steps.length > 0) {
      await deps.db.transaction().execute(async (trx) => {
        for (const step of plan.steps) await take(trx, step, { gathered, deps });
      });
    }
    await hand(appId, claim, deps);
    if (plan.steps.length > 0) continue;
    if (!plan.lookAt) return done;
    const ms = Math.max(plan.lookAt.getTime() - deps.clock().getTime(), 100);
    return waiting("warm", "The warm dynos' time ends.", ms);
  }
}

interface Gathered {
  readonly app: App;
  readonly release: Release;
  readonly config: Readonly<Record<string, string>>;
  readonly commit: string | null;
  readonly formation: readonly FormationType[];
  readonly dynos: readonly DynoRecord[];
  readonly world: FormationWorld;
}

/** Undefined when the app is gone or has nothing to run. */
async function gather(appId: string, deps: FormationReconcilerDependencies): Promise<Gathered | undefined> {
  const { db } = deps;
  const app = await findApp(db, appId);
  const release = app && (await findCurrentRelease(db, appId));
  if (!app || !release?.imageInfo) return undefined;
  const declared = release.imageInfo.processes.map((process) => ({
    type: process.type,
    command: displayCommand(process),
  }));
  await followRelease(release, declared, deps);
  const formation = await listFormation(db, appId);
  const config = await findConfig(db, release.configId, deps.masterKey);
  const settings = await listFeatureSettings(db, appId);
  const enabled = (name: string) =>
    settings.get(name)?.enabled ??
    features.find((feature) => feature.name === name)?.enabledByDefault ??
    false;
  const dynos = await listDynoRecords(db, appId);
  const image = release.imageId ? await findImage(db, appId, release.imageId) : undefined;
  const base = { app, release, config, commit: image?.commit ?? null, formation, dynos };
  const wanted = formation.map((row) => ({
    type: row.type,
    quantity: row.quantity,
    key: keyOf(row, base, deps),
  }));
  const world: FormationWorld = {
    releaseId: release.id,
    wanted,
    dynos,
    observed: observe(appId, dynos, deps.watch),
    preboot: enabled("preboot"),
    warmSeconds: enabled("warm-rollback") ? deps.warmSeconds : 0,
    warmBudget: deps.warmBudget,
    now: deps.clock(),
  };
  return { ...base, world };
}

/** Makes the formation's types those of the release, and tells the router and the log when that changes it. */
async function followRelease(
  release: Release,
  declared: readonly DeclaredProcess[],
  { db, clock, newId, appendEvent }: FormationReconcilerDependencies,
): Promise<void> {
  const { appId, actor } = release;
  const delta = formationDelta(await listFormation(db, appId), declared);
  if (delta.added.length + delta.removed.length + delta.changed.length === 0) return;
  await db.transaction().execute(async (trx) => {
    await applyFormationDelta(trx, appId, delta, { newId, now: clock() });
    const scaled = delta.added
      .filter(({ quantity }) => quantity > 0)
      .map(({ type, quantity, size }) => ({ type, quantity, size }));
    await appendEvent(trx, { kind: "formation.changed", appId, actor, data: { scaled } });
  });
}

function observe(appId: string, dynos: readonly DynoRecord[], watch: DynoWatch): FormationWorld["observed"] {
  const recorded = new Set(dynos.map(({ id }) => id));
  return new Map(
    watch.dynosOf(appId).flatMap((seen) => {
      if (recorded.has(seen.id)) return [[seen.id, seen.state] as const];
      const index = Number(seen.name.slice(seen.type.length + 1));
      return seen.state.kind === "stopping" ? [[leavingKey(seen.type, index), seen.state] as const] : [];
    }),
  );
}

type Base = Omit<Gathered, "world">;

function ingredients(row: FormationType, base: Base, deps: FormationReconcilerDependencies) {
  const { app, release, config, commit } = base;
  const size = requireDynoSize(row.size);
  return {
    type: row.type,
    app: { id: app.id, name: app.name, host: deps.hostOf(app.name) },
    release: {
      id: release.id,
      version: release.version,
      createdAt: apiTime(release.createdAt),
      description: release.description,
      image: release.imageDigest ?? "",
      commit,
    },
    config,
    command: { kind: "process", type: row.type },
    displayCommand: row.command,
    limits: { memoryBytes: size.memory * 2 ** 30, cpuShare: size.share, pids: pidsOf(size) },
  } satisfies Partial<DynoIngredients>;
}

function keyOf(row: FormationType, base: Base, deps: FormationReconcilerDependencies): string {
  const { app, config, command, limits, release } = ingredients(row, base, deps);
  return dynoKey({ app, config, command, limits, image: release.image });
}

async function take(
  trx: Db,
  step: FormationStep,
  { gathered, deps }: { gathered: Gathered; deps: FormationReconcilerDependencies },
): Promise<void> {
  const now = deps.clock();
  const { release } = gathered;
  switch (step.kind) {
    case "start": {
      const row = gathered.formation.find(({ type }) => type === step.type);
      if (!row) return;
      const made = ingredients(row, gathered, deps);
      const spec = makeDynoSpec({
        ...made,
        id: deps.newId(),
        name: `${step.type}.${step.index}`,
        duty: step.duty,
      });
      const added = { spec, index: step.index, key: keyOf(row, gathered, deps), size: row.size, now };
      return await insertDynoRecord(trx, added, deps.masterKey);
    }
    case "stop":
      return await deleteDynoRecords(trx, [step.id]);
    case "serve": {
      const change = { duty: "serve", index: step.index, warmUntil: null } as const;
      return await updateDynoRecord(
        trx,
        step.id,
        { ...change, release: { id: release.id, version: release.version } },
        now,
      );
    }
    case "keep-warm":
      return await updateDynoRecord(trx, step.id, { duty: "warm", warmUntil: step.until }, now);
  }
}

/** Hands the engine the app's dynos, unless it already has just these. */
async function hand(appId: string, claim: Claim, deps: FormationReconcilerDependencies): Promise<void> {
  const session = deps.watch.session();
  const dynos = await listDynoSpecs(deps.db, appId, deps.masterKey);
  const mark = JSON.stringify([
    session,
    claim.number,
    dynos.map(({ id, duty, releaseVersion, name }) => [id, duty, releaseVersion, name]),
  ]);
  if (deps.applied.get(appId) === mark) return;
  await deps.host.apply({ appId, dynos }, claim);
  deps.applied.set(appId, mark);
}
