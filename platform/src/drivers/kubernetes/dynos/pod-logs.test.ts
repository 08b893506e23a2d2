import { expect, test } from "vitest";
import { endedRuns } from "./pod-logs.ts";
import type { PodRun } from "./pod-run.ts";

const exit = { key: "u/0", code: 1, outOfMemory: false };
const run = (change: Partial<PodRun>): PodRun => ({
  ...{
    uid: "u1",
    pod: "dyno-1",
    createdAt: 0,
    run: 0,
    node: "node1",
    address: undefined,
    addresses: [],
    overdue: false,
  },
  phase: { kind: "running", startedAt: 0, started: true },
  ...change,
});

test.each<[string, PodRun, string[]]>([
  ["one that runs has none", run({}), []],
  ["one that has ended has its own", run({ phase: { kind: "exited", exit } }), ["u1/0"]],
  ["one that runs again has the one before", run({ run: 3 }), ["u1/2"]],
  ["one that waits to run again has the last", run({ run: 3, phase: { kind: "exited", exit } }), ["u1/3"]],
  ["one that a client reads has none", run({ run: 1, client: "attached" }), []],
  ["one that was never started has none", run({ phase: { kind: "waiting" } }), []],
])("whose output is complete: %s", (_what, given, wanted) => {
  expect(endedRuns([given])).toEqual(wanted);
});

test("of several pods each has its own", () => {
  const ended = { kind: "exited", exit } as const;
  expect(endedRuns([run({ phase: ended }), run({ uid: "u2", run: 1 })])).toEqual(["u1/0", "u2/0"]);
});
