import { expect, test } from "vitest";
import { makeEndedStreams } from "./ended-streams.ts";

const never = new AbortController().signal;

async function isOver(work: Promise<void>): Promise<boolean> {
  return await Promise.race([
    work.then(() => true),
    new Promise<false>((resolve) => setImmediate(resolve, false)),
  ]);
}

test("who waits is told when all have ended, in whatever order", async () => {
  const ended = makeEndedStreams();
  const both = ended.wait(["a", "b"], never);
  ended.add("b");
  expect(await isOver(both)).toBe(false);
  ended.add("a");
  expect(await isOver(both)).toBe(true);
  expect(await isOver(ended.wait(["a"], never))).toBe(true);
  expect(await isOver(ended.wait([], never))).toBe(true);
});

test("who goes away is not waited for", async () => {
  const ended = makeEndedStreams();
  const leaving = new AbortController();
  const waiting = ended.wait(["a"], leaving.signal);
  leaving.abort();
  expect(await isOver(waiting)).toBe(true);
  expect(await isOver(ended.wait(["a"], AbortSignal.abort()))).toBe(true);
});

test("ends of long ago are forgotten", async () => {
  const ended = makeEndedStreams();
  for (let i = 0; i < 10_001; i++) ended.add(String(i));
  expect(await isOver(ended.wait(["10000", "1"], never))).toBe(true);
  expect(await isOver(ended.wait(["0"], never))).toBe(false);
});
