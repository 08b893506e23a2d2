import { deleteApp } from "../../platform/src/apps/app/app-store.ts";
import type { Build } from "../../platform/src/delivery/build/build.ts";
import { findBuildById, listBuilds } from "../../platform/src/delivery/build/build-store.ts";
import { cancelBuild, createBuild } from "../../platform/src/delivery/build/create-build.ts";
import {
  changeAppConfig,
  retryRelease,
  rollBack,
} from "../../platform/src/delivery/release/create-release.ts";
import {
  startTestDelivery,
  type TestDelivery,
} from "../../platform/src/delivery/release/delivery-fixtures.ts";
import type { Release } from "../../platform/src/delivery/release/release.ts";
import { findRelease } from "../../platform/src/delivery/release/release-store.ts";
import { ageClaims } from "../../platform/src/drivers/postgres/claims/claim-fixtures.ts";
import { holdClaim } from "../../platform/src/drivers/postgres/claims/index.ts";
import { BusinessError } from "../../platform/src/kernel/index.ts";
import { Crossroads } from "./crossroads-fixtures.ts";
import { type DeliveryDefects, DeliveryEngine, outcomeOf, sourceOf } from "./delivery-engine-fixtures.ts";
import type { DeliveryHappening, DeliverySchedule } from "./delivery-schedule-fixtures.ts";
import { DeliveryWorker, type DeliveryWorld, LEASE_MS } from "./delivery-worker-fixtures.ts";
import { SeededRandom } from "./virtual-time-fixtures.ts";

const REF = "refs/heads/main";
/** After the last fault all has its result within so many steps. */
const SETTLED_WITHIN = 6_000;
const LOOK_EVERY = 50;
/** What a build that could have been built may fail of. */
const NO_FAULT_OF_ITS = /tried 3 times|could not run this build/;

export type DeliveryStage = Awaited<ReturnType<typeof startDeliveryStage>>;

/** A real database for schedules, one after the other, each with an app of its own. */
export async function startDeliveryStage() {
  const delivery = await startTestDelivery();
  const client = await delivery.database.connect();
  return {
    /** Returns what broke, as a sentence; undefined when every promise was kept. */
    run: async (schedule: DeliverySchedule, defects: DeliveryDefects = {}): Promise<string | undefined> => {
      const { id } = await delivery.newApp();
      const play = new DeliveryPlay(schedule, { delivery, client, defects, appId: id });
      try {
        return await play.run();
      } finally {
        play.end();
        // Backlogs of apps that are over would slow the others down.
        await delivery.db.transaction().execute((trx) => deleteApp(trx, id));
      }
    },
    stop: async () => {
      await client.end();
      await delivery.stop();
    },
  };
}

interface Stage {
  readonly delivery: TestDelivery;
  readonly client: DeliveryWorld["client"];
  readonly defects: DeliveryDefects;
  readonly appId: string;
}

class DeliveryPlay {
  readonly #schedule: DeliverySchedule;
  readonly #stage: Stage;
  readonly #random: SeededRandom;
  readonly #crossroads = new Crossroads();
  readonly #engine: DeliveryEngine;
  readonly #workers: readonly DeliveryWorker[];
  /** Until which step each worker is frozen, and when those that are gone come back. */
  readonly #frozenUntil = new Map<string, number>();
  readonly #backAt = new Map<DeliveryWorker, number>();
  readonly #cancelled = new Set<string>();
  /** What each build and release ended as. */
  readonly #ended = new Map<string, string>();
  #awayUntil = 0;
  #step = 0;
  #pushes = 0;
  #isDeleted = false;

