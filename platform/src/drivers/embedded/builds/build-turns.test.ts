import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeBuildTurns } from "./build-turns.ts";

const never = new AbortController().signal;
const quiet = () => {};

describe("build turns", () => {
  it("go in the order of asking, and tell who waits how many are before", async () => {
    const turns = makeBuildTurns(1);
    const told: number[] = [];
    const order: string[] = [];
    const first = await turns.take(never, quiet);
    const waiting = ["a", "b"].map(async (name) => {
      const done = await turns.take(never, (before) => told.push(before));
      order.push(name);
      done?.();
    });
    first?.();
    await Promise.all(waiting);
    expect({ told, order }).toEqual({ told: [0, 1], order: ["a", "b"] });
  });

  it("give no turn to one who left, or had left before asking, and lose none by it", async () => {
    const turns = makeBuildTurns(1);
    const first = await turns.take(never, quiet);
    const leaving = new AbortController();
    const left = turns.take(leaving.signal, quiet);
    const next = turns.take(never, quiet);
    leaving.abort();
    expect(await left).toBeUndefined();
    expect(await turns.take(AbortSignal.abort(), quiet)).toBeUndefined();
    first?.();
    first?.();
    const second = await next;
    expect(second).toBeTypeOf("function");
    leaving.abort();
    let third = false;
    const waiting = turns.take(never, quiet).then(() => {
      third = true;
    });
    await Promise.resolve();
    expect(third).toBe(false);
    second?.();
    await waiting;
  });

  it("never let out more than there are, and in the end let everyone who stayed have one", async () => {
    const step = fc.constantFrom("take", "take", "give", "leave" as const);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.array(step, { maxLength: 30 }),
        async (atOnce, steps) => {
          const turns = makeBuildTurns(atOnce);
          const out: (() => void)[] = [];
          const waiting: { abort: AbortController; ended: boolean }[] = [];
          let [asked, had, left] = [0, 0, 0];
          const settle = async () => {
            for (let i = 0; i < 5; i++) await Promise.resolve();
            expect(out.length).toBeLessThanOrEqual(atOnce);
          };
          for (const one of steps) {
            if (one === "give") out.pop()?.();
            if (one === "leave") waiting.find(({ ended }) => !ended)?.abort.abort();
            if (one === "take") {
              asked += 1;
              const mine = { abort: new AbortController(), ended: false };
              waiting.push(mine);
              void turns.take(mine.abort.signal, quiet).then((done) => {
                mine.ended = true;
                if (done) out.push(done);
                if (done) had += 1;
                else left += 1;
              });
            }
            await settle();
          }
          while (out.length > 0) {
            out.pop()?.();
            await settle();
          }
          expect(had + left).toBe(asked);
        },
      ),
      { numRuns: 200 },
    );
  });
});
