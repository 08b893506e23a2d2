import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { done, pause, stalled, waiting } from "./waiting.ts";

test("outcomes are values with names", () => {
  expect(done).toEqual({ kind: "done" });
  expect(waiting("NoHost", "The host is away.", 500)).toEqual({
    kind: "waiting",
    reason: "NoHost",
    message: "The host is away.",
    againInMs: 500,
  });
  expect(stalled("BadImage", "It has no processes.")).toEqual({
    kind: "stalled",
    reason: "BadImage",
    message: "It has no processes.",
  });
});

test("a pause lasts its time and leaves nothing behind on its signal", async () => {
  const { signal } = new AbortController();
  const began = performance.now();
  await pause(30, signal);
  expect(performance.now() - began).toBeGreaterThan(25);
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
});

test("a pause ends at once when its signal aborts, before or meanwhile", async () => {
  const began = performance.now();
  await pause(60_000, AbortSignal.abort());
  const stopping = new AbortController();
  const paused = pause(60_000, stopping.signal);
  stopping.abort();
  await paused;
  expect(performance.now() - began).toBeLessThan(5_000);
});

test("a pause needs no signal", async () => {
  await pause(0);
});
