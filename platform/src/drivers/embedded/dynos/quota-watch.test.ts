import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { watchQuota } from "./quota-watch.ts";

const MIB = 2 ** 20;
let usedMib: number | Error;
let said: string[];
let stop: AbortController;
let over: Promise<void>;
beforeEach(() => {
  vi.useFakeTimers({ now: 5_000_000 });
  [usedMib, said, stop] = [100, [], new AbortController()];
  const memoryBytes = async () => {
    if (usedMib instanceof Error) throw usedMib;
    return usedMib * MIB;
  };
  const options = {
    quotaBytes: 512 * MIB,
    now: () => new Date(),
    say: (line: string) => void said.push(line),
  };
  over = watchQuota({ memoryBytes }, { ...options, signal: stop.signal });
});
afterEach(async () => {
  stop.abort();
  await over;
  vi.useRealTimers();
});
const after = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1_000);

test("tells a dyno above its quota within a second and every twenty seconds", async () => {
  await after(5);
  expect(said).toEqual([]);
  usedMib = 600;
  await after(1);
  expect(said).toEqual(["Process running mem=600M(117.2%)", "Error R14 (Memory quota exceeded)"]);
  await after(19);
  expect(said).toHaveLength(2);
  await after(1);
  expect(said).toHaveLength(4);
  usedMib = 512;
  await after(60);
  expect(said).toHaveLength(4);
});

test("goes on when the memory cannot be read for a while", async () => {
  usedMib = new Error("no such group");
  await after(5);
  usedMib = 600;
  await after(1);
  expect(said).toHaveLength(2);
});

test("says nothing after the dyno's end", async () => {
  usedMib = 600;
  stop.abort();
  await over;
  await after(60);
  expect(said).toEqual([]);
});
