import {
  type DeliverySchedule,
  type DeliveryStep,
  describeDeliverySchedule,
  makeDeliverySchedule,
} from "./delivery-schedule-fixtures.ts";
import { Shrinking } from "./leave-out-steps-fixtures.ts";
import type { PlayOptions } from "./play-in-threads-fixtures.ts";
import { type Played, Progress, SAY_EVERY_MS } from "./play-progress-fixtures.ts";
import { startDeliveryStage } from "./run-delivery-fixtures.ts";
import { ScheduleReport } from "./schedule-report-fixtures.ts";

/** Plays the schedules of builds and releases of so many seeds, one after the other: the database takes one of two cores. */
export async function playDeliveries(options: Omit<PlayOptions, "workers">): Promise<Played> {
  const { seed, count, say, signal } = options;
  const stage = await startDeliveryStage();
  const progress = new Progress(count);
  const report = new ScheduleReport<DeliverySchedule>(say, {
    make: makeDeliverySchedule,
    shrink: (schedule, failure) => shrinkDelivery(schedule, failure, stage.run),
    describe: describeDeliverySchedule,
  });
  const timer = setInterval(() => say(progress.line()), SAY_EVERY_MS);
  try {
    for (let next = seed; next < seed + count && !signal.aborted; next++) {
      const failure = await stage.run(makeDeliverySchedule(next));
      progress.add(1, failure === undefined ? 0 : 1);
      if (failure !== undefined) await report.tell({ seed: next, failure });
    }
    return progress.end();
  } finally {
    clearInterval(timer);
    await stage.stop();
  }
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
