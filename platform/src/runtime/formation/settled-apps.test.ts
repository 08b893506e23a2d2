import { beforeEach, describe, expect, test } from "vitest";
import { done, type Outcome, waiting } from "../../kernel/index.ts";
import { type AppMark, makeSettledApps, type SettledApps } from "./settled-apps.ts";

const A = "0000aaaa-0000-4000-8000-000000000000";
const B = "ffffbbbb-0000-4000-8000-000000000000";
const HOUR = 3_600_000;

let marks: Map<string, AppMark>;
const ONE = { wishes: "one", dynos: "none" };
const TWO = { wishes: "two", dynos: "none" };
let nowMs: number;
let apps: SettledApps;
beforeEach(() => {
  marks = new Map([
    [A, ONE],
    [B, ONE],
  ]);
  nowMs = Date.parse("2026-11-21T12:00:00Z");
  apps = makeSettledApps({ marks: async () => new Map(marks), clock: () => new Date(nowMs), start: 0 });
});

const look = (appId: string, outcome: Outcome = done, dynos = "none") =>
  apps.look(appId, async (handed) => {
    handed(dynos);
    return outcome;
  });

describe("an app is listed", () => {
  test("until it was found to be as it should", async () => {
    expect(await apps.list()).toEqual([A, B]);
    await look(A);
    expect(await apps.list()).toEqual([B]);
    await look(B);
    expect(await apps.list()).toEqual([]);
  });

  test("again when something of it has changed", async () => {
    await apps.list();
    await look(A);
    marks.set(A, TWO);
    expect(await apps.list()).toEqual([A, B]);
    await look(A);
    expect(await apps.list()).toEqual([B]);
  });

  test("while something waits, or fails", async () => {
    await apps.list();
    expect(await look(A, waiting("warm", "The warm dynos' time ends.", 1_000))).toMatchObject({
      kind: "waiting",
    });
    const failing = apps.look(B, () => Promise.reject(new Error("no database")));
    await expect(failing).rejects.toThrow("no database");
    expect(await apps.list()).toEqual([A, B]);
  });

  test("again when a later look ends otherwise", async () => {
    await apps.list();
    await look(A);
    await look(A, waiting("claimed", "Another process does this.", 5_000));
    expect(await apps.list()).toEqual([A, B]);
  });

  test("again after a while, not all at once", async () => {
    await apps.list();
    await look(A);
    await look(B);
    nowMs += HOUR / 2 - 1;
    expect(await apps.list()).toEqual([]);
    nowMs += 1;
    expect(await apps.list()).toEqual([A]);
    nowMs += HOUR / 2;
    expect(await apps.list()).toEqual([A, B]);
  });

  test("as soon as it is there, and no more once it is gone", async () => {
    await apps.list();
    await look(A);
    marks.delete(A);
    expect(await apps.list()).toEqual([B]);
    marks.set(A, ONE);
    expect(await apps.list()).toEqual([B, A]);
  });
});

describe("an app that is another process's", () => {
  const claimed = waiting("claimed", "Another process does this.", 5_000);
  const SPREAD = 2 * 50;

  test("is left to it for a while, and not by all at once", async () => {
    await apps.list();
    expect(await look(A, claimed)).toEqual({ ...claimed, againInMs: 15_000 });
    expect(await look(B, claimed)).toEqual({ ...claimed, againInMs: 15_000 + SPREAD });
    nowMs += 15_000 - 1;
    expect(await apps.list()).toEqual([]);
    nowMs += 1;
    expect(await apps.list()).toEqual([A]);
    nowMs += SPREAD;
    expect(await apps.list()).toEqual([A, B]);
  });

  test.each(["wishes", "dynos"] as const)("is listed at once when its %s change", async (what) => {
    await apps.list();
    await look(A, claimed);
    marks.set(A, { ...ONE, [what]: "other" });
    expect(await apps.list()).toEqual([A, B]);
  });

  test("is waited for when it was not listed: something was heard of it", async () => {
    await apps.list();
    await look(A);
    expect(await look(A, claimed)).toBe(claimed);
    expect(await apps.list()).toEqual([A, B]);
  });
});

test("processes begin at different apps", async () => {
  const ids = Array.from({ length: 4 }, (_, n) => `000${n}`);
  const from = (start: number) =>
    makeSettledApps({
      marks: async () => new Map(ids.map((id) => [id, ONE])),
      clock: () => new Date(),
      start,
    });
  expect(await from(0).list()).toEqual(ids);
  expect(await from(0.6).list()).toEqual(["0002", "0003", "0000", "0001"]);
});

describe("a change is not missed", () => {
  test("that is listed while somebody who has not seen it still looks", async () => {
    await apps.list();
    const gate = Promise.withResolvers<void>();
    const looking = apps.look(A, async (handed) => {
      handed("none");
      await gate.promise;
      return done;
    });
    marks.set(A, TWO);
    expect(await apps.list()).toContain(A);
    gate.resolve();
    await looking;
    expect(await apps.list()).toContain(A);
  });

  test("that takes back what came after the list: dynos that were made and removed again", async () => {
    await apps.list();
    await look(A, done, "one");
    await look(A, done, "one");
    expect(await apps.list()).toContain(A);
    await look(A, done, "none");
    expect(await apps.list()).not.toContain(A);
  });

  test("of an app of which it is not known what dynos the engine has", async () => {
    await apps.list();
    await apps.look(A, async () => done);
    expect(await apps.list()).toContain(A);
  });

  test("that comes after a hint, before any list", async () => {
    await look(A);
    expect(await apps.list()).toEqual([A, B]);
  });
});
