import { randomOf, shuffle } from "./seeded-random.ts";

/** What an outside client does when a fault comes. */
export const OPERATIONS = [
  "push",
  "build",
  "release phase",
  "deploy",
  "config change",
  "rollback",
  "scale",
  "run",
  "log tail",
  "API writes",
] as const;
export type Operation = (typeof OPERATIONS)[number];

/** What befalls the platform, and whom it can befall. */
export const FAULTS = {
  "kill -9 of the tree": ["npm", "supervisor", "everything"],
  "kill -9": ["control", "router", "host", "dyno"],
  "SIGSTOP and SIGCONT": ["supervisor", "control", "router", "host", "dyno"],
  "full disk": ["home"],
  "read-only disk": ["home"],
  "slow disk": ["home"],
  "PostgreSQL killed": ["server", "backend"],
  "PostgreSQL slow": ["server"],
  "clock five minutes ahead": ["roles"],
  "clock five minutes behind": ["roles"],
  "out of memory": ["control", "router", "host", "postgres"],
} as const;
export type FaultName = keyof typeof FAULTS;
export type Target = (typeof FAULTS)[FaultName][number];

/** One fault in the course of one operation. */
export interface FaultPoint {
  /** From 0, the same in every run with the seed. */
  readonly index: number;
  readonly operation: Operation;
  readonly fault: FaultName;
  readonly target: Target;
  /** Milliseconds from the beginning of the operation to that of the fault; below 0, the fault comes first. */
  readonly afterMs: number;
  /** How long the fault lasts, in milliseconds, where it has a length. */
  readonly lastsMs: number;
  /** Chooses what the operation does, from 0 to below 1. */
  readonly choice: number;
}

/** So many points meet every operation with every fault. */
export const ROUND = OPERATIONS.length * Object.keys(FAULTS).length;
const SHORTEST_MS = 500;
const LONGEST_MS = 3_000;
const MOMENTS_MS = [-200, 0, 20, 80, 300, 900, 2_000, 4_000] as const;

/**
 * The point of this number in the schedule of the seed. Each round of points meets every operation with every fault
 * once: their numbers have no common factor, so that walking both lists in step visits every pair, and any few points
 * in a row are of different operations and faults.
 */
export function planPoint(seed: number, index: number): FaultPoint {
  const round = Math.floor(index / ROUND);
  const inRound = index % ROUND;
  const ofRound = chanceOf(seed, -1 - round);
  const operations = shuffle(OPERATIONS, ofRound);
  const faults = shuffle(Object.keys(FAULTS) as FaultName[], ofRound);
  const random = chanceOf(seed, index);
  const operation = at(operations, inRound);
  const fault = at(faults, inRound);
  return {
    index,
    operation,
    fault,
    target: pick<Target>(FAULTS[fault], random),
    afterMs: pick(MOMENTS_MS, random),
    lastsMs: Math.round(SHORTEST_MS + random() * (LONGEST_MS - SHORTEST_MS)),
    choice: random(),
  };
}

/** So many points of the seed's schedule, from a number on. */
export function planFaults(seed: number, from: number, points: number): readonly FaultPoint[] {
  return Array.from({ length: points }, (_, i) => planPoint(seed, from + i));
}

/** What a point is, in words: the name of its test. */
export function pointTitle({ index, operation, fault, target, afterMs }: FaultPoint): string {
  const when = afterMs < 0 ? "before" : `${afterMs} ms into`;
  return `${index}: ${fault} of ${target}, ${when} ${operation}`;
}

function at<T>(items: readonly T[], index: number): T {
  return items[index % items.length] as T;
}

function pick<T>(items: readonly T[], random: () => number): T {
  return at(items, Math.floor(random() * items.length));
}

/** Chance of its own for each number of a schedule. */
function chanceOf(seed: number, number: number): () => number {
  return randomOf(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number, 0x85ebca6b));
}
