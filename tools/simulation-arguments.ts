import { availableParallelism } from "node:os";
import { readNumbers, type Unasked } from "./number-arguments.ts";

/** Which schedules are simulated. */
export interface SimulationArguments {
  /** Of the first schedule; each has the seed after that of the one before. */
  readonly seed: number;
  readonly count: number;
  /** Threads that play them; default: one for each processor. */
  readonly workers: number;
}

const ALL = 1_000_000;
const USAGE = `Usage: npm run test:simulation -- [--seed <number>] [--count <schedules>] [--workers <number>]

  Without --seed it begins with 0. Without --count it goes on for a million schedules; with --seed alone it repeats that one.`;

/** Reads the arguments of `npm run test:simulation`; all of them are whole numbers. */
export function readSimulationArguments(args: readonly string[]): SimulationArguments | Unasked {
  return readNumbers(args, {
    names: ["seed", "count", "workers"],
    usage: USAGE,
    complete: ({ seed, count = seed === undefined ? ALL : 1, workers = availableParallelism() }) => {
      if (count === 0) throw new Error("--count must be 1 or more.");
      if (workers === 0) throw new Error("--workers must be 1 or more.");
      return { seed: seed ?? 0, count, workers };
    },
  });
}
