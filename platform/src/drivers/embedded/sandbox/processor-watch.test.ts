import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type ProcessorWatch, readTimes, type WatchedSandbox, watchProcessors } from "./processor-watch.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(async () => {
  await watch.stop();
  vi.useRealTimers();
});

/** Two processors; what each sandbox keeps busy of them is told by `run`. */
let watch: ProcessorWatch;
let idleMicros: number;
let looks: number;
beforeEach(() => {
  [idleMicros, looks] = [0, 0];
  const times = () => ({ processors: 2, idleMicros });
  watch = watchProcessors({ times, nowMs: () => Date.now() });
});

interface FakeSandbox extends WatchedSandbox {
  used: number;
  readonly moves: boolean[];
}

function add(id: string, background = false): FakeSandbox & { readonly leave: () => void } {
  const moves: boolean[] = [];
  const sandbox = {
    ...{ id, share: 1, background, used: 0, moves },
    group: {
      folders: [],
      usedMicros: () => {
        looks += 1;
        return sandbox.used;
      },
      setBehind: async (isBehind: boolean) => void moves.push(isBehind),
    },
  };
  return Object.assign(sandbox, { leave: watch.add(sandbox) });
}

async function run(
  ms: number,
  ...busy: readonly (readonly [Pick<FakeSandbox, "used">, number])[]
): Promise<void> {
  const idle = busy.reduce((rest, [, processors]) => rest - processors, 2);
  for (let passed = 0; passed < ms; passed += 50) {
    for (const [sandbox, processors] of busy) sandbox.used += 50_000 * processors;
    idleMicros += 50_000 * Math.max(0, idle);
    await vi.advanceTimersByTimeAsync(50);
  }
}

describe("a sandbox that takes much", () => {
  test("comes after the others within three looks of its start", async () => {
    const [web, spin] = [add("web"), add("spin")];
    await run(150, [web, 0.2], [spin, 1.8]);
    expect([web.moves, spin.moves]).toEqual([[], [true]]);
  });

  test("is moved again for what it has started since, and let back when there is time again", async () => {
    const [web, spin] = [add("web"), add("spin")];
    await run(3_000, [web, 0.2], [spin, 1.8]);
    expect(spin.moves.length).toBeGreaterThan(2);
    await run(8_000, [web, 0.2]);
    expect(spin.moves.indexOf(false)).toBe(spin.moves.length - 1);
    expect(web.moves).toEqual([]);
  });

  test("is left alone while the processors are not all busy", async () => {
    const [web, spin] = [add("web"), add("spin")];
    await run(5_000, [web, 0.1], [spin, 1.5]);
    expect(spin.moves).toEqual([]);
    // There is not so little time that each look would be at all of them; and before a burst its past counts.
    await run(100, [web, 1.5], [spin, 0.5]);
    expect(web.moves).toEqual([]);
  });

  test("is left alone where the machine's own work takes more", async () => {
    const web = add("web");
    await run(5_000, [web, 0.3], [{ used: 0 }, 1.7]);
    expect(web.moves).toEqual([]);
  });

  test("is left alone when a build begins at once to take all the rest", async () => {
    const [web, build] = [add("web"), add("build", true)];
    await run(3_000, [web, 0.4]);
    await run(3_000, [web, 0.4], [build, 1.6]);
    expect(web.moves).toEqual([]);
  });

  test("is left alone while it is builds that take the rest: they give way anyway", async () => {
    const [web, build] = [add("web"), add("build", true)];
    await run(5_000, [web, 0.9], [build, 1.1]);
    expect([web.moves, build.moves]).toEqual([[], []]);
  });
});

test("a sandbox that starts while processors are short comes after the others until it has shown itself", async () => {
  const [web, spin] = [add("web"), add("spin")];
  await run(1_000, [web, 0.2], [spin, 1.8]);
  const next = add("next");
  await run(100, [web, 0.2], [spin, 1.8]);
  expect(next.moves).toContain(true);
  await run(6_000, [web, 0.2], [spin, 1.7], [next, 0.1]);
  expect([next.moves.at(-1), spin.moves.at(-1)]).toEqual([false, true]);
  expect(add("last", true).moves).toEqual([]);
});

describe("what looking costs", () => {
  test("with plenty of idle time, all sandboxes once a second", async () => {
    const web = add("web");
    await run(10_000, [web, 0.1]);
    expect(looks).toBeGreaterThan(7);
    expect(looks).toBeLessThan(13);
  });

  test("without a sandbox, nothing", async () => {
    add("web").leave();
    expect(vi.getTimerCount()).toBe(0);
    add("next");
    expect(vi.getTimerCount()).toBe(1);
    await watch.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});

test.each([
  [
    "cpu  100 5 100 300 50 0 7 9 0 0\ncpu0 50 2 50 150 25 0 3 4 0 0\ncpu1 50 3 50 150 25 0 4 5 0 0\nintr 5\n",
    2,
    3.5,
  ],
  ["cpu  1 1 1 1\n", 1, 0.01],
])("times of the machine in %j", (stat, processors, seconds) => {
  expect(readTimes(stat)).toEqual({ processors, idleMicros: seconds * 1_000_000 });
});
