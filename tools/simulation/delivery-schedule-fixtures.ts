import { describeSteps } from "./describe-steps-fixtures.ts";
import { pickWeighted, SeededRandom } from "./virtual-time-fixtures.ts";

/** What becomes of a source: `bad` does not build; `migrates` and `fails` have a release command, of which the second fails. */
export type Outcome = "good" | "bad" | "migrates" | "fails";

/** What somebody asks for, or what befalls those who do it. */
export type DeliveryHappening =
  | { readonly do: "push"; readonly outcome: Outcome }
  /** The newest but so many. */
  | { readonly do: "cancel"; readonly back: number }
  | { readonly do: "set-config" }
  | { readonly do: "roll-back"; readonly releases: number }
  | { readonly do: "retry" }
  | { readonly do: "delete" }
  | { readonly do: "kill-worker"; readonly worker: number; readonly forSteps: number }
  /** Told to end in good order. */
  | { readonly do: "stop-worker"; readonly worker: number; readonly forSteps: number }
  /** It does nothing, and then goes on as if no time had passed. */
  | { readonly do: "freeze-worker"; readonly worker: number; readonly forSteps: number }
  /** Every lease is over, so that another process may take the claims. */
  | { readonly do: "lapse" }
  /** A process is frozen past its leases, and another takes over. */
  | { readonly do: "overtake"; readonly worker: number; readonly forSteps: number }
  | { readonly do: "store-away"; readonly forSteps: number }
  /** Its next transaction is done, and it is told that it failed. */
  | { readonly do: "lose-answer"; readonly worker: number }
  /** Builds and release commands end without a result, and nobody knows them any more. */
  | { readonly do: "lose-engine" };

export type DeliveryStep = DeliveryHappening & { readonly afterSteps: number };

export interface DeliverySchedule {
  readonly seed: number;
  readonly workers: 1 | 2;
  readonly steps: readonly DeliveryStep[];
}

const OUTCOMES: readonly Outcome[] = ["good", "good", "migrates", "migrates", "fails", "bad"];

type Maker = (random: SeededRandom, workers: number) => DeliveryHappening;

/** With their weights. */
const MAKERS: readonly (readonly [number, Maker])[] = [
  [8, (r) => ({ do: "push", outcome: r.pick(OUTCOMES) })],
  [2, (r) => ({ do: "cancel", back: r.below(2) })],
  [3, () => ({ do: "set-config" })],
  [2, (r) => ({ do: "roll-back", releases: 1 + r.below(3) })],
  [1, () => ({ do: "retry" })],
  [0.2, () => ({ do: "delete" })],
  [3, (r, n) => ({ do: "kill-worker", worker: r.below(n), forSteps: r.below(60) })],
  [1, (r, n) => ({ do: "stop-worker", worker: r.below(n), forSteps: r.below(60) })],
  [2, (r, n) => ({ do: "freeze-worker", worker: r.below(n), forSteps: r.pick([20, 100, 400]) })],
  [2, () => ({ do: "lapse" })],
  [2, overtake],
  [1, (r) => ({ do: "store-away", forSteps: r.below(40) })],
  [2, (r, n) => ({ do: "lose-answer", worker: r.below(n) })],
  [1, () => ({ do: "lose-engine" })],
];
const FEWEST_STEPS = 4;
/** So many steps a build takes, with all that both processes do besides. */
const MOST_OF_A_BUILD = 120;
const MOST_STEPS = 20;

/** The schedule of a seed. */
export function makeDeliverySchedule(seed: number): DeliverySchedule {
  const random = new SeededRandom(seed);
  const workers = random.chance(0.8) ? 2 : 1;
  const length = FEWEST_STEPS + Math.floor((MOST_STEPS - FEWEST_STEPS) * random.next() ** 2);
  const steps: DeliveryStep[] = [{ do: "push", outcome: random.pick(OUTCOMES), afterSteps: 0 }];
  while (steps.length < length) {
    const isUnderWay = steps.at(-1)?.do === "push" && random.chance(0.6);
    steps.push(
      isUnderWay
        ? { ...overtake(random, workers), afterSteps: random.below(MOST_OF_A_BUILD) }
        : { ...happening(random, workers), afterSteps: random.pick([0, 3, 10, 30, 80]) },
    );
  }
  return { seed, workers, steps };
}

function overtake(random: SeededRandom, workers: number): DeliveryHappening {
  return { do: "overtake", worker: random.below(workers), forSteps: 100 + random.below(300) };
}

function happening(random: SeededRandom, workers: number): DeliveryHappening {
  return pickWeighted(random, MAKERS)?.(random, workers) ?? { do: "lapse" };
}

/** A schedule as lines for people. */
export function describeDeliverySchedule({ seed, workers, steps }: DeliverySchedule): readonly string[] {
  let at = 0;
  const told = steps.map(({ afterSteps, ...how }) => {
    at += afterSteps;
    return { when: `after ${String(at).padStart(4)} steps`, how };
  });
  return describeSteps({ seed, workers }, told);
}
