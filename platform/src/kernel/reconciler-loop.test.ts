import { describe, expect, test, vi } from "vitest";
import { silentLogger } from "./logger.ts";
import { startReconciler } from "./reconciler-loop.ts";
import { done, type Outcome, waiting } from "./waiting.ts";

function run(
  reconcile: (key: string, signal: AbortSignal) => Promise<Outcome>,
  keys: readonly string[] = [],
) {
  const list = async () => keys;
  return startReconciler({
    name: "t",
    reconcile,
    list,
    concurrency: 2,
    relistMs: 60_000,
    logger: silentLogger,
  });
}

describe("a reconciler", () => {
  test("works on every listed key without a hint", async () => {
    const seen = new Set<string>();
    const loop = run(
      async (key) => {
        seen.add(key);
        return done;
      },
      ["a", "b", "c"],
    );
    await vi.waitFor(() => expect([...seen].sort()).toEqual(["a", "b", "c"]));
    await loop.stop();
  });

  test("never works on one key twice at once, and a hint meanwhile leads to one more round", async () => {
    let inside = 0;
    let rounds = 0;
    const gate = Promise.withResolvers<void>();
    const loop = run(async () => {
      expect(++inside).toBe(1);
      if (++rounds === 1) await gate.promise;
      inside--;
      return done;
    });
    for (let i = 0; i < 5; i++) loop.poke("a");
    gate.resolve();
    await vi.waitFor(() => expect(rounds).toBe(2));
    await loop.stop();
    expect(rounds).toBe(2);
  });

  test("tells at the begin of each round that its key has waited, from the first hint on", async () => {
    const waits: number[] = [];
    const gate = Promise.withResolvers<void>();
    const loop = startReconciler({
      ...{ name: "test", concurrency: 1, relistMs: 60_000, logger: silentLogger },
      list: async () => [],
      began: (seconds) => waits.push(seconds),
      reconcile: async () => {
        await gate.promise;
        return done;
      },
    });
    loop.poke("a");
    loop.poke("a");
    const since = performance.now();
    while (performance.now() - since < 20);
    gate.resolve();
    await vi.waitFor(() => expect(waits).toHaveLength(2));
    await loop.stop();
    expect(waits[1]).toBeGreaterThanOrEqual(0.02);
  });

  test("lets the process answer while very many keys have nothing to do", async () => {
    const keys = Array.from({ length: 1_000 }, (_, n) => `key ${n}`);
    let rounds = 0;
    let turns = 0;
    const turn = () => {
      turns += 1;
      next = setImmediate(turn);
    };
    let next = setImmediate(turn);
    const loop = run(async () => {
      rounds += 1;
      return done;
    }, keys);
    await vi.waitFor(() => expect(rounds).toBe(1_000));
    clearImmediate(next);
    await loop.stop();
    expect(turns).toBeGreaterThan(50);
  });

  test("stops between two turns, with keys that wait", async () => {
    const keys = Array.from({ length: 1_000 }, (_, n) => `key ${n}`);
    let rounds = 0;
    const loop = run(async () => {
      rounds += 1;
      return done;
    }, keys);
    await vi.waitFor(() => expect(rounds).toBeGreaterThan(0), { interval: 1 });
    await loop.stop();
    const then = rounds;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(rounds).toBe(then);
  });

  test("works on what a hint came of before what is only listed, and so again after it had to wait", async () => {
    const rounds: string[] = [];
    const gate = Promise.withResolvers<void>();
    const loop = startReconciler({
      ...{ name: "test", concurrency: 1, relistMs: 60_000, logger: silentLogger },
      list: async () => ["first", "a", "b", "c", "d"],
      reconcile: async (key) => {
        rounds.push(key);
        if (key === "first") await gate.promise;
        // Longer than the hinted key waits for its next round.
        if (key === "b") await new Promise((resolve) => setTimeout(resolve, 20));
        return key === "hinted" && rounds.length < 4 ? waiting("soon", "soon", 1) : done;
      },
    });
    await vi.waitFor(() => expect(rounds).toEqual(["first"]));
    loop.remind("reminded");
    loop.poke("hinted");
    gate.resolve();
    await vi.waitFor(() => expect(rounds).toHaveLength(8));
    await loop.stop();
    expect(rounds.slice(0, 2)).toEqual(["first", "hinted"]);
    expect(rounds.lastIndexOf("hinted")).toBeLessThanOrEqual(rounds.indexOf("c"));
    expect(rounds.filter((key) => key !== "hinted")).toEqual(["first", "a", "b", "c", "d", "reminded"]);
  });

  test("keeps to its concurrency", async () => {
    let inside = 0;
    let most = 0;
    let finished = 0;
    const loop = run(async () => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
      finished++;
      return done;
    }, ["a", "b", "c", "d", "e"]);
    await vi.waitFor(() => expect(finished).toBe(5));
    await loop.stop();
    expect(most).toBe(2);
  });

  test("tries again after a failure and after waiting", async () => {
    let rounds = 0;
    const loop = run(async () => {
      rounds++;
      if (rounds === 1) throw new Error("not now");
      return rounds === 2 ? waiting("soon", "soon", 1) : done;
    });
    loop.poke("a");
    await vi.waitFor(() => expect(rounds).toBe(3), { timeout: 5_000 });
    await loop.stop();
  });

  test("looks at its list when told to, also at what waits, but not at what has failed", async () => {
    const rounds: string[] = [];
    const loop = run(
      async (key) => {
        rounds.push(key);
        if (key === "failing") throw new Error("not now");
        return key === "waiting" ? waiting("later", "later", 60_000) : done;
      },
      ["done", "waiting", "failing"],
    );
    await vi.waitFor(() => expect(rounds).toHaveLength(3));
    loop.relist();
    await vi.waitFor(() => expect(rounds).toHaveLength(5));
    await loop.stop();
    expect(rounds.slice(3).sort()).toEqual(["done", "waiting"]);
    loop.relist();
    expect(rounds).toHaveLength(5);
  });

  test("stop aborts the round under way and waits for it", async () => {
    const events: string[] = [];
    const loop = run(async (_key, signal) => {
      events.push("begun");
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      events.push("ended");
      return done;
    });
    loop.poke("a");
    await vi.waitFor(() => expect(events).toEqual(["begun"]));
    await loop.stop();
    expect(events).toEqual(["begun", "ended"]);
  });
});
