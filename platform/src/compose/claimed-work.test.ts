import { beforeEach, describe, expect, test } from "vitest";
import { type Claim, done, StaleClaim, silentLogger } from "../kernel/index.ts";
import { claimedRound, onceAtATime, whileHeld } from "./claimed-work.ts";

const SUBJECT = "builds:a";
const CLAIM: Claim = { subject: SUBJECT, number: 3 };
const NEVER = new AbortController().signal;

/** What the store says when it is asked for the claim. */
let answer: Claim | undefined | Error;
let renew: (() => void) | undefined;
const claims = {
  claim: async (subject: string) => {
    expect(subject).toBe(SUBJECT);
    if (answer instanceof Error) throw answer;
    return answer;
  },
  logger: silentLogger,
};
const repeat = (work: () => void) => {
  renew = work;
  return () => {
    renew = undefined;
  };
};
const work = { subject: SUBJECT, stopping: NEVER, repeat };

beforeEach(() => {
  answer = CLAIM;
  renew = undefined;
});

describe("a round", () => {
  test("is given the claim, and ends its renewals with it", async () => {
    const outcome = await claimedRound(claims, work, async (claim) => {
      expect(claim).toEqual(CLAIM);
      expect(renew).toBeDefined();
      return done;
    });
    expect([outcome, renew]).toEqual([done, undefined]);
  });

  test("of which another process has the claim is not begun, and looked at again later", async () => {
    answer = undefined;
    const outcome = await claimedRound(claims, work, () => Promise.reject(new Error("it was begun")));
    expect(outcome).toMatchObject({ kind: "waiting", reason: "claimed", againInMs: 5_000 });
  });

  test("that is refused for an older claim has failed in nothing", async () => {
    const stale = () => Promise.reject(new StaleClaim(CLAIM, 4));
    expect(await claimedRound(claims, work, stale)).toMatchObject({ kind: "waiting", reason: "claimed" });
    const failing = () => Promise.reject(new Error("it failed"));
    await expect(claimedRound(claims, work, failing)).rejects.toThrow("it failed");
    expect(renew).toBeUndefined();
  });
});

describe("work under a claim is aborted", () => {
  /** Whether it is after a renewal with this answer. */
  async function afterRenewal(next: typeof answer, stopping = NEVER): Promise<boolean> {
    return await whileHeld(claims, { ...work, stopping, claim: CLAIM }, async (signal) => {
      answer = next;
      renew?.();
      await new Promise(setImmediate);
      return signal.aborted;
    });
  }

  test.each<[string, typeof answer, boolean]>([
    ["when another process has the claim", undefined, true],
    ["when another has had it in between", { ...CLAIM, number: 5 }, true],
    ["not while it is renewed", CLAIM, false],
    ["not while the store is away", new Error("the store is away"), false],
  ])("%s", async (_when, next, expected) => {
    expect(await afterRenewal(next)).toBe(expected);
  });

  test("when this process stops", async () => {
    expect(await afterRenewal(CLAIM, AbortSignal.abort())).toBe(true);
  });
});

test("what is under way is not begun twice, and is again once it has ended", async () => {
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const works = onceAtATime((name: string) => {
    begun.push(name);
    return new Promise<void>((resolve) => ends.push(resolve));
  });
  works.start("1", "first");
  works.start("1", "again");
  works.start("2", "second");
  expect(begun).toEqual(["first", "second"]);
  for (const end of ends) end();
  await works.ended();
  works.start("1", "later");
  expect(begun).toEqual(["first", "second", "later"]);
});
