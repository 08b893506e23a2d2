import {
  type DeliverySchedule,
  type DeliveryStep,
  describeDeliverySchedule,
  makeDeliverySchedule,
} from "./delivery-schedule-fixtures.ts";
import { Shrinking } from "./leave-out-steps-fixtures.ts";
import type { Played, PlayOptions } from "./play-in-threads-fixtures.ts";
import { type DeliveryStage, startDeliveryStage } from "./run-delivery-fixtures.ts";

const SAY_EVERY_MS = 5_000;
/** Failures that are shrunk and told whole; of the others the seed is told. */
const TOLD_WHOLE = 3;

/** Plays the schedules of builds and releases of so many seeds, one after the other: the database takes one of two cores. */
export async function playDeliveries(options: Omit<PlayOptions, "workers">): Promise<Played> {
  const { seed, count, say, signal } = options;
  const stage = await startDeliveryStage();
  const began = performance.now();
  let [played, failed, saidAt] = [0, 0, began];
  const rate = () => Number(((played * 1_000) / (performance.now() - began)).toFixed(1));
  try {
    for (; played < count && !signal.aborted; played++) {
      const schedule = makeDeliverySchedule(seed + played);
      const failure = await stage.run(schedule);
      if (performance.now() - saidAt >= SAY_EVERY_MS) {
        saidAt = performance.now();
        say(`${played} of ${count} schedules, ${rate()} a second`);
      }
      if (failure === undefined) continue;
      say(`seed ${seed + played}: ${failure}`);
      if (++failed <= TOLD_WHOLE) await tellWhole(schedule, failure, { stage, say });
    }
    return { passed: played - failed, failed, rate: rate() };
  } finally {
    await stage.stop();
  }
}

async function tellWhole(
  schedule: DeliverySchedule,
  failure: string,
  { stage, say }: { readonly stage: DeliveryStage; readonly say: (line: string) => void },
): Promise<void> {
  const shrunk = await shrinkDelivery(schedule, failure, stage.run);
  say(`${shrunk.schedule.steps.length} of its ${schedule.steps.length} steps are enough: ${shrunk.failure}`);
  for (const line of describeDeliverySchedule(shrunk.schedule)) say(line);
}

/** The smallest schedule that is found and still breaks a promise. */
export async function shrinkDelivery(
  schedule: DeliverySchedule,
  failure: string,
  run: (schedule: DeliverySchedule) => Promise<string | undefined>,
) {
  const shrinking = new Shrinking<DeliveryStep, DeliverySchedule>(
    { schedule, failure },
    {
      run,
      waitOf: ({ afterSteps }) => afterSteps,
      withWait: (step, afterSteps) => ({ ...step, afterSteps }),
    },
  );
  await shrinking.leaveOutSteps();
  await shrinking.leaveOutWaits();
  return shrinking.best;
}
