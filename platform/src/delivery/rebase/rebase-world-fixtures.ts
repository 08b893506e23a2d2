import { type DoomedProcess, makeDoomedProcess } from "../../drivers/postgres/store/crash-fixtures.ts";
import { violatedConstraint } from "../../drivers/postgres/store/index.ts";
import { makeFakeImageStore } from "../image/image-store-fake.ts";
import { type ImageInfo, insertImage, readImageInfo } from "../image/index.ts";
import { startTestDelivery } from "../release/delivery-fixtures.ts";
import { createRelease, type Release } from "../release/index.ts";
import type { AppSight, DynoSight } from "./judge-health.ts";
import { reconcilePass } from "./pass-reconciler.ts";
import { RUN_NAME, storeAppImage, storeRunImage } from "./rebase-fixtures.ts";
import type { AppHealth, AttestRebase, RebasedImages, RunImages } from "./rebase-ports.ts";
import { reconcileRebase } from "./rebase-reconciler.ts";
import { findNewestPass, listAppsUnderWay, listTurns } from "./rebase-store.ts";
import { startPass, type WantedPass } from "./start-pass.ts";

/** Apps on a run image, on a real PostgreSQL, with an engine that does what a test says. */
export type RebaseWorld = Awaited<ReturnType<typeof startRebaseWorld>>;

export async function startRebaseWorld() {
  const delivery = await startTestDelivery();
  const images = makeFakeImageStore();
  const first = await storeRunImage(images, "1");
  const patched = await storeRunImage(images, "2");
  const sights = new Map<string, (release: Release | undefined) => AppSight | undefined>();
  let ahead = 0;
  const clock = () => new Date(Date.now() + ahead);
  const said: string[] = [];
  const runImages: RunImages = {
    list: async () => [patched],
    bring: async (reference, as) => ({
      ...(reference === first.digest ? first : patched),
      name: as ?? RUN_NAME,
    }),
  };
  const health: AppHealth = {
    look: async (appId) => {
      const release = await delivery.current(appId);
      return (sights.get(appId) ?? (() => ({ wanted: 1, dynos: [up()] })))(release);
    },
  };
  const rebased: RebasedImages = {
    keep: async (_, { config, manifest }) => {
      await images.write(config.bytes);
      await images.write(manifest.bytes);
    },
    keepIndex: async (_, { bytes }) => void (await images.write(bytes)),
  };
  const attest: AttestRebase = async ({ appId, image }) => {
    return async () => void said.push(`${appId} ${image.digest}`);
  };
  const deps = {
    ...delivery,
    violatedConstraint,
    clock,
    images,
    rebased,
    attest,
    health,
    runImages,
    listScaled: async () => [...sights.keys()],
    settled: () => {},
  };
  const doomed = (process: DoomedProcess) => ({
    ...deps,
    db: process.database(delivery.db),
    ...{ images: process.port(images), rebased: process.port(rebased), health: process.port(health) },
    attest: async (of: Parameters<AttestRebase>[0]) => {
      process.step();
      return await attest(of);
    },
  });
  return {
    ...delivery,
    ...{ clock, images, first, patched, sights, said, deps },
    /** Later by so many seconds. */
    pass: (seconds: number) => {
      ahead += seconds * 1_000;
    },
    /** An app whose current release stands on the first build of the run image. */
    async standingApp(content: string, processes: Readonly<Record<string, string>> = { web: "serve" }) {
      const app = await delivery.newApp();
      await this.deploy(app.id, await storeAppImage(images, first, { content, processes }));
      return app;
    },
    /** A release of an image that is in the store, as a build makes one. */
    async deploy(appId: string, digest: string, ofIndex?: ImageInfo) {
      const info = ofIndex ?? (await readImageInfo(images, digest));
      return await delivery.db.transaction().execute(async (trx) => {
        const id = delivery.newId();
        const about = { commit: "0".repeat(40), commitDescription: null, stack: "cnb", createdAt: clock() };
        await insertImage(trx, { id, appId, digest, info, ...about });
        const wanted = {
          appId,
          actor: delivery.actor,
          cause: "code",
          description: "Deploy 00000000",
        } as const;
        return await createRelease(trx, { ...wanted, imageId: id }, delivery);
      });
    },
    start: (wanted: WantedPass = {}) => startPass({ settleSeconds: 60, ...wanted }, delivery.actor, deps),
    /** One round for an app, by a process of its own. */
    round: (appId: string, process: DoomedProcess = makeDoomedProcess()) =>
      reconcileRebase(appId, doomed(process)),
    /** One round for a pass; returns the apps whose turn has come. */
    async look(passId: string, process: DoomedProcess = makeDoomedProcess()) {
      const begun: string[] = [];
      await reconcilePass(passId, {
        db: process.database(delivery.db),
        clock,
        begun: (id) => begun.push(id),
      });
      return begun;
    },
    /** Rounds for the pass and all apps under way, until nothing changes. */
    async settle(passId: string) {
      for (let before = "", rounds = 0; rounds < 200; rounds++) {
        await this.look(passId);
        for (const appId of await listAppsUnderWay(delivery.db)) await this.round(appId);
        const now = JSON.stringify([await findNewestPass(delivery.db), await this.turns(passId)]);
        if (now === before) return;
        before = now;
      }
      throw new Error("the pass never comes to rest");
    },
    /** `done v3` by app's name. */
    turns: async (passId: string) =>
      Object.fromEntries(
        (await listTurns(delivery.db, passId, { state: undefined, most: 1_000 })).map(
          ({ app, state, message }) => [app, `${state}${message ? `: ${message}` : ""}`],
        ),
      ),
  };
}

export const up = (since = new Date(0)): DynoSight => ({ name: "web.1", state: "up", since });
export const crashed = (why = "ended with status 1 (H10)"): DynoSight => ({
  ...{ name: "web.1", state: "crashed", why, since: new Date(0) },
});
export const starting = (): DynoSight => ({ name: "web.1", state: "starting", since: new Date(0) });

/** An app that is well but on releases of this description. */
export const failsOn =
  (pattern: RegExp, sight: AppSight = { wanted: 1, dynos: [crashed()] }) =>
  (release: Release | undefined): AppSight =>
    pattern.test(release?.description ?? "") ? sight : { wanted: 1, dynos: [up()] };
