import { describe, expect, test } from "vitest";
import { type DynoSight, guessBackOff, stateOfSight } from "./dyno-sight.ts";
import { entry, exit, podRun, RUNNING, sight } from "./pod-fixtures.ts";

const KEY = "pod-1/0";
const HERE = { host: "198.18.129.7", port: 20_001 };
const work = entry({ type: "worker", name: "worker.1", duty: "work" });
const gone = { leavingSince: 1 };

describe("a dyno of a formation", () => {
  const rows: readonly [string, Partial<DynoSight>, object][] = [
    ["without a pod is starting", {}, { kind: "starting" }],
    [
      "that the cluster takes no pod of has crashed",
      { refused: "exceeded quota" },
      { kind: "crashed", reason: "platform" },
    ],
    [
      "that the cluster takes no further pod of goes on with the one it has",
      { refused: "exceeded quota", runs: [podRun(RUNNING)], listening: new Set([KEY]) },
      { kind: "up" },
    ],
    ["that is being made is starting", { runs: [podRun({ kind: "waiting" })] }, { kind: "starting" }],
    ["that runs without listening is starting", { runs: [podRun(RUNNING)] }, { kind: "starting" }],
    [
      "that listens is up, with its address",
      { runs: [podRun(RUNNING)], listening: new Set([KEY]) },
      { kind: "up", address: HERE },
    ],
    [
      "is not up because the run before listened",
      { runs: [podRun(RUNNING, { run: 1 })], listening: new Set([KEY]) },
      { kind: "starting" },
    ],
    [
      "that listened too late is being killed",
      { runs: [podRun(RUNNING)], listening: new Set([KEY]), timedOut: new Set([KEY]) },
      { kind: "starting" },
    ],
    [
      "that listens but has no address yet is starting",
      { runs: [podRun(RUNNING, { address: undefined })], listening: new Set([KEY]) },
      { kind: "starting" },
    ],
    [
      "of work is up once it runs, without an address",
      { entry: work, runs: [podRun(RUNNING)] },
      { kind: "up" },
    ],
    [
      "that ended has crashed; the first restart comes at once",
      { runs: [podRun({ kind: "exited", exit: exit(0) })] },
      { kind: "crashed", reason: "exit", exitCode: 0, restartAt: "2026-11-21T08:00:05.000Z" },
    ],
    [
      "tells the node's pause",
      { runs: [podRun({ kind: "exited", exit: exit(1), backOffMs: 40_000 }, { run: 3 })] },
      { kind: "crashed", reason: "exit", exitCode: 1, restartAt: "2026-11-21T08:00:45.000Z" },
    ],
    [
      "guesses the pause until the node tells it",
      { runs: [podRun({ kind: "exited", exit: exit(1) }, { run: 2 })] },
      { kind: "crashed", reason: "exit", exitCode: 1, restartAt: "2026-11-21T08:00:25.000Z" },
    ],
    [
      "crashed for want of memory",
      { runs: [podRun({ kind: "exited", exit: exit(137, { outOfMemory: true }) })] },
      { kind: "crashed", reason: "memory", exitCode: 137 },
    ],
    [
      "crashed since it did not listen in time",
      { runs: [podRun({ kind: "exited", exit: exit(143) })], timedOut: new Set([KEY]) },
      { kind: "crashed", reason: "boot-timeout", exitCode: 143 },
    ],
    [
      "crashed since it did not listen in time, which nobody watched",
      { bootSeconds: 3, runs: [podRun({ kind: "exited", exit: exit(137) })] },
      { kind: "crashed", reason: "boot-timeout" },
    ],
    [
      "that was killed after it had listened just crashed",
      { bootSeconds: 3, runs: [podRun({ kind: "exited", exit: exit(137) })], listening: new Set([KEY]) },
      { kind: "crashed", reason: "exit" },
    ],
    [
      "of work that was killed just crashed",
      { entry: work, bootSeconds: 3, runs: [podRun({ kind: "exited", exit: exit(137) })] },
      { kind: "crashed", reason: "exit" },
    ],
    [
      "whose program is missing has no exit status",
      { runs: [podRun({ kind: "exited", exit: exit(128, { notStarted: "no such file" }) })] },
      { kind: "crashed", reason: "image" },
    ],
    [
      "whose image is missing has crashed",
      { runs: [podRun({ kind: "blocked", reason: "image", message: "not found" })] },
      { kind: "crashed", reason: "image" },
    ],
    [
      "whose image its node still asks for is starting",
      { runs: [podRun({ kind: "blocked", reason: "image", message: "", retried: true })] },
      { kind: "starting" },
    ],
    [
      "whose image did not come in time has crashed, though its node asks on",
      {
        runs: [podRun({ kind: "blocked", reason: "image", message: "", retried: true })],
        unpulled: new Set(["pod-1"]),
      },
      { kind: "crashed", reason: "image" },
    ],
    [
      "whose pod was lost is starting",
      { runs: [podRun({ kind: "lost", message: "Evicted" })] },
      { kind: "starting" },
    ],
    [
      "whose pod is drained is starting",
      { runs: [podRun(RUNNING, gone)], listening: new Set([KEY]) },
      { kind: "starting" },
    ],
  ];

  test.each(rows)("%s", (_what, given, expected) => {
    expect(stateOfSight(sight(given))).toMatchObject(expected);
  });

  test("shows no exit code where none was told", () => {
    const runs = [podRun({ kind: "exited", exit: exit(128, { notStarted: "no such file" }) })];
    expect(stateOfSight(sight({ runs }))).not.toHaveProperty("exitCode");
  });
});

