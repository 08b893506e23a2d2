import { claimedRound, onceAtATime, whileHeld } from "../../platform/src/compose/claimed-work.ts";
import type { Build } from "../../platform/src/delivery/build/build.ts";
import { reconcileBuilds } from "../../platform/src/delivery/build/build-reconciler.ts";
import { followUp } from "../../platform/src/delivery/build/follow-up.ts";
import type { Release } from "../../platform/src/delivery/release/release.ts";
import type { CommandRun } from "../../platform/src/delivery/release/release-ports.ts";
import { reconcileReleases } from "../../platform/src/delivery/release/release-reconciler.ts";
import { findRelease } from "../../platform/src/delivery/release/release-store.ts";
import { type holdClaim, takeClaim } from "../../platform/src/drivers/postgres/claims/index.ts";
import type { TestStore } from "../../platform/src/drivers/postgres/store/store-fixtures.ts";
import { makeTurnDatabase } from "../../platform/src/drivers/postgres/store/turn-database-fixtures.ts";
import { type Claim, type Db, type Outcome, silentLogger } from "../../platform/src/kernel/index.ts";
import type { Crossroads } from "./crossroads-fixtures.ts";
import type { DeliveryEngine } from "./delivery-engine-fixtures.ts";

export const LEASE_MS = 3_600_000;

export interface DeliveryWorld {
  readonly store: TestStore;
  readonly crossroads: Crossroads;
  readonly engine: DeliveryEngine;
  /** The one connection of all processes, of which one uses it at a time. */
  readonly client: Awaited<ReturnType<TestStore["database"]["connect"]>>;
  readonly holdClaim: typeof holdClaim;
  readonly appId: string;
  isStoreAway: () => boolean;
  /** Whether all of a build or release has been told. */
  isFinished: (id: string) => Promise<boolean>;
}

/** A process that reconciles builds and releases, with the real reconcilers on a real database, one transaction at a time. */
export class DeliveryWorker {
  readonly name: string;
  losesAnswer = false;
  #lives = 0;
  #stopping: AbortController | undefined;
  readonly #world: DeliveryWorld;

  constructor(name: string, world: DeliveryWorld) {
    this.name = name;
    this.#world = world;
    this.start();
  }

  /** What the process is called at the crossroads, a name of each life. */
  get who(): string {
    return `${this.name}/${this.#lives}`;
  }

  start(): void {
    if (this.#stopping) return;
    // What one that was told to end has not ended by now ends with it.
    this.#world.crossroads.drop(this.who);
    this.#lives++;
    this.#stopping = new AbortController();
    this.#live(this.who, this.#stopping.signal);
  }

  kill(): void {
    this.#world.crossroads.drop(this.who);
    this.#stopping = undefined;
  }

  stop(): void {
    this.#stopping?.abort();
    this.#stopping = undefined;
  }

  #live(who: string, stopping: AbortSignal): void {
    const { crossroads, engine, appId, store, holdClaim } = this.#world;
    const db = this.#database(who);
    const rest = (_ms: number, signal?: AbortSignal) => crossroads.rest(who, signal);
    const claims = {
      claim: (subject: string) => takeClaim(db, { subject, holder: this.name, leaseMs: LEASE_MS }),
      logger: silentLogger,
    };
    const outputs = engine.outputStore(who, this.#world.isFinished);
    const deps = { ...store, db, outputs, holdClaim, pause: rest };
    const repeat = (work: () => void) => {
      let goesOn = true;
      void (async () => {
        while (goesOn) {
          await crossroads.call(who, "renewal", () => {});
          if (goesOn) work();
        }
      })();
      return () => {
        goesOn = false;
      };
    };
    const building = {
      ...deps,
      builder: engine.builder(who),
      repositories: engine.repositories(who),
      attest: async () => async () => {},
      fetchSource: () => Promise.reject(new Error("no source is fetched")),
      cutSource: () => Promise.reject(new Error("no source is cut")),
      timeoutSeconds: 900,
    };
    const followed = {
      ...deps,
      verifier: { verify: async () => ({ kind: "up" }) as const },
      webUrlOf: async () => "/",
    };
    const telling = onceAtATime(({ claim, build }: { readonly claim: Claim; readonly build: Build }) =>
      whileHeld(claims, { subject: claim.subject, stopping, claim, repeat }, (signal) =>
        followUp(build, { ...followed, claim }, signal),
      ),
    );
    const command = {
      run: async (release: Release, { output, claim }: CommandRun, signal: AbortSignal) => {
        await output("Migrating\n");
        const exitCode = release.imageInfo?.processes.some(({ command: [, , line] }) => line === "fails")
          ? 1
          : 0;
        // As the record of its dyno is made: under the claim.
        const mayBegin = () => store.db.transaction().execute((trx) => holdClaim(trx, claim));
        return await engine.command(
          who,
          { id: release.id, exitCode, mayBegin: () => mayBegin().then(() => this.#mustWait(release)) },
          signal,
        );
      },
    };
    const loop = async (subject: string, round: (claim: Claim, signal: AbortSignal) => Promise<Outcome>) => {
      while (!stopping.aborted) {
        await crossroads.rest(who, stopping);
        if (stopping.aborted) return;
        // What fails is tried again in the next round.
        await claimedRound(claims, { subject, stopping, repeat }, round).catch(() => {});
      }
    };
    void loop(`builds:${appId}`, (claim, signal) => {
      const tell = (build: Build) => telling.start(build.id, { claim, build });
      return reconcileBuilds(appId, { ...building, claim, followUp: tell }, signal);
    });
    void loop(`releases:${appId}`, (claim, signal) =>
      reconcileReleases(appId, { ...deps, claim, command }, signal),
    );
  }

  async #mustWait({ id, appId, version }: Release): Promise<void> {
    const { store, engine } = this.#world;
    const now = await findRelease(store.db, appId, id);
    if (now && now.status !== "pending")
      engine.broken.push(`the command of v${version} runs again, which is ${now.status}`);
  }

  /** The database as this process reaches it: each statement or transaction is a call. */
  #database(who: string): Db {
    const { crossroads } = this.#world;
    return makeTurnDatabase(async () => {
      const leave = await crossroads.enter(who, "call");
      if (this.#world.isStoreAway()) {
        leave();
        throw new Error("the store is away");
      }
      const { client } = this.#world;
      return {
        query: async (text: string, values: readonly unknown[]) => {
          const result = await client.query(text, [...values]);
          if (text !== "commit" || !this.losesAnswer) return result;
          this.losesAnswer = false;
          throw new Error("the store went away");
        },
        release: leave,
      };
    });
  }
}
