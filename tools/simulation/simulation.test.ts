import { describe, expect, test } from "vitest";
import type { FormationStep, FormationWorld } from "../../platform/src/runtime/formation/plan-formation.ts";
import { playInThreads } from "./play-in-threads-fixtures.ts";
import { runSchedule } from "./run-schedule-fixtures.ts";
import { describeSchedule, makeSchedule, type Step } from "./schedule-fixtures.ts";
import { shrinkSchedule } from "./shrink-schedule-fixtures.ts";
import { FailureReport, playSeeds } from "./simulate-fixtures.ts";
import type { Defects } from "./simulated-record-fixtures.ts";
import { SeededRandom, VirtualTime } from "./virtual-time-fixtures.ts";

/** Schedules take milliseconds each, and a busy machine takes several times as long. */
const LONG_MS = 180_000;

test("a sample of schedules keeps every promise", { timeout: LONG_MS }, async () => {
  expect(await playSeeds({ seed: 0, count: 400 })).toEqual([]);
});

test("schedules that broke a promise once, or were thought to, keep it", { timeout: LONG_MS }, async () => {
  for (const seed of [30101, 45363, 58901, 255509]) expect(await playSeeds({ seed, count: 1 })).toEqual([]);
});

/** A successor takes over before it listens. */
function switchEarly(steps: readonly FormationStep[], { dynos, observed }: FormationWorld) {
  const early = dynos.filter(({ id, duty }) => duty === "stand-by" && observed.get(id)?.kind === "starting");
  const taken = early.flatMap(({ id, index }): readonly FormationStep[] => {
    const old = dynos.filter((one) => one.type === "web" && one.duty === "serve" && one.index === index);
    return [{ kind: "serve", id, index }, ...old.map((one) => ({ kind: "stop", id: one.id }) as const)];
  });
  return [...steps, ...taken];
}

/** Each of them alone does no harm. */
const BLIND = { blindRecord: true, blindClaim: true };

describe("a planted defect is found and shrunk", () => {
  test.each<[string, number, Defects, RegExp]>([
    ["a switch that waits for nobody", 2, { plan: switchEarly }, /had never listened/],
    ["a plan recorded for a record that has changed", 119, BLIND, /^two dynos work as/],
  ])("%s", { timeout: LONG_MS }, async (_what, seed, defects, expected) => {
    const schedule = makeSchedule(seed);
    expect(await runSchedule(schedule)).toBeUndefined();
    const failure = await runSchedule(schedule, { defects });
    expect(failure).toMatch(expected);
    const shrunk = await shrinkSchedule(schedule, failure ?? "", defects);
    expect(shrunk.failure).toMatch(expected);
    expect(shrunk.schedule.steps.length).toBeLessThanOrEqual(6);
    expect(await runSchedule(shrunk.schedule)).toBeUndefined();
    expect(await runSchedule(shrunk.schedule, { defects })).toBe(shrunk.failure);
  });

  test("and told with its seed and the steps that are enough", { timeout: LONG_MS }, async () => {
    const said: string[] = [];
    const say = (line: string) => void said.push(line);
    const defects = { plan: switchEarly };
    const [failure] = await playSeeds({ seed: 2, count: 1 }, defects);
    if (!failure) throw new Error("seed 2 does not fail");
    await new FailureReport(say, defects).tell(failure);
    expect(said[0]).toMatch(/^seed 2: web/);
    expect(said[1]).toMatch(/^\d of its 12 steps are enough: /);
    expect(said[2]).toMatch(/^seed 2, workers 2, web 3/);
    expect(said.slice(3).join("\n")).toMatch(/^ +0\.000 s {2}release, program/m);
  });
});

test("what fails is told in the order of the seeds, and only the first ones whole", {
  timeout: LONG_MS,
}, async () => {
  const said: string[] = [];
  const report = new FailureReport((line) => void said.push(line));
  for (const seed of [1, 2, 3, 4, 5]) await report.tell({ seed, failure: "it broke" });
  expect(said.filter((line) => line.endsWith(": it broke") && line.startsWith("seed"))).toEqual(
    [1, 2, 3, 4, 5].map((seed) => `seed ${seed}: it broke`),
  );
  expect(said.filter((line) => line.includes("are enough"))).toHaveLength(3);
});

