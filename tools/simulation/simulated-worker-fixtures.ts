import type { Claim } from "../../platform/src/kernel/index.ts";
import type { AppDynos, DynoNews, DynoObservation } from "../../platform/src/runtime/dyno/index.ts";
import { makeCyclingPace } from "../../platform/src/runtime/formation/cycle-dynos.ts";
import { dynoMarkOf, NO_DYNOS } from "../../platform/src/runtime/formation/dyno-record-store.ts";
import {
  type FormationReconcilerDependencies,
  reconcileFormation,
} from "../../platform/src/runtime/formation/formation-reconciler.ts";
import {
  type AppMark,
  makeSettledApps,
  type SettledApps,
} from "../../platform/src/runtime/formation/settled-apps.ts";
import type { SimulatedMachine } from "./simulated-machine-fixtures.ts";
import { APP, type SimulatedRecord } from "./simulated-record-fixtures.ts";
import type { SeededRandom, VirtualTime } from "./virtual-time-fixtures.ts";

const RELIST_MS = 30_000;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 30_000;
const RENEW_MS = 5_000;
const WATCH_AGAIN_MS = 250;

interface World {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly machine: SimulatedMachine;
  readonly record: SimulatedRecord;
}

/**
 * A process that reconciles: the real reconciler on a record and an engine that are reached by calls which take time and may
 * fail. When it runs a round, and again after which pause, is as in the kernel's loop.
 */
export class SimulatedWorker {
  /** Rounds that it has begun, in all its lives. */
  rounds = 0;
  lagMs = 0;
  doublesNews = false;
  hintsToLose = 0;
  lost: "request" | "answer" | "commit-answer" | undefined;
  storeAwayUntil = 0;
  #frozenUntil = 0;
  #life: WorkerLife | undefined;
  readonly #name: string;
  readonly #world: World;

  constructor(name: string, world: World) {
    this.#name = name;
    this.#world = world;
    this.start();
  }

  start(): void {
    this.#life ??= new WorkerLife(this, this.#name, this.#world);
  }

  /** All that it knows is gone. What it has sent arrives. */
  kill(): void {
    this.#life?.end();
    this.#life = undefined;
  }

  freeze(ms: number): void {
    this.#frozenUntil = Math.max(this.#frozenUntil, this.#world.time.elapsed + ms);
  }

  thaw(): void {
    this.#frozenUntil = 0;
  }

  get frozenForMs(): number {
    return this.#frozenUntil - this.#world.time.elapsed;
  }

  cutNews(): void {
    this.#life?.cutNews();
  }

  hint(): void {
    if (this.hintsToLose > 0) this.hintsToLose--;
    else this.#life?.hint();
  }
}

/** News that are being listened to. */
interface Watching {
  isCut: boolean;
  end: () => void;
}

/** From a start to its kill. */
class WorkerLife {
  readonly #of: SimulatedWorker;
  readonly #world: World;
  readonly #deps: FormationReconcilerDependencies;
  readonly #apps: SettledApps;
  readonly #known = new Map<string, DynoObservation>();
  readonly #name: string;
  #isOver = false;
  #sessions = 0;
  #watching: Watching = { isCut: false, end: () => {} };
  #newsUntil = 0;
  readonly #news: { readonly news: DynoNews; readonly watching: Watching }[] = [];
  #held: { readonly claim: Claim; readonly renewAt: number } | undefined;
  #isRunning = false;
  #again = false;
  #failures = 0;
  #retry = () => {};

