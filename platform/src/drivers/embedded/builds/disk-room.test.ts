import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type DiskWatch, freeBytesOf, LEAST_FREE_BYTES, watchDisk } from "./disk-room.ts";

let watch: DiskWatch;
beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  watch?.stop();
  vi.useRealTimers();
});

/** A disk on which so much is free, answer by answer; the last one stays. */
function disk(...answers: readonly (number | Error)[]) {
  const asked: string[] = [];
  const freeBytes = async (path: string) => {
    const answer = answers[Math.min(asked.push(path), answers.length) - 1];
    if (answer instanceof Error) throw answer;
    return answer as number;
  };
  return { asked, freeBytes };
}

it("tells when too little is free, and asks no more once it is stopped", async () => {
  const { asked, freeBytes } = disk(LEAST_FREE_BYTES * 2, LEAST_FREE_BYTES, LEAST_FREE_BYTES - 1);
  watch = watchDisk("/builds/a", freeBytes);
  await vi.advanceTimersByTimeAsync(600);
  expect([watch.full.aborted, asked]).toEqual([false, ["/builds/a", "/builds/a"]]);
  await vi.advanceTimersByTimeAsync(500);
  expect(watch.full.aborted).toBe(true);
  watch.stop();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked).toHaveLength(3);
});

it("looks before anything is written", async () => {
  watch = watchDisk("/builds/a", disk(0).freeBytes);
  await vi.advanceTimersByTimeAsync(0);
  expect(watch.full.aborted).toBe(true);
});

it("tells nothing of a disk that cannot be asked, and asks again", async () => {
  watch = watchDisk("/builds/a", disk(new Error("input/output error"), 0).freeBytes);
  await vi.advanceTimersByTimeAsync(0);
  expect(watch.full.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(500);
  expect(watch.full.aborted).toBe(true);
});

it("does not ask a slow disk twice at once", async () => {
  let asked = 0;
  watch = watchDisk("/builds/a", () => new Promise(() => void asked++));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toBe(1);
});

it("asks the file system of the folder", async () => {
  expect(await freeBytesOf(import.meta.dirname)).toBeGreaterThan(0);
  await expect(freeBytesOf("/nowhere/at/all")).rejects.toThrow("ENOENT");
});