  constructor(schedule: DeliverySchedule, stage: Stage) {
    this.#schedule = schedule;
    this.#stage = stage;
    this.#random = new SeededRandom(~schedule.seed);
    this.#engine = new DeliveryEngine(this.#crossroads, stage.defects);
    const world: DeliveryWorld = {
      store: stage.delivery,
      client: stage.client,
      appId: stage.appId,
      crossroads: this.#crossroads,
      engine: this.#engine,
      holdClaim: stage.defects.blindClaim ? async () => {} : holdClaim,
      isStoreAway: () => this.#step < this.#awayUntil,
      isFinished: (id) => this.#isFinished(id),
    };
    this.#workers = Array.from(
      { length: schedule.workers },
      (_, i) => new DeliveryWorker(`${stage.appId}/worker-${i}`, world),
    );
  }

  async run(): Promise<string | undefined> {
    for (const { afterSteps, ...step } of this.#schedule.steps) {
      await this.#pass(afterSteps);
      await this.#happen(step as DeliveryHappening);
      const broken = await this.#broken();
      if (broken !== undefined) return broken;
    }
    this.#calm();
    for (let passed = 0; passed < SETTLED_WITHIN && (await this.#unsettled()); passed += LOOK_EVERY)
      await this.#pass(LOOK_EVERY);
    const left = await this.#unsettled();
    if (left !== undefined) return `${SETTLED_WITHIN} steps after the last fault ${left}`;
    // Whoever comes too late for something has come by now.
    await this.#pass(LOOK_EVERY);
    return (await this.#broken()) ?? (await this.#unsettled()) ?? (await this.#wrong());
  }

  end(): void {
    for (const worker of this.#workers) worker.kill();
    this.#crossroads.drop("engine");
  }

  async #pass(steps: number): Promise<void> {
    for (let i = 0; i < steps; i++) {
      this.#step++;
      for (const [worker, at] of this.#backAt) {
        if (at > this.#step) continue;
        this.#backAt.delete(worker);
        worker.start();
      }
      await this.#crossroads.step(this.#random, (who) => (this.#frozenUntil.get(who) ?? 0) <= this.#step);
    }
  }

  #calm(): void {
    this.#awayUntil = 0;
    this.#frozenUntil.clear();
    for (const worker of this.#workers) {
      worker.losesAnswer = false;
      worker.start();
    }
    this.#backAt.clear();
  }

  async #happen(what: DeliveryHappening): Promise<void> {
    const worker = "worker" in what ? this.#workers[what.worker] : undefined;
    if (worker && (what.do === "freeze-worker" || what.do === "overtake"))
      this.#frozenUntil.set(worker.who, this.#step + what.forSteps);
    if (what.do === "freeze-worker") return;
    if (what.do === "lapse" || what.do === "overtake") await ageClaims(this.#stage.delivery.db, LEASE_MS);
    else if (what.do === "store-away") this.#awayUntil = this.#step + what.forSteps;
    else if (what.do === "lose-engine") {
      this.#engine.builds.lose();
      this.#engine.commands.lose();
    } else if (worker && what.do === "lose-answer") worker.losesAnswer = true;
    else if (worker && (what.do === "kill-worker" || what.do === "stop-worker")) {
      if (what.do === "kill-worker") worker.kill();
      else worker.stop();
      this.#backAt.set(worker, this.#step + what.forSteps);
    } else
      await this.#wish(what).catch((thrown) => {
        if (!(thrown instanceof BusinessError)) throw thrown;
      });
  }

  /** As the API does it. What it refuses changes nothing. */
  async #wish(what: DeliveryHappening): Promise<void> {
    const { delivery, appId } = this.#stage;
    const { actor } = delivery;
    if (what.do === "push") {
      const number = ++this.#pushes;
      const sourceVersion = number.toString(16).padStart(40, "0");
      const sourceDigest = sourceOf(what.outcome, number);
      await createBuild({ appId, actor, sourceDigest, sourceVersion, gitRef: REF }, delivery);
    } else if (what.do === "cancel") {
      const build = (await this.#builds()).at(-1 - what.back);
      if (!build) return;
      const builder = {
        cancel: async (id: string) => this.#engine.builds.all.get(id)?.end({ kind: "cancelled" }),
      };
      await cancelBuild({ appId, actor, buildId: build.id }, { ...delivery, builder });
      this.#cancelled.add(build.id);
    } else if (what.do === "set-config") {
      const change = { STEP: String(this.#step) };
      await changeAppConfig({ appId, actor, change }, delivery);
    } else if (what.do === "roll-back") {
      const version = (await delivery.releases(appId)).length - what.releases;
      if (version > 0) await rollBack({ appId, actor, to: `v${version}` }, delivery);
    } else if (what.do === "retry") await retryRelease({ appId, actor }, delivery);
    else if (what.do === "delete") {
      await delivery.db.transaction().execute((trx) => deleteApp(trx, appId));
      this.#isDeleted = true;
    }
  }

  async #builds(): Promise<readonly Build[]> {
    const { delivery, appId } = this.#stage;
    const all = await listBuilds(delivery.db, appId, { field: "created_at", order: "asc", max: 1_000 });
    return all.items.toSorted((a, b) => Number(a.sequence - b.sequence));
  }

  async #isFinished(id: string): Promise<boolean> {
    const { delivery, appId } = this.#stage;
    const build = await findBuildById(delivery.db, id);
    if (build) return build.finishedAt !== null;
    const release = await findRelease(delivery.db, appId, id);
    return release !== undefined && release.status !== "pending";
  }

  /** What must hold at every moment. */
  async #broken(): Promise<string | undefined> {
    const { delivery, appId } = this.#stage;
    for (const { id, status } of [...(await this.#builds()), ...(await delivery.releases(appId))]) {
      const before = this.#ended.get(id);
      if (before !== undefined && before !== status) return `what was ${before} is ${status}`;
      if (status !== "pending") this.#ended.set(id, status);
    }
    return this.#engine.broken[0];
  }

  async #unsettled(): Promise<string | undefined> {
    const { delivery, appId } = this.#stage;
    for (const build of await this.#builds()) {
      if (build.status === "pending") return `build ${build.sequence} is pending`;
      if (!build.finishedAt) return `build ${build.sequence} was not told to its end`;
    }
    for (const { version, status } of await delivery.releases(appId))
      if (status === "pending") return `v${version} is pending`;
    return undefined;
  }

  /** What is not as it must be in the end. */
  async #wrong(): Promise<string | undefined> {
    if (this.#isDeleted) return undefined;
    const { delivery, appId } = this.#stage;
    const [builds, releases] = [await this.#builds(), await delivery.releases(appId)];
    const gap = releases.find(({ version }, i) => version !== i + 1);
    if (gap) return `v${gap.version} has the place of another`;
    const newest = releases.findLast(({ status }) => status === "succeeded");
    const current = releases.filter((release) => release.current);
    if (current.length !== 1 || current[0]?.id !== newest?.id)
      return `v${current.map(({ version }) => version)} is current, v${newest?.version} succeeded last`;
    for (const build of builds) {
      const wrong = this.#wrongBuild(build, releases, builds) ?? this.#wrongOutput(build.id, build.sequence);
      if (wrong) return wrong;
    }
    for (const release of releases) {
      const wrong =
        this.#wrongCommand(release) ??
        (release.runsCommand && this.#wrongOutput(release.id, release.version));
      if (wrong) return wrong;
    }
    const last = builds.findLast(({ status }) => status === "succeeded")?.sourceVersion ?? undefined;
    if (this.#engine.refs.get(REF) !== last)
      return `the branch is at ${this.#engine.refs.get(REF)}, not at ${last}`;
    const query = "select id from oci_images where app_id = $1";
    const images = (await delivery.database.query(query, [appId])).rows.length;
    const withImage = builds.filter(({ imageId }) => imageId !== null).length;
    return images === withImage ? undefined : `${images} images of ${withImage} builds`;
  }

  #wrongBuild(build: Build, releases: readonly Release[], builds: readonly Build[]): string | undefined {
    const name = `build ${build.sequence} (${build.sourceDigest})`;
    const made = releases.filter((release) => release.buildId === build.id);
    const outcome = outcomeOf(build.sourceDigest ?? "");
    if (this.#cancelled.has(build.id) !== (build.status === "cancelled"))
      return `${name} is ${build.status}, and was ${this.#cancelled.has(build.id) ? "" : "not "}cancelled`;
    if (build.status !== "succeeded") {
      if (made.length > 0) return `${name} is ${build.status} and has a release`;
      if (build.status === "failed" && outcome !== "bad" && !NO_FAULT_OF_ITS.test(build.message ?? ""))
        return `${name} failed: ${build.message}`;
      return undefined;
    }
    if (outcome === "bad") return `${name} succeeded`;
    if (build.releaseId === null) {
      const newer = builds.some(({ sequence, releaseId }) => sequence > build.sequence && releaseId !== null);
      return newer && made.length === 0 ? undefined : `${name} has no release`;
    }
    const [release] = made;
    return made.length === 1 && release?.id === build.releaseId && release.imageId === build.imageId
      ? undefined
      : `${name} has ${made.length} releases, or one of another image`;
  }

  #wrongOutput(id: string, number: bigint | number): string | undefined {
    const output = this.#engine.outputs.get(id);
    if (!output) return `of ${number} nothing was told`;
    return output.isEnded ? undefined : `what is told of ${number} has no end`;
  }

  #wrongCommand({ version, status, runsCommand, imageInfo }: Release): string | undefined {
    if (!runsCommand) return status === "succeeded" ? undefined : `v${version} has no command and ${status}`;
    const fails = imageInfo?.processes.some(({ command }) => command.includes("fails"));
    return (status === "failed") === fails
      ? undefined
      : `v${version} ${status} after a command that ${fails ? "failed" : "did not"}`;
  }
}