  constructor(of: SimulatedWorker, name: string, world: World) {
    this.#of = of;
    this.#name = name;
    this.#world = world;
    const { record, time } = world;
    const seen = () => [...this.#known.values()];
    this.#deps = {
      ledger: record.ledger((work, isWrite) => this.#ask(work, isWrite), seen),
      host: { apply: (app, claim) => this.#apply(app, claim) },
      watch: { session: () => this.#sessions, dynosOf: seen },
      clock: time.clock,
      logs: { write: () => {} },
      claim: () => this.#claim(),
      applied: new Map(),
      cycling: makeCyclingPace(),
    };
    const mark = (): AppMark => ({
      wishes: `${this.#sessions}/${record.wishes}`,
      dynos: dynoMarkOf(record.dynos),
    });
    this.#apps = makeSettledApps({
      clock: time.clock,
      start: 0,
      // One that is gone and still has dynos has another mark each time.
      marks: async () =>
        await this.#ask(() => {
          if (record.isDeleted)
            return new Map(
              this.#known.size > 0 ? [[APP, { wishes: `gone ${time.elapsed}`, dynos: NO_DYNOS }]] : [],
            );
          return new Map([[APP, mark()]]);
        }),
    });
    void this.#follow();
    void this.#relist();
  }

  end(): void {
    this.#isOver = true;
    this.cutNews();
  }

  hint(): void {
    this.#later(this.#world.random.below(30), () => this.#poke());
  }

  cutNews(): void {
    this.#watching.isCut = true;
    this.#watching.end();
  }

  /** What this process does after a while: never once it is killed, and only when it is thawed. */
  #later(ms: number, work: () => void): () => void {
    return this.#world.time.after(ms, () => {
      if (this.#isOver) return;
      const { frozenForMs } = this.#of;
      if (frozenForMs > 0) this.#later(frozenForMs, work);
      else work();
    });
  }

  /** A call to the store. */
  #ask<T>(work: () => T, isWrite = false): Promise<T> {
    const { time, random } = this.#world;
    return new Promise((resolve, reject) => {
      this.#later(random.below(4), () => {
        const away = time.elapsed < this.#of.storeAwayUntil;
        const isAnswerLost = isWrite && !away && this.#takeLost("commit-answer");
        if (away) return void this.#later(1, () => reject(new Error("the store is away")));
        let answer: T;
        try {
          answer = work();
        } catch (thrown) {
          return void this.#later(1, () => reject(thrown));
        }
        if (isAnswerLost) this.#later(1, () => reject(new Error("the store went away")));
        else resolve(answer);
      });
    });
  }

  #takeLost(what: SimulatedWorker["lost"]): boolean {
    if (this.#of.lost !== what) return false;
    this.#of.lost = undefined;
    return true;
  }

  /** A call to the engine. What was sent arrives, whatever becomes of the sender. */
  #apply(app: AppDynos, claim: Claim): Promise<void> {
    const { time, random, machine } = this.#world;
    if (this.#takeLost("request")) return Promise.reject(new Error("the dyno host cannot be reached"));
    const isAnswerLost = this.#takeLost("answer");
    return new Promise((resolve, reject) => {
      time.after(random.below(4), () => {
        // A host that is killed meanwhile never answers.
        const answered = machine.whenKilled(() => fail(new Error("the dyno host went away")));
        const fail = (thrown: unknown) => {
          this.#later(1, () => {
            answered();
            reject(thrown);
          });
        };
        machine.apply(app, claim).then(() => {
          if (isAnswerLost) fail(new Error("the answer was lost"));
          else
            this.#later(random.below(3), () => {
              answered();
              resolve();
            });
        }, fail);
      });
    });
  }

  async #claim(): Promise<Claim | undefined> {
    const { time, record } = this.#world;
    if (this.#held && this.#held.renewAt > time.elapsed) return this.#held.claim;
    const claim = await this.#ask(() => record.takeClaim(this.#name));
    this.#held = claim && { claim, renewAt: time.elapsed + RENEW_MS };
    return claim;
  }

  async #follow(): Promise<void> {
    const watching: Watching = { isCut: false, end: () => {} };
    this.#watching = watching;
    const { machine, random } = this.#world;
    try {
      const { news: all, end } = machine.watch();
      watching.end = end;
      for await (const news of all) {
        if (watching.isCut) break;
        const times = this.#of.doublesNews ? 2 : 1;
        this.#of.doublesNews = false;
        for (let i = 0; i < times; i++) this.#deliver(news, random.below(4) + this.#of.lagMs, watching);
      }
    } catch {
      // It is away.
    }
    this.#later(WATCH_AGAIN_MS, () => void this.#follow());
  }

  /** News come in their order, however late. */
  #deliver(news: DynoNews, ms: number, watching: Watching): void {
    const { time } = this.#world;
    this.#newsUntil = Math.max(this.#newsUntil, time.elapsed + ms);
    this.#news.push({ news, watching });
    this.#later(this.#newsUntil - time.elapsed, () => this.#takeNews());
  }

  /** The oldest, whichever time it was that came: those that came while it was frozen are told in their order, too. */
  #takeNews(): void {
    const oldest = this.#news.shift();
    if (!oldest || oldest.watching.isCut) return;
    const { news } = oldest;
    if (news.kind === "all") {
      this.#known.clear();
      this.#sessions++;
      for (const dyno of news.dynos) this.#know(dyno);
    } else this.#know(news.dyno);
    this.#poke();
  }

  #know(dyno: DynoObservation): void {
    if (dyno.state.kind === "complete") this.#known.delete(dyno.id);
    else this.#known.set(dyno.id, dyno);
  }

  async #relist(): Promise<void> {
    try {
      const apps = await this.#apps.list();
      if (apps.length > 0 && this.#failures === 0) this.#poke();
    } catch {
      // The next one may succeed.
    }
    this.#later(RELIST_MS, () => void this.#relist());
  }

  #poke(): void {
    this.#retry();
    if (this.#isRunning) this.#again = true;
    else void this.#round();
  }

  async #round(): Promise<void> {
    this.#isRunning = true;
    this.#of.rounds++;
    let againInMs: number | undefined;
    try {
      const outcome = await this.#apps.look(APP, (handed) =>
        reconcileFormation(APP, { ...this.#deps, handed }),
      );
      this.#failures = 0;
      if (outcome.kind === "waiting") againInMs = outcome.againInMs;
    } catch {
      againInMs = Math.min(FIRST_RETRY_MS * 2 ** this.#failures, LONGEST_RETRY_MS);
      this.#failures++;
    }
    this.#isRunning = false;
    if (againInMs !== undefined) this.#retry = this.#later(againInMs, () => this.#poke());
    if (!this.#again) return;
    this.#again = false;
    this.#poke();
  }
}
