import { type DynoRoster, makeDynoRoster } from "../../platform/src/drivers/embedded/dynos/dyno-roster.ts";
import type { DynoRun, RunOptions } from "../../platform/src/drivers/embedded/dynos/dyno-run.ts";
import {
  type EmbeddedDynoHost,
  takeUpDynos,
} from "../../platform/src/drivers/embedded/dynos/embedded-dyno-host.ts";
import type { JournalEntry } from "../../platform/src/drivers/embedded/dynos/host-journal.ts";
import { watchUse } from "../../platform/src/drivers/embedded/dynos/sleeping-apps.ts";
import { type Claim, StaleClaim, silentLogger } from "../../platform/src/kernel/index.ts";
import type { AppDynos, DynoNews, DynoSpec } from "../../platform/src/runtime/dyno/index.ts";
import type { Promises } from "./promises-fixtures.ts";
import type { Program, Schedule } from "./schedule-fixtures.ts";
import type { SeededRandom, VirtualTime } from "./virtual-time-fixtures.ts";

export const DYNO_BYTES = 512 * 2 ** 20;
const IDLE_MS = 120_000;
const BOOT_MS: Readonly<Record<Program, number>> = {
  good: 300,
  slow: 20_000,
  exits: 200,
  mute: Number.POSITIVE_INFINITY,
  flaky: 300,
  stubborn: 300,
};

/** Why a watch ends. A reason of its own, since the usual one is an error with a stack that nobody reads. */
const OVER = "over";

/** A process of a dyno. */
interface Process {
  readonly spec: DynoSpec;
  end(code: number, outOfMemory?: boolean): void;
}

/**
 * One machine with the real host of dynos on it, whose processes and disk are simulated. It outlives its host: a host that is
 * killed takes the processes with it, and the journal stays.
 */
export class SimulatedMachine {
  readonly processes = new Set<Process>();
  host: EmbeddedDynoHost | undefined;
  roster: DynoRoster | undefined;
  #journal = new Map<string, JournalEntry>();
  readonly #asleep = new Set<string>();
  #life = { isOver: false };
  /** Who watches the present host. */
  readonly #watches = new Set<AbortController>();
  /** Told when it is killed. */
  readonly #callers = new Set<() => void>();
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  readonly #promises: Promises;
  readonly #schedule: Schedule;

  constructor(schedule: Schedule, world: { time: VirtualTime; random: SeededRandom; promises: Promises }) {
    this.#schedule = schedule;
    this.#time = world.time;
    this.#random = world.random;
    this.#promises = world.promises;
    this.#start();
  }

  /** Tells a caller that the host is killed while it waits for its answer. Returns what to call once it has one. */
  whenKilled(told: () => void): () => void {
    this.#callers.add(told);
    return () => void this.#callers.delete(told);
  }

  /** A call over the wire: refused while the host is away. What was refused for its claim must have been. */
  async apply(app: AppDynos, claim: Claim): Promise<void> {
    if (!this.host) throw new Error("the dyno host is away");
    this.#promises.offered(claim);
    try {
      await this.host.dynos.apply(app, claim);
    } catch (thrown) {
      if (thrown instanceof StaleClaim) this.#promises.refused(claim);
      throw thrown;
    }
    this.#promises.accepted(app, claim);
  }

  /** News until the host is killed, or until `end` is called. */
  watch(): { readonly news: AsyncIterable<DynoNews>; readonly end: () => void } {
    if (!this.roster) throw new Error("the dyno host is away");
    const watch = new AbortController();
    this.#watches.add(watch);
    const end = () => {
      this.#watches.delete(watch);
      watch.abort(OVER);
    };
    return { news: this.roster.broadcast.watchDynos(watch.signal), end };
  }

  kill(journal: "kept" | "lost"): void {
    this.#life.isOver = true;
    for (const told of this.#callers) told();
    this.#callers.clear();
    for (const watch of this.#watches) watch.abort(OVER);
    this.#watches.clear();
    this.host = undefined;
    this.roster = undefined;
    this.processes.clear();
    if (journal === "kept") return;
    this.#journal.clear();
    this.#promises.engineForgot();
  }

  revive(): void {
    if (!this.host) this.#start();
  }

  #start(): void {
    const { capacity, sleeps } = this.#schedule;
    const life = { isOver: false };
    this.#life = life;
    const after = (ms: number, work: () => void) =>
      this.#time.after(ms, () => {
        if (!life.isOver) work();
      });
    const now = this.#time.clock;
    const roster = makeDynoRoster({
      begin: (options) => this.#begin(options, after),
      after,
      now,
      passed: () => this.#time.elapsed,
      logs: { write: () => {} },
      logger: silentLogger,
      random: this.#random.next,
      directory: "/nowhere",
      ...(capacity === undefined ? {} : { memoryCapacity: capacity * DYNO_BYTES }),
    });
    const { look, ...use } = watchUse(roster, { idleMs: IDLE_MS, now, asleep: this.#asleep, keep: () => {} });
    const lookAgain = () => {
      look();
      after(30_000, lookAgain);
    };
    if (sleeps) lookAgain();
    const journal = this.#journal;
    this.roster = roster;
    this.host = takeUpDynos({
      roster,
      now,
      sleep: { ...use, stop: async () => {} },
      journal: {
        entries: new Map(journal),
        write: (entry) =>
          new Promise((written) => {
            after(this.#random.below(8), () => {
              journal.set(entry.appId, entry);
              written();
            });
          }),
        close: async () => {},
      },
    });
  }

  #begin({ spec, tell }: RunOptions, after: VirtualTime["after"]): DynoRun {
    const program = spec.displayCommand as Program;
    const gone = Promise.withResolvers<void>();
    let isOver = false;
    const soon = (ms: number, work: () => void) =>
      after(ms, () => {
        if (!isOver) work();
      });
    const process: Process = {
      spec,
      end: (code, outOfMemory = false) => {
        if (isOver) return;
        isOver = true;
        this.processes.delete(process);
        gone.resolve();
        after(1, () => tell({ kind: "exited", code, ...(outOfMemory ? { outOfMemory } : {}) }));
      },
    };
    this.processes.add(process);
    this.#promises.began(spec, this.processes);
    soon(2 + this.#random.below(20), () => tell({ kind: "started" }));
    if (spec.duty !== "work") this.#boot(program, spec, { soon, tell });
    if (program === "exits") soon(BOOT_MS.exits, () => process.end(1));
    if (program === "flaky") soon(5_000 + this.#random.below(20_000), () => process.end(1));
    return {
      signal: () => {
        if (program !== "stubborn") soon(this.#random.below(2_000), () => process.end(143));
      },
      kill: () => void soon(1, () => process.end(137)),
      freeze: async () => "frozen",
      thaw: () => {},
      enter: async () => {
        throw new Error("nobody enters");
      },
      gone: gone.promise,
    };
  }

  #boot(
    program: Program,
    spec: DynoSpec,
    { soon, tell }: { soon: VirtualTime["after"]; tell: RunOptions["tell"] },
  ): void {
    const bootMs = BOOT_MS[program] + this.#random.below(400);
    const limitMs = spec.bootSeconds * 1_000;
    if (program === "exits") return;
    if (bootMs > limitMs) soon(limitMs, () => tell({ kind: "boot-timeout", found: [], port: 1 }));
    else
      soon(bootMs, () => {
        tell({ kind: "listening", address: { host: "127.0.0.1", port: 1 } });
        this.#promises.listened(spec);
      });
  }
}
