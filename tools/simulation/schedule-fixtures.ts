import { describeSteps } from "./describe-steps-fixtures.ts";
import { pickWeighted, SeededRandom } from "./virtual-time-fixtures.ts";

/**
 * What an app's program does. `good` listens soon, `slow` late; `exits` and `mute` never come up; `flaky` comes up and
 * ends again; `stubborn` is good and ignores SIGTERM.
 */
export type Program = "good" | "slow" | "exits" | "mute" | "flaky" | "stubborn";

export type ProcessType = "web" | "worker";

/** What somebody does, or what befalls the platform. */
export type Happening =
  | { readonly do: "release"; readonly program: Program; readonly variant: number }
  /** Releases again what was released so many releases before. */
  | { readonly do: "roll-back"; readonly releases: number }
  | { readonly do: "scale"; readonly type: ProcessType; readonly quantity: number }
  | { readonly do: "restart"; readonly type: ProcessType | "all" }
  | { readonly do: "stop"; readonly type: ProcessType }
  | { readonly do: "preboot"; readonly on: boolean }
  | { readonly do: "warm-rollback"; readonly on: boolean }
  | { readonly do: "delete" }
  | { readonly do: "visit" }
  /** All dynos are a day older: they are due to be replaced. */
  | { readonly do: "age" }
  /** The process of one of the dynos that run ends by itself. */
  | { readonly do: "crash"; readonly dyno: number; readonly how: "exit" | "memory" }
  /** All dynos die with it. */
  | { readonly do: "kill-host"; readonly forMs: number; readonly journal: "kept" | "lost" }
  | { readonly do: "kill-worker"; readonly worker: number; readonly forMs: number }
  /** It does nothing, and then goes on as if no time had passed. */
  | { readonly do: "freeze-worker"; readonly worker: number; readonly forMs: number }
  | { readonly do: "store-away"; readonly forMs: number }
  /** Of its next call to the engine, or write to the store. */
  | { readonly do: "lose"; readonly worker: number; readonly what: "request" | "answer" | "commit-answer" }
  /** What it is told of dynos comes late from now on. */
  | { readonly do: "slow-news"; readonly worker: number; readonly lagMs: number }
  | { readonly do: "cut-news"; readonly worker: number }
  | { readonly do: "double-news"; readonly worker: number }
  /** It is not told of what happens next to the app. */
  | { readonly do: "lose-hint"; readonly worker: number }
  /** Every claim's lease is over at once, as when the database's clock is set. */
  | { readonly do: "lapse" }
  | { readonly do: "set-clock"; readonly byMs: number }
  /** Memory for so many more dynos. */
  | { readonly do: "memory"; readonly dynos: number };

export type Step = Happening & { readonly afterMs: number };

export interface Schedule {
  readonly seed: number;
  /** Processes that reconcile. */
  readonly workers: 1 | 2;
  readonly web: number;
  readonly worker: number;
  /** The dynos are of a size that sleeps when nobody visits. */
  readonly sleeps: boolean;
  /** The machine has memory for so many dynos; missing: for any number. */
  readonly capacity?: number;
  readonly steps: readonly Step[];
}

export const LONGEST_JUMP_MS = 300_000;
const PROGRAMS: readonly Program[] = ["good", "good", "good", "slow", "exits", "mute", "flaky", "stubborn"];
const TYPES: readonly ProcessType[] = ["web", "web", "worker"];

type Maker = (random: SeededRandom, workers: number) => Happening;

/** With their weights. */
const MAKERS: readonly (readonly [number, Maker])[] = [
  [7, (r) => ({ do: "release", program: r.pick(PROGRAMS), variant: r.below(2) })],
  [3, (r) => ({ do: "roll-back", releases: 1 + r.below(2) })],
  [4, (r) => ({ do: "scale", type: r.pick(TYPES), quantity: r.below(4) })],
  [3, (r) => ({ do: "restart", type: r.pick(["web", "worker", "all"]) })],
  [1, (r) => ({ do: "stop", type: r.pick(TYPES) })],
  [1, (r) => ({ do: "preboot", on: r.chance(0.5) })],
  [0.5, (r) => ({ do: "warm-rollback", on: r.chance(0.5) })],
  [0.4, () => ({ do: "delete" })],
  [1, () => ({ do: "visit" })],
  [1, () => ({ do: "age" })],
  [3, (r) => ({ do: "crash", dyno: r.below(6), how: r.pick(["exit", "memory"]) })],
  [1, (r) => ({ do: "kill-host", forMs: 200 + r.below(5_000), journal: r.chance(0.9) ? "kept" : "lost" })],
  [2, (r, n) => ({ do: "kill-worker", worker: r.below(n), forMs: 200 + r.below(5_000) })],
  [2, (r, n) => ({ do: "freeze-worker", worker: r.below(n), forMs: r.pick([500, 16_000, 40_000]) })],
  [1, (r) => ({ do: "store-away", forMs: 200 + r.below(20_000) })],
  [3, (r, n) => ({ do: "lose", worker: r.below(n), what: r.pick(["request", "answer", "commit-answer"]) })],
  [2, (r, n) => ({ do: "slow-news", worker: r.below(n), lagMs: r.pick([0, 50, 500, 3_000, 10_000]) })],
  [1, (r, n) => ({ do: "cut-news", worker: r.below(n) })],
  [1, (r, n) => ({ do: "double-news", worker: r.below(n) })],
  [2, (r, n) => ({ do: "lose-hint", worker: r.below(n) })],
  [2, () => ({ do: "lapse" })],
  [1, (r) => ({ do: "set-clock", byMs: Math.round((r.next() * 2 - 1) * LONGEST_JUMP_MS) })],
  [0.5, (r) => ({ do: "memory", dynos: r.below(3) })],
];

const FEWEST_STEPS = 5;
const MOST_STEPS = 40;

/** The schedule of a seed: five to forty steps, most of them few and close together. */
export function makeSchedule(seed: number): Schedule {
  const random = new SeededRandom(seed);
  const workers = random.chance(0.6) ? 2 : 1;
  const spread = MOST_STEPS - FEWEST_STEPS;
  const length = FEWEST_STEPS + Math.floor(spread * random.next() ** 3);
  const first = { do: "release", program: random.pick(PROGRAMS), variant: 0, afterMs: 0 } as const;
  const base = { seed, workers, web: random.below(4), worker: random.below(3) } as const;
  const sleeps = random.chance(0.1);
  const capacity = random.chance(0.1) ? { capacity: 2 + random.below(5) } : {};
  const steps: Step[] = [first];
  while (steps.length < length) steps.push({ ...happening(random, workers), afterMs: gap(random) });
  return { ...base, sleeps, ...capacity, steps };
}

function happening(random: SeededRandom, workers: number): Happening {
  return pickWeighted(random, MAKERS)?.(random, workers) ?? { do: "visit" };
}

/** Within a round, while dynos start, or when all has come to rest. */
function gap(random: SeededRandom): number {
  const kind = random.next();
  if (kind < 0.4) return random.below(60);
  if (kind < 0.8) return random.below(8_000);
  return random.below(90_000);
}

/** A schedule as lines for people. */
export function describeSchedule({ steps, ...rest }: Schedule): readonly string[] {
  let at = 0;
  const told = steps.map(({ afterMs, ...how }) => {
    at += afterMs;
    return { when: `${(at / 1_000).toFixed(3).padStart(9)} s`, how };
  });
  return describeSteps(rest, told);
}
