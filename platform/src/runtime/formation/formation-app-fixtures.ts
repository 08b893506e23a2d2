import { setFeature } from "../../apps/app/app-store.ts";
import type { TestDelivery } from "../../delivery/release/delivery-fixtures.ts";
import { changeAppConfig } from "../../delivery/release/index.ts";
import { releaseAnImage } from "../../delivery/release/release-fixtures.ts";
import { type DoomedProcess, makeDoomedProcess } from "../../drivers/postgres/store/crash-fixtures.ts";
import { type LogLine, StaleClaim } from "../../kernel/index.ts";
import { changeFormation } from "./change-formation.ts";
import type { CyclingPace } from "./cycle-dynos.ts";
import { makeFormationLedger } from "./formation-ledger.ts";
import { reconcileFormation } from "./formation-reconciler.ts";
import { listFormation } from "./formation-store.ts";
import { ScriptedEngine } from "./scripted-engine-fixtures.ts";

export const WEB = { web: "serve" };
export const BOTH = { web: "serve", worker: "work" };

/** An app with a formation, on a real PostgreSQL and a scripted engine. */
export type FormationApp = Awaited<ReturnType<typeof makeFormationApp>>;

export async function makeFormationApp(world: TestDelivery) {
  const { id: appId } = await world.newApp();
  const { actor } = world;
  const engine = new ScriptedEngine();
  const said: LogLine[] = [];
  /** What may differ between processes and machines. */
  const around = {
    freeMemory: 8 * 2 ** 30,
    claim: 1 as number | undefined,
    /** The newest claim, as the database knows. */
    taken: 1,
    now: () => new Date(),
    cycling: undefined as CyclingPace | undefined,
  };
  /** One round by a process; without `applied` of a process of its own. */
  const round = (
    process: DoomedProcess = makeDoomedProcess(),
    applied = new Map<string, string>(),
    handed?: (dynos: string) => void,
  ) =>
    reconcileFormation(appId, {
      ledger: makeFormationLedger({
        ...world,
        clock: around.now,
        db: process.database(world.db),
        watch: engine.view(),
        holdClaim: async (_trx, claim) => {
          if (around.taken > claim.number) throw new StaleClaim(claim, around.taken);
        },
        hostOf: (name) => `${name}.localhost`,
        freeMemory: () => around.freeMemory,
        warmSeconds: 600,
        warmBudget: 10,
      }),
      clock: around.now,
      host: process.port(engine),
      watch: engine.view(),
      logs: { write: (line) => void said.push(line) },
      claim: async () =>
        around.claim === undefined ? undefined : { subject: `dynos:${appId}`, number: around.claim },
      applied,
      ...(handed ? { handed } : {}),
      ...(around.cycling ? { cycling: around.cycling } : {}),
    });
  /** Rounds, with everything that starts coming up and everything that stops ending, until nothing changes. */
  const settle = async (process?: DoomedProcess) => {
    const applied = new Map<string, string>();
    for (let before = ""; before !== JSON.stringify(engine.dynos(appId)); ) {
      before = JSON.stringify(engine.dynos(appId));
      await round(process, applied);
      engine.boot();
      engine.finishStops();
    }
  };
  const push = (processes: Record<string, string>, digit = "a") =>
    releaseAnImage(world, appId, processes, digit);
  const scale = (type: string, quantity: number | string, size?: string) =>
    changeFormation({ appId, actor, updates: [{ type, quantity, ...(size ? { size } : {}) }] }, world);
  return {
    ...{ appId, actor, engine, said, around, round, settle, push, scale },
    set: (change: Record<string, string>) => changeAppConfig({ appId, actor, change }, world),
    feature: (name: string, enabled: boolean) =>
      setFeature(world.db, { appId, name, enabled, now: new Date() }),
    formation: async () =>
      (await listFormation(world.db, appId)).map(({ type, quantity, size }) => `${type}=${quantity}:${size}`),
    /** Makes v2 serve with two web dynos. */
    serving: async (processes: Record<string, string> = WEB) => {
      await push(processes, "a");
      await round();
      await scale("web", 2);
      await settle();
      engine.fewestServing = 2;
    },
  };
}