describe("a dyno that is no longer wanted", () => {
  const rows: readonly [string, Partial<DynoSight>, object][] = [
    ["is stopping while its process runs", { runs: [podRun(RUNNING, gone)] }, { kind: "stopping" }],
    [
      "is stopping while it is being made",
      { runs: [podRun({ kind: "waiting" }, gone)] },
      { kind: "stopping" },
    ],
    [
      "is complete with its last status",
      { exits: [exit(1, { key: "a" }), exit(143, { key: "b", signal: "SIGTERM" })] },
      { kind: "complete", exitCode: 143, signal: "SIGTERM" },
    ],
    [
      "is complete at once when it waits after a crash",
      { runs: [podRun({ kind: "exited", exit: exit(7) })], exits: [exit(7)] },
      { kind: "complete", exitCode: 7 },
    ],
    ["that never ran is complete", {}, { kind: "complete", exitCode: 128 }],
    [
      "that never had an image is complete",
      { runs: [podRun({ kind: "blocked", reason: "image", message: "" })] },
      { kind: "complete", exitCode: 137 },
    ],
  ];

  test.each(rows)("%s", (_what, given, expected) => {
    expect(stateOfSight(sight({ wanted: false, ...given }))).toEqual(expected);
  });
});

describe("a one-off dyno", () => {
  const rows: readonly [string, Partial<DynoSight>, object][] = [
    ["that was just asked for is starting", {}, { kind: "starting" }],
    [
      "that waits for its client is starting, though its gate runs",
      { runs: [podRun(RUNNING, { client: "awaited" })] },
      { kind: "starting" },
    ],
    ["with a client is up", { runs: [podRun(RUNNING, { client: "attached" })] }, { kind: "up" }],
    ["without a client is up once it runs", { runs: [podRun(RUNNING)] }, { kind: "up" }],
    ["that is being made is starting", { runs: [podRun({ kind: "waiting" })] }, { kind: "starting" }],
    [
      "that ended is complete, whatever its status",
      { runs: [podRun({ kind: "exited", exit: exit(3) })] },
      { kind: "complete", exitCode: 3 },
    ],
    ["that is stopped is stopping", { wanted: false, runs: [podRun(RUNNING, gone)] }, { kind: "stopping" }],
    [
      "whose pod is gone is complete",
      { exits: [exit(143)], wanted: true },
      { kind: "complete", exitCode: 143 },
    ],
    [
      "whose image is missing is over",
      { runs: [podRun({ kind: "blocked", reason: "image", message: "" })] },
      { kind: "complete", exitCode: 1 },
    ],
    [
      "whose image its node still asks for is starting",
      { runs: [podRun({ kind: "blocked", reason: "image", message: "", retried: true })] },
      { kind: "starting" },
    ],
    [
      "whose image did not come in time is over",
      {
        runs: [podRun({ kind: "blocked", reason: "image", message: "", retried: true })],
        unpulled: new Set(["pod-1"]),
      },
      { kind: "complete", exitCode: 1 },
    ],
    [
      "that was evicted is over",
      { runs: [podRun({ kind: "lost", message: "Evicted" })] },
      { kind: "complete", exitCode: 1 },
    ],
  ];

  test.each(rows)("%s", (_what, given, expected) => {
    const run = entry({ type: "run", name: "run.1", duty: "work" });
    expect(stateOfSight(sight({ entry: run, oneOff: true, ...given }))).toEqual(expected);
  });
});

test("the guessed pause doubles from ten seconds up to five minutes", () => {
  expect([0, 1, 2, 3, 4, 5, 6, 20].map(guessBackOff)).toEqual([
    0, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000,
  ]);
});
