import { beforeEach, describe, expect, test } from "vitest";
import { done, type Outcome, waiting } from "../../kernel/index.ts";
import { makeSettledApps, type SettledApps } from "./settled-apps.ts";

const A = "0000aaaa-0000-4000-8000-000000000000";
const B = "ffffbbbb-0000-4000-8000-000000000000";
const HOUR = 3_600_000;

let marks: Map<string, string>;
let nowMs: number;
let apps: SettledApps;
beforeEach(() => {
  marks = new Map([
    [A, "one"],
    [B, "one"],
  ]);
  nowMs = Date.parse("2026-11-21T12:00:00Z");
  apps = makeSettledApps({ marks: async () => new Map(marks), clock: () => new Date(nowMs) });
});

const look = (appId: string, outcome: Outcome = done) => apps.look(appId, async () => outcome);

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
    marks.set(A, "two");
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
    marks.set(A, "one");
    expect(await apps.list()).toEqual([B, A]);
  });
});

describe("a change is not missed", () => {
  test("that is listed while somebody who has not seen it still looks", async () => {
    await apps.list();
    const gate = Promise.withResolvers<void>();
    const looking = apps.look(A, async () => {
      await gate.promise;
      return done;
    });
    marks.set(A, "two");
    expect(await apps.list()).toContain(A);
    gate.resolve();
    await looking;
    expect(await apps.list()).toContain(A);
  });

  test("that comes after a hint, before any list", async () => {
    await look(A);
    expect(await apps.list()).toEqual([A, B]);
  });
});
