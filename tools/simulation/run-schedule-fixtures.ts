import { holdsRoom } from "../../platform/src/drivers/embedded/dynos/machine-room.ts";
import { Promises } from "./promises-fixtures.ts";
import type { Happening, Schedule } from "./schedule-fixtures.ts";
import { SimulatedMachine } from "./simulated-machine-fixtures.ts";
import { APP, type Defects, SimulatedRecord } from "./simulated-record-fixtures.ts";
import { SimulatedWorker } from "./simulated-worker-fixtures.ts";
import { SeededRandom, type Turns, VirtualTime } from "./virtual-time-fixtures.ts";

const DAY_MS = 28 * 3_600_000;
/** After the last fault all is as wanted within so long, and for as long as the clock was set back. */
const SETTLED_WITHIN_MS = 900_000;
const LOOK_MS = 30_000;
/** How long nothing may change once all is as wanted. */
const REST_MS = 90_000;
/** Each crash and start of a dyno that never stays up leads to one for each worker. */
const MOST_ROUNDS = 400;
const MOST_EVENTS = 60_000;

/** Everything that a schedule happens to. */
class SimulatedWorld {
  readonly promises = new Promises();
  readonly time: VirtualTime;
  readonly record: SimulatedRecord;
  readonly machine: SimulatedMachine;
  readonly workers: readonly SimulatedWorker[];
  setBackMs = 0;
  readonly #schedule: Schedule;

  constructor(schedule: Schedule, { turns, defects = {} }: RunScheduleOptions) {
    this.#schedule = schedule;
    this.time = new VirtualTime(turns);
    const random = new SeededRandom(~schedule.seed);
    const { time, promises } = this;
    this.record = new SimulatedRecord(schedule, { time, promises, defects });
    const { record } = this;
    promises.versionOf = (dynos) => record.versionOf(dynos);
    promises.isDeleted = () => record.isDeleted;
    this.machine = new SimulatedMachine(schedule, { time, random, promises });
    const { machine } = this;
    this.workers = Array.from(
      { length: schedule.workers },
      (_, i) => new SimulatedWorker(`worker-${i}`, { time, random, machine, record }),
    );
  }

  happen(what: Happening): void {
    if (this.#isWish(what)) {
      if (!this.record.isDeleted) this.#wish(what);
      for (const worker of this.workers) worker.hint();
    } else this.#fault(what);
  }

  #isWish({ do: what }: Happening): boolean {
    return WISHES.has(what);
  }

  #wish(what: Happening): void {
    const { record } = this;
    if (what.do === "release") record.release(what.program, what.variant);
    else if (what.do === "roll-back") {
      const target = record.releases.at(-1 - what.releases);
      if (target) record.release(target.program, target.variant);
    } else if (what.do === "scale") {
      record.quantities[what.type] = what.quantity;
      record.wishes++;
    } else if (what.do === "restart")
      record.retire(({ type, duty }) => duty !== "warm" && (what.type === "all" || type === what.type));
    else if (what.do === "stop") record.remove(what.type);
    else if (what.do === "delete") record.delete();
    else if (what.do === "preboot") {
      record.preboot = what.on;
      record.wishes++;
    } else if (what.do === "warm-rollback") {
      record.warmRollback = what.on;
      record.wishes++;
    }
  }

  #fault(what: Happening): void {
    const { record, machine, time, workers } = this;
    const worker = "worker" in what ? workers[what.worker] : undefined;
    if (what.do === "visit") void machine.host?.sleeping.used([APP]);
    else if (what.do === "age") record.age(DAY_MS);
    else if (what.do === "lapse") record.lapse();
    else if (what.do === "memory") record.memory = what.dynos;
    else if (what.do === "crash") {
      const running = [...machine.processes];
      running[what.dyno % Math.max(1, running.length)]?.end(1, what.how === "memory");
    } else if (what.do === "kill-host") {
      machine.kill(what.journal);
      time.after(what.forMs, () => machine.revive());
    } else if (what.do === "kill-worker") {
      worker?.kill();
      time.after(what.forMs, () => worker?.start());
    } else if (what.do === "store-away")
      for (const one of workers) one.storeAwayUntil = time.elapsed + what.forMs;
    else if (what.do === "set-clock") {
      time.jump(what.byMs);
      if (what.byMs < 0) this.setBackMs -= what.byMs;
    } else if (worker) faultOfWorker(worker, what);
  }

  /** No fault goes on, and none comes any more. */
  calm(): void {
    this.machine.revive();
    this.record.memory = Number.POSITIVE_INFINITY;
    for (const worker of this.workers) {
      worker.start();
      worker.thaw();
      worker.lagMs = 0;
      worker.storeAwayUntil = 0;
      worker.lost = undefined;
      worker.hintsToLose = 0;
    }
  }

  /** What is not as wanted, or undefined. */
  unsettled(): string | undefined {
    const { record, machine } = this;
    const machines = machine.roster?.ofApp(APP) ?? [];
    const ids = new Set(record.dynos.map(({ id }) => id));
    const left = machines.find(({ spec }) => !ids.has(spec.id));
    if (left) return `${left.spec.name} (${left.spec.id}) is not on record and has not ended`;
    for (const { spec } of machine.processes)
      if (!ids.has(spec.id)) return `a process of ${spec.name} (${spec.id}) is left`;
    if (record.isDeleted || !record.current) return undefined;
    const states = new Map(machines.map((one) => [one.spec.id, one]));
    for (const dyno of record.dynos) {
      const known = states.get(dyno.id);
      const name = `${dyno.type}.${dyno.index} (${dyno.id})`;
      if (!known) return `${name} is on record, and the engine does not know it`;
      if (known.spec.duty !== dyno.duty || known.spec.releaseId !== dyno.releaseId)
        return `the engine has ${name} as ${known.spec.duty}, the record as ${dyno.duty}`;
    }
    return this.#wrongPlaces();
  }

  #wrongPlaces(): string | undefined {
    const { record, machine } = this;
    const { current } = record;
    if (!current) return undefined;
    const key = `${current.program}${current.variant}`;
    const comesUp =
      current.program === "good" || current.program === "slow" || current.program === "stubborn";
    for (const type of ["web", "worker"] as const) {
      const active = record.dynos.filter((dyno) => dyno.type === type && dyno.duty !== "warm");
      const quantity = record.quantities[type];
      for (let index = 1; index <= quantity; index++) {
        const here = active.filter((dyno) => dyno.index === index);
        const fits = here.filter(
          (dyno) => dyno.key === key && dyno.releaseId === current.id && !dyno.retiring,
        );
        const isScarce = this.#schedule.capacity !== undefined || !comesUp;
        if (fits.length !== 1 && !isScarce) return `${type}.${index} has ${fits.length} dynos of the release`;
        if (here.length !== 1 && !isScarce) return `${type}.${index} has ${here.length} dynos`;
        if (here.length === 0 && this.#schedule.capacity === undefined) return `${type}.${index} has no dyno`;
        const phase = machine.roster?.find(fits[0]?.id ?? "")?.machine.phase.kind;
        const isUp =
          phase === "up" || (this.#schedule.sleeps && (phase === "asleep" || phase === "stopping"));
        if (!isScarce && !isUp) return `${type}.${index} is ${phase}`;
      }
      const beyond = active.find(({ index }) => index > quantity);
      if (beyond) return `${type}.${beyond.index} is left of ${quantity}`;
    }
    return this.#overbooked();
  }

  #overbooked(): string | undefined {
    const { capacity } = this.#schedule;
    const holding = (this.machine.roster?.ofApp(APP) ?? []).filter(holdsRoom).length;
    return capacity !== undefined && holding > capacity + 1
      ? `${holding} dynos hold room for ${capacity}`
      : undefined;
  }
}

