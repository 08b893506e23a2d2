import { expect, it } from "vitest";
import { makeBuildTurns } from "../../../delivery/build/index.ts";
import { podOf, spec } from "./build-pod-fixtures.ts";
import { countOwners, waitForTurn } from "./wait-for-turn.ts";

const never = new AbortController().signal;
const quiet = () => {};
const other = { ...spec, ownerId: "other", acceptedAt: "2025-01-01T00:00:00.000Z" };

it("gets a free turn without a word", async () => {
  const waiting = waitForTurn(spec, makeBuildTurns({ atOnce: 1 }), never);
  expect(await waiting.next()).toEqual({ done: true, value: expect.any(Function) });
});

it("says who goes before, and again when there are fewer", async () => {
  const turns = makeBuildTurns({ atOnce: 1 });
  const first = await turns.take(other, never, quiet);
  const second = turns.take(other, never, quiet);
  const waiting = waitForTurn({ ...spec, ownerId: "other" }, turns, never);
  expect((await waiting.next()).value).toContain("1 before this one");
  first?.();
  expect((await waiting.next()).value).toContain("Waiting for a build that runs");
  (await second)?.();
  expect(await waiting.next()).toEqual({ done: true, value: expect.any(Function) });
});

it("has no turn when it is called away", async () => {
  const turns = makeBuildTurns({ atOnce: 1 });
  await turns.take(other, never, quiet);
  const leaving = new AbortController();
  const waiting = waitForTurn(spec, turns, leaving.signal);
  await waiting.next();
  leaving.abort();
  expect(await waiting.next()).toEqual({ done: true, value: undefined });
});

it("gives back a turn that comes after its caller has left", async () => {
  const turns = makeBuildTurns({ atOnce: 1 });
  const first = await turns.take(other, never, quiet);
  const left = waitForTurn(spec, turns, never);
  await left.next();
  await left.return(undefined);
  first?.();
  expect(await turns.take(spec, never, quiet)).toBeTypeOf("function");
});

it("counts the pods at work of each owner", () => {
  const ended = podOf({}, { status: { phase: "Succeeded" } });
  const { labels: _, ...nameless } = podOf().metadata;
  const pods = [podOf(), podOf(), ended, { ...podOf(), metadata: nameless }];
  expect(countOwners(pods)).toEqual(new Map([[spec.ownerId, 2]]));
});
