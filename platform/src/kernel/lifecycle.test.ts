import { describe, expect, test } from "vitest";
import { type Part, startParts, within } from "./lifecycle.ts";

/** Parts that write down what happens to them. */
function script() {
  const happened: string[] = [];
  const part = (
    name: string,
    { failsStart = false, stop = async () => {} }: { failsStart?: boolean; stop?: () => Promise<void> } = {},
  ): Part => ({
    name,
    start: async () => {
      if (failsStart) throw new Error(`no ${name} today`);
      happened.push(`start ${name}`);
      return {
        stop: async () => {
          happened.push(`stop ${name}`);
          await stop();
        },
      };
    },
  });
  return { happened, part };
}

describe("parts", () => {
  test("start in order and stop in reverse", async () => {
    const { happened, part } = script();
    const running = await startParts([part("a"), part("b"), part("c")], 1_000);
    await running.stop();
    expect(happened).toEqual(["start a", "start b", "start c", "stop c", "stop b", "stop a"]);
  });

  test("that were started are stopped when a later one fails", async () => {
    const { happened, part } = script();
    const starting = startParts([part("a"), part("b"), part("c", { failsStart: true }), part("d")], 1_000);
    await expect(starting).rejects.toThrow("starting c: no c today");
    expect(happened).toEqual(["start a", "start b", "stop b", "stop a"]);
  });

  test("keep the cause of a failed start, also when a stop fails after it", async () => {
    const { part } = script();
    const bad = part("a", { stop: () => Promise.reject(new Error("stuck")) });
    const thrown = await startParts([bad, part("b", { failsStart: true })], 1_000).catch((e: Error) => e);
    expect(thrown).toMatchObject({ message: "starting b: no b today", cause: new Error("no b today") });
  });

  test("are all stopped, also when some fail or hang", async () => {
    const { happened, part } = script();
    const running = await startParts(
      [
        part("a"),
        part("b", { stop: () => new Promise(() => {}) }),
        part("c", { stop: () => Promise.reject(new Error("c is stuck")) }),
      ],
      20,
    );
    const thrown = await running.stop().catch((e: AggregateError) => e);
    expect(thrown).toBeInstanceOf(AggregateError);
    expect((thrown as AggregateError).errors.map(String)).toEqual([
      "Error: c is stuck",
      "Error: stopping b took longer than 20 ms",
    ]);
    expect(happened.slice(3)).toEqual(["stop c", "stop b", "stop a"]);
  });

  test("are stopped once, however often that is asked, and everybody waits for the end", async () => {
    const { happened, part } = script();
    const gate = Promise.withResolvers<void>();
    const running = await startParts([part("a", { stop: () => gate.promise })], 1_000);
    let second = false;
    const stops = [running.stop(), running.stop().then(() => (second = true))];
    await Promise.resolve();
    expect(second).toBe(false);
    gate.resolve();
    await Promise.all(stops);
    expect(happened).toEqual(["start a", "stop a"]);
  });

  test("may be none", async () => {
    await (await startParts([], 1_000)).stop();
  });
});

describe("work within a time", () => {
  test("gives its result or its failure", async () => {
    await expect(within(1_000, Promise.resolve(7), "counting")).resolves.toBe(7);
    await expect(within(1_000, Promise.reject(new Error("no")), "counting")).rejects.toThrow("no");
  });

  test("fails by name when it is late", async () => {
    await expect(within(5, new Promise(() => {}), "counting")).rejects.toThrow(
      "counting took longer than 5 ms",
    );
  });
});
