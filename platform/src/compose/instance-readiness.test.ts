import { expect, test } from "vitest";
import { joinReadiness } from "./instance-readiness.ts";
import type { Readiness } from "./role-readiness.ts";

const START = { name: "start", ok: true };
const good: Readiness = { ready: true, checks: [START, { name: "disk", ok: true }] };
const bad: Readiness = { ready: false, checks: [START, { name: "database", ok: false, why: "away" }] };

test("an instance is ready when each of its roles is", async () => {
  const joined = joinReadiness({ control: async () => good, host: async () => good });
  expect(await joined.ask()).toEqual({
    ready: true,
    checks: [
      { role: "control", name: "start", ok: true },
      { role: "control", name: "disk", ok: true },
      { role: "host", name: "start", ok: true },
      { role: "host", name: "disk", ok: true },
    ],
  });
});

test("one check of one role keeps it from being ready", async () => {
  const joined = joinReadiness({ router: async () => good, control: async () => bad });
  const { ready, checks } = await joined.ask();
  expect(ready).toBe(false);
  expect(checks.filter(({ ok }) => !ok)).toEqual([
    { role: "control", name: "database", ok: false, why: "away" },
  ]);
});

test.each([
  ["is not there", () => Promise.reject(new Error("connect ENOENT"))],
  [
    "does not answer in time",
    (signal: AbortSignal) =>
      new Promise<Readiness>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  ],
] as const)("a role that %s is named, and the others are told of", async (_what, router) => {
  const joined = joinReadiness({ control: async () => good, router }, 5);
  expect(await joined.ask()).toMatchObject({
    ready: false,
    checks: [
      { role: "control" },
      { role: "control" },
      { role: "router", name: "start", ok: false, why: "The process does not answer." },
    ],
  });
});

test("many who ask at once have each role asked once", async () => {
  let asked = 0;
  const control = async () => {
    asked += 1;
    return good;
  };
  const joined = joinReadiness({ control });
  await Promise.all(Array.from({ length: 20 }, () => joined.ask()));
  expect(asked).toBe(1);
  await joined.ask();
  expect(asked).toBe(2);
});
