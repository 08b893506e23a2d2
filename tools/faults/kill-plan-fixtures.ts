import { randomOf, shuffle } from "../../conformance/src/faults/seeded-random.ts";
import { ROLES, type RoleName } from "./installation-under-test-fixtures.ts";

/** What a push has come to, in their order. */
export const STEPS = [
  "its source is received",
  "it is built",
  "its image is delivered",
  "it is released",
  "its dynos start",
  "visitors are led over",
] as const;
export type Step = (typeof STEPS)[number];

export type Kill = readonly [role: RoleName, step: Step];

/** A push is begun, or goes on, without these. */
const BESIDE = ["logs", "registry", "router", "agent"] as const satisfies readonly RoleName[];
/** A push goes through these. */
const WITHIN = ["api", "worker", "files", "database"] as const satisfies readonly RoleName[];

/** What is killed in the course of one push. */
export type KillsOfPush = readonly Kill[];

/** Every role in every step, each in a push of its own. */
export const ALL_KILLS: readonly KillsOfPush[] = STEPS.flatMap((step) =>
  ROLES.map((role): KillsOfPush => [[role, step]]),
);

/** Each role once and each step at least once, two in a push; another seed pairs them otherwise. */
export function chooseKills(seed: number): readonly KillsOfPush[] {
  const random = randomOf(seed);
  const within = shuffle(WITHIN, random);
  const later = [...shuffle(STEPS.slice(3), random), STEPS[2]];
  const earlier = [...shuffle(STEPS.slice(0, 2), random), ...shuffle(STEPS.slice(0, 2), random)];
  return shuffle(BESIDE, random).map((role, at) => [
    [role, earlier[at] ?? STEPS[0]],
    [within[at] ?? "api", later[at] ?? STEPS[2]],
  ]);
}
