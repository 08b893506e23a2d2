import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeBuildTurns, orderTurns, type TurnWish } from "./build-turns.ts";

const never = new AbortController().signal;
const quiet = () => {};
/** The n-th accepted build, of an owner. */
const wish = (n: number, ownerId = "one", rank: TurnWish["rank"] = 1): TurnWish => ({
  ownerId,
  rank,
  acceptedAt: new Date(n).toISOString(),
});

describe("the order of turns", () => {
  const of = (waiting: readonly TurnWish[], working: Record<string, number> = {}) =>
    orderTurns(waiting, new Map(Object.entries(working)))
      .map(({ ownerId, acceptedAt }) => `${ownerId}${Date.parse(acceptedAt)}`)
      .join(" ");

  it.each<[string, readonly TurnWish[], Record<string, number>, string]>([
    ["nobody", [], {}, ""],
    ["one owner's, as accepted", [wish(2, "a"), wish(1, "a")], {}, "a1 a2"],
    [
      "two owners' in turn, whoever asked first",
      [wish(1, "a"), wish(2, "a"), wish(3, "a"), wish(4, "b")],
      {},
      "a1 b4 a2 a3",
    ],
    ["an owner with none at work before one who has some", [wish(1, "a"), wish(2, "b")], { a: 1 }, "b2 a1"],
    [
      "an owner's production first, then most, review apps last",
      [wish(1, "a", 2), wish(2, "a"), wish(3, "a", 0), wish(4, "a"), wish(5, "a", 0)],
      {},
      "a3 a5 a2 a4 a1",
    ],
    [
      "nobody's production before others' review apps out of turn",
      [wish(1, "a", 2), wish(2, "b", 0), wish(3, "b", 0)],
      {},
      "a1 b2 b3",
    ],
    ["what others have at work does not matter", [wish(1, "a"), wish(2, "b")], { c: 9 }, "a1 b2"],
  ])("is: %s", (_name, waiting, working, expected) => {
    expect(of(waiting, working)).toBe(expected);
  });

  it("of owners with as many at work goes by whose last turn is longest ago", () => {
    const served = new Map([
      ["a", 2],
      ["b", 1],
    ]);
    const order = orderTurns([wish(1, "a"), wish(2, "b"), wish(3, "c")], new Map(), served);
    expect(order.map(({ ownerId }) => ownerId)).toEqual(["c", "b", "a"]);
  });

  it("has everybody once, and no owner is ever two ahead of another who waits", () => {
    const wishes = fc
      .uniqueArray(fc.nat(500), { maxLength: 40 })
      .chain((times) =>
        fc.tuple(...times.map((n) => fc.constantFrom("a", "b", "c").map((owner) => wish(n, owner)))),
      );
    fc.assert(
      fc.property(wishes, (waiting) => {
        const order = orderTurns(waiting, new Map());
        expect(new Set(order)).toEqual(new Set(waiting));
        const had = { a: 0, b: 0, c: 0 } as Record<string, number>;
        for (const [index, { ownerId }] of order.entries()) {
          const others = new Set(order.slice(index).map((one) => one.ownerId));
          for (const other of others) expect(had[ownerId]).toBeLessThanOrEqual(had[other] ?? 0);
          had[ownerId] = (had[ownerId] ?? 0) + 1;
        }
      }),
    );
  });
});

describe("build turns", () => {
  it("go in the order of asking, and tell who waits how many are before", async () => {
    const turns = makeBuildTurns({ atOnce: 1 });
    const told: number[] = [];
    const order: string[] = [];
    const first = await turns.take(wish(0), never, quiet);
    const waiting = ["a", "b"].map(async (name, n) => {
      const done = await turns.take(wish(n), never, (before) => told.push(before));
      order.push(name);
      done?.();
    });
    first?.();
    await Promise.all(waiting);
    expect({ told, order }).toEqual({ told: [0, 1, 0], order: ["a", "b"] });
  });

  it("let another owner's only build pass those of one who has many", async () => {
    const turns = makeBuildTurns({ atOnce: 1 });
    const order: string[] = [];
    const first = await turns.take(wish(0, "many"), never, quiet);
    const ask = async (n: number, owner: string) => {
      const done = await turns.take(wish(n, owner), never, quiet);
      order.push(`${owner}${n}`);
      done?.();
    };
    const waiting = [ask(1, "many"), ask(2, "many"), ask(3, "few")];
    first?.();
    await Promise.all(waiting);
    expect(order).toEqual(["few3", "many1", "many2"]);
  });

  it("count what others work on, where they are told", async () => {
    const turns = makeBuildTurns({ atOnce: 1, working: () => new Map([["many", 2]]) });
    const order: string[] = [];
    const first = await turns.take(wish(0, "few"), never, quiet);
    const waiting = ["many", "few"].map(async (owner, n) => {
      const done = await turns.take(wish(n, owner), never, quiet);
      order.push(owner);
      done?.();
    });
    first?.();
    await Promise.all(waiting);
    expect(order).toEqual(["few", "many"]);
  });

  it("give no turn to one who left, or had left before asking, and lose none by it", async () => {
    const turns = makeBuildTurns({ atOnce: 1 });
    const first = await turns.take(wish(0), never, quiet);
    const leaving = new AbortController();
    const left = turns.take(wish(0), leaving.signal, quiet);
    const next = turns.take(wish(0), never, quiet);
    leaving.abort();
    expect(await left).toBeUndefined();
    expect(await turns.take(wish(0), AbortSignal.abort(), quiet)).toBeUndefined();
    first?.();
    first?.();
    const second = await next;
    expect(second).toBeTypeOf("function");
    leaving.abort();
    let third = false;
    const waiting = turns.take(wish(0), never, quiet).then(() => {
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
          const turns = makeBuildTurns({ atOnce });
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
              void turns
                .take(wish(asked, asked % 3 === 0 ? "two" : "one"), mine.abort.signal, quiet)
                .then((done) => {
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
