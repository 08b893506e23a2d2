import { readNumbers, type Unasked } from "./number-arguments.ts";

/** Which part of which schedule of faults is tried. */
export interface FaultArguments {
  readonly seed: number;
  /** The number of the first point. */
  readonly from: number;
  readonly points: number;
}

const DEFAULTS: FaultArguments = { seed: 1, from: 0, points: 500 };
const USAGE = "Usage: npm run test:faults -- [--seed <number>] [--from <point>] [--points <number>]";

/** Reads the arguments of `npm run test:faults`; all of them are whole numbers. Without `--points` it goes on to the 500th. */
export function readFaultArguments(args: readonly string[]): FaultArguments | Unasked {
  return readNumbers(args, {
    names: ["seed", "from", "points"],
    usage: USAGE,
    complete: ({ seed = DEFAULTS.seed, from = DEFAULTS.from, points }) => {
      if (points === 0) throw new Error("--points must be 1 or more.");
      return { seed, from, points: points ?? Math.max(1, DEFAULTS.points - from) };
    },
  });
}
