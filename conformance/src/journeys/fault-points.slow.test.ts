import { afterAll, describe, test } from "vitest";
import { missingFor } from "../faults/begin-fault.ts";
import { type FaultyStage, openStage, stopInOrder, strike } from "../faults/faulty-stage.ts";
import { planFaults, pointTitle } from "../faults/plan-faults.ts";
import { playPoint } from "../faults/play-point.ts";

/**
 * A schedule of faults, which its seed decides. `npm test` tries its first points, which have each fault and each operation once; `npm run test:faults` tries 500, or as
 * many as CONIFER_FAULT_POINTS says, from the one that CONIFER_FAULT_FROM says.
 */
const { CONIFER_FAULT_SEED = "1", CONIFER_FAULT_POINTS = "11", CONIFER_FAULT_FROM = "0" } = process.env;
const seed = Number(CONIFER_FAULT_SEED);
const points = planFaults(seed, Number(CONIFER_FAULT_FROM), Number(CONIFER_FAULT_POINTS));
/** A platform is stopped after so many, looked after, and replaced by a fresh one. */
const PER_STAGE = 50;
const POINT_MS = 1_200_000;

let stage: FaultyStage | undefined;
let played = 0;

async function freshStage(): Promise<FaultyStage> {
  if (stage && played >= PER_STAGE) await leaveStage();
  stage ??= await openStage();
  played += 1;
  return stage;
}

/** Whatever it left behind when it had stopped is a failure. */
async function leaveStage(): Promise<void> {
  const left = stage;
  stage = undefined;
  played = 0;
  if (!left) return;
  try {
    const remains = await stopInOrder(left);
    if (remains.length > 0) throw new Error(`left behind with seed ${seed}:\n${remains.join("\n")}`);
  } finally {
    await strike(left);
  }
}

afterAll(leaveStage, POINT_MS);

describe(`faults of seed ${seed}`, () => {
  test.for(points.map((point) => ({ point, title: pointTitle(point) })))(
    "$title",
    { timeout: POINT_MS, retry: 0 },
    async ({ point }, { skip }) => {
      const missing = missingFor(point.fault);
      if (missing) skip(missing);
      const on = await freshStage();
      try {
        console.log(`${pointTitle(point)}: ${await playPoint(on, point)}`);
      } catch (thrown) {
        stage = undefined;
        played = 0;
        await strike(on);
        const again = `npm run test:faults -- --seed ${seed} --from ${point.index} --points 1`;
        throw new Error(`seed ${seed}, point ${pointTitle(point)}: ${String(thrown)}\nAgain: ${again}`, {
          cause: thrown,
        });
      }
    },
  );
});