describe("schedules side by side", () => {
  test("fail as they fail alone, in the order of their seeds", { timeout: LONG_MS }, async () => {
    const defects = { plan: switchEarly };
    const together = await playSeeds({ seed: 0, count: 40 }, defects);
    expect(together.length).toBeGreaterThan(1);
    const alone: unknown[] = [];
    for (let seed = 0; seed < 40; seed++) {
      const failure = await runSchedule(makeSchedule(seed), { defects });
      if (failure !== undefined) alone.push({ seed, failure });
    }
    expect(together).toEqual(alone);
  });

  test("are played by any number of threads", { timeout: LONG_MS }, async () => {
    const said: string[] = [];
    const say = (line: string) => void said.push(line);
    const { signal } = new AbortController();
    const { passed, failed } = await playInThreads({ seed: 0, count: 202, workers: 2, say, signal });
    expect({ passed, failed }).toEqual({ passed: 202, failed: 0 });
    expect(said.filter((line) => !line.includes("a second"))).toEqual([]);
  });

  test("end when they are told to, and count what was played", { timeout: LONG_MS }, async () => {
    const stop = new AbortController();
    const run = { seed: 0, count: 1_000_000, workers: 1, say: () => {}, signal: stop.signal };
    const played = playInThreads(run);
    stop.abort();
    const { passed, failed } = await played;
    expect(passed).toBeLessThan(1_000);
    expect(failed).toBe(0);
  });
});

describe("a schedule", () => {
  test("is that of its seed, and another with another seed", () => {
    expect(makeSchedule(7)).toEqual(makeSchedule(7));
    expect(describeSchedule(makeSchedule(7))).not.toEqual(describeSchedule(makeSchedule(8)));
  });

  test("has five to forty steps, and every kind of step comes", () => {
    const schedules = Array.from({ length: 500 }, (_, seed) => makeSchedule(seed));
    const lengths = schedules.map(({ steps }) => steps.length);
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(5);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(40);
    const kinds = new Set<Step["do"]>(schedules.flatMap(({ steps }) => steps.map((step) => step.do)));
    expect(kinds.size).toBe(23);
  });
});

describe("virtual time", () => {
  test("stands still while a promise can go on, however many follow each other", async () => {
    const time = new VirtualTime();
    const seen: number[] = [];
    const chain = async (links: number) => {
      for (let link = 0; link < links; link++) await Promise.resolve();
      seen.push(time.elapsed);
    };
    void chain(100);
    time.after(10, () => void chain(100));
    time.after(20, () => {});
    await time.pass(30, 10);
    expect(seen).toEqual([0, 10]);
  });

  test("does what is due in its order, and what is due at once in the order it was asked for", async () => {
    const time = new VirtualTime();
    const done: string[] = [];
    const at = (ms: number, name: string) =>
      time.after(ms, () => void done.push(`${name} at ${time.elapsed}`));
    for (const ms of [30, 10, 20, 10]) at(ms, `after ${ms}`);
    at(15, "called off")();
    await time.pass(25, 100);
    expect(done).toEqual(["after 10 at 10", "after 10 at 10", "after 20 at 20"]);
    expect(time.elapsed).toBe(25);
    await time.pass(5, 100);
    expect(done.at(-1)).toBe("after 30 at 30");
  });

  test("sorts any number of events", async () => {
    const random = new SeededRandom(1);
    const time = new VirtualTime();
    const done: number[] = [];
    const due = Array.from({ length: 500 }, () => random.below(1_000));
    for (const ms of due) time.after(ms, () => void done.push(ms));
    await time.pass(1_000, 1_000);
    expect(done).toEqual(due.toSorted((a, b) => a - b));
  });

  test("has a clock that can be set while timers go on", async () => {
    const time = new VirtualTime();
    const begin = time.clock().getTime();
    let fired = false;
    time.after(10, () => {
      fired = true;
    });
    time.jump(-300_000);
    await time.pass(10, 10);
    expect(fired).toBe(true);
    expect(time.clock().getTime() - begin).toBe(-299_990);
  });

  test("does not go on for ever", async () => {
    const time = new VirtualTime();
    const again = () => void time.after(0, again);
    again();
    await expect(time.pass(1, 50)).rejects.toThrow("never comes to rest");
  });
});
