import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { guardMemory, type MemoryGuard } from "./sampled-memory.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

let killed = 0;
let asked = 0;
let guard: MemoryGuard;

function watch(resident: number, own: number): void {
  killed = 0;
  asked = 0;
  guard = guardMemory({
    limitBytes: 100,
    residentBytes: () => resident,
    ownBytes: () => {
      asked++;
      return own;
    },
    kill: () => {
      killed++;
    },
  });
}

afterEach(() => guard.stop());

test.each([
  ["at its limit", 100, 100, { killed: 0, asked: 0 }],
  ["above it only by what its processes share", 101, 100, { killed: 0, asked: 5 }],
  ["above it", 101, 101, { killed: 1, asked: 1 }],
])("a sandbox %s", (_what, resident, own, expected) => {
  watch(resident, own);
  vi.advanceTimersByTime(5_000);
  expect({ killed, asked }).toEqual(expected);
  expect(guard.exceeded()).toBe(expected.killed > 0);
});

test("is looked at once a second, and no longer once it is stopped", () => {
  watch(101, 100);
  vi.advanceTimersByTime(999);
  expect(asked).toBe(0);
  vi.advanceTimersByTime(1);
  guard.stop();
  vi.advanceTimersByTime(5_000);
  expect(asked).toBe(1);
});