const WISHES: ReadonlySet<Happening["do"]> = new Set([
  "release",
  "roll-back",
  "scale",
  "restart",
  "stop",
  "preboot",
  "warm-rollback",
  "delete",
]);

function faultOfWorker(worker: SimulatedWorker, what: Happening): void {
  if (what.do === "freeze-worker") worker.freeze(what.forMs);
  else if (what.do === "lose") worker.lost = what.what;
  else if (what.do === "slow-news") worker.lagMs = what.lagMs;
  else if (what.do === "cut-news") worker.cutNews();
  else if (what.do === "double-news") worker.doublesNews = true;
  else if (what.do === "lose-hint") worker.hintsToLose++;
}

export interface RunScheduleOptions {
  readonly defects?: Defects;
  /** Shared with schedules that run side by side. What becomes of this one does not depend on them. */
  readonly turns?: Turns;
}

/** Runs a schedule. Returns what broke, as a sentence; undefined when every promise was kept. */
export async function runSchedule(
  schedule: Schedule,
  options: RunScheduleOptions = {},
): Promise<string | undefined> {
  const world = new SimulatedWorld(schedule, options);
  const { time, promises, workers } = world;
  const pass = (ms: number) => time.pass(ms, MOST_EVENTS);
  try {
    for (const { afterMs, ...step } of schedule.steps) {
      await pass(afterMs);
      if (promises.failure() !== undefined) break;
      world.happen(step as Happening);
    }
    await pass(1);
    world.calm();
    const until = time.elapsed + SETTLED_WITHIN_MS + world.setBackMs;
    while (time.elapsed < until && world.unsettled() !== undefined && !promises.failure())
      await pass(LOOK_MS);
    if (promises.failure() !== undefined) return promises.failure();
    const wrong = world.unsettled();
    if (wrong)
      return `${Math.round((time.elapsed - until + SETTLED_WITHIN_MS) / 1_000)} s after the last fault ${wrong}`;
    const rounds = () => workers.reduce((sum, worker) => sum + worker.rounds, 0);
    const before = rounds();
    await pass(REST_MS);
    const more = rounds() - before;
    if (more > MOST_ROUNDS) return `${more} rounds in ${REST_MS / 1_000} s in which nothing was to be done`;
    // A warm dyno's time may have ended meanwhile; where room is scarce, dynos that take half a minute to leave may do so one by one.
    const left = time.elapsed + SETTLED_WITHIN_MS;
    while (time.elapsed < left && world.unsettled() !== undefined && !promises.failure()) await pass(LOOK_MS);
    return promises.failure() ?? world.unsettled();
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}
