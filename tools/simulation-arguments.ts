import { availableParallelism } from "node:os";
import { readNumbers, type Unasked } from "./number-arguments.ts";

/** Which schedules are simulated. */
export interface SimulationArguments {
  /** Of the first schedule; each has the seed after that of the one before. */
  readonly seed: number;
  readonly count: number;
  /** Threads that play them; default: one for each processor. */
  readonly workers: number;
  /** Whether they are of builds and releases, and not of dynos. */
  readonly deliveries: boolean;
}

const ALL = 1_000_000;
const USAGE = `Usage: npm run test:simulation -- [--seed <number>] [--count <schedules>] [--workers <number>]
       npm run test:simulation -- [--seed <number>] --deliveries <schedules>

  Without --seed it begins with 0. Without --count it goes on for a million schedules; with --seed alone it repeats that one.
  --deliveries plays so many schedules of builds and releases in place of dynos', on a real database, in one thread.`;

/** Reads the arguments of `npm run test:simulation`; all of them are whole numbers. */
export function readSimulationArguments(args: readonly string[]): SimulationArguments | Unasked {
  return readNumbers(args, {
    names: ["seed", "count", "workers", "deliveries"],
    usage: USAGE,
    complete: (given) => {
      const { seed, deliveries } = given;
      if (deliveries !== undefined) return ofDeliveries(deliveries, given);
      const { count = seed === undefined ? ALL : 1, workers = availableParallelism() } = given;
      if (count === 0) throw new Error("--count must be 1 or more.");
      if (workers === 0) throw new Error("--workers must be 1 or more.");
      return { seed: seed ?? 0, count, workers, deliveries: false };
    },
  });
}

function ofDeliveries(
  count: number,
  given: Readonly<Partial<Record<"seed" | "count" | "workers", number>>>,
): SimulationArguments {
  if (count === 0) throw new Error("--deliveries must be 1 or more.");
  if (given.count !== undefined || given.workers !== undefined)
    throw new Error("--deliveries says how many there are, and takes one thread.");
  return { seed: given.seed ?? 0, count, workers: 1, deliveries: true };
}
