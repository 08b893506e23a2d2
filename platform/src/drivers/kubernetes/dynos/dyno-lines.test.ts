import { describe, expect, test } from "vitest";
import { linesOf } from "./dyno-lines.ts";
import { type DynoSight, stateOfSight } from "./dyno-sight.ts";
import { entry, exit, podRun, RUNNING, sight } from "./pod-fixtures.ts";
import { stepsTo } from "./sight-steps.ts";

const KEY = "pod-1/0";
const LISTENS = { listening: new Set([KEY]) };
const leaving = { leavingSince: 5 };

/** Everything the log says on the way through these sights, from the first on. */
function story(...sights: readonly Partial<DynoSight>[]): string[] {
  let before: DynoSight | undefined;
  const said: string[] = [];
  for (const given of sights)
    for (const step of stepsTo(before, sight({ exits: before?.exits ?? [], ...given }))) {
      const at = (one: DynoSight) => ({ sight: one, state: stateOfSight(one) });
      said.push(...linesOf({ before: before && at(before), after: at(step) }));
      before = step;
    }
  return said;
}

const START = "Starting process with command `npm start`";
const worker = { entry: entry({ type: "worker", name: "worker.1", duty: "work" }) };

describe("a web dyno's log", () => {
  test("from its start to its stop", () => {
    const told = story(
      {},
      { runs: [podRun({ kind: "waiting" })] },
      { runs: [podRun(RUNNING)] },
      { runs: [podRun(RUNNING)], ...LISTENS },
      { runs: [podRun(RUNNING)], ...LISTENS, wanted: false },
      { runs: [podRun(RUNNING, leaving)], ...LISTENS, wanted: false },
      { runs: [podRun({ kind: "exited", exit: exit(143) }, leaving)], wanted: false },
      { runs: [], wanted: false },
    );
    expect(told).toEqual([
      START,
      "State changed from starting to up",
      "State changed from up to down",
      "Stopping all processes with SIGTERM",
      "Process exited with status 143",
    ]);
  });

  test("a pod that the cluster refuses, said once however often it tries, and the start after it", () => {
    const refusal = (pod: string) => ({ refused: `pods "${pod}" is forbidden: exceeded quota: dynos` });
    const told = story(
      {},
      refusal("dyno-a"),
      refusal("dyno-b"),
      { runs: [podRun({ kind: "waiting" })] },
      { runs: [podRun(RUNNING)], ...LISTENS },
      { runs: [podRun(RUNNING)], ...LISTENS, ...refusal("dyno-c"), wanted: false },
    );
    expect(told).toEqual([
      START,
      'Error R99 (Platform error) -> pods "dyno-a" is forbidden: exceeded quota: dynos',
      "State changed from starting to crashed",
      "State changed from crashed to starting",
      START,
      "State changed from starting to up",
      "State changed from up to down",
    ]);
  });

  test("a crash and the start after it", () => {
    const told = story(
      { runs: [podRun(RUNNING)], ...LISTENS },
      { runs: [podRun({ kind: "exited", exit: exit(1) })], ...LISTENS },
      { runs: [podRun(RUNNING, { run: 1, previous: exit(1) })], ...LISTENS },
      { runs: [podRun(RUNNING, { run: 1, previous: exit(1) })], listening: new Set(["pod-1/1"]) },
    );
    expect(told).toEqual([
      "Process exited with status 1",
      "State changed from up to crashed",
      "State changed from crashed to starting",
      START,
      "State changed from starting to up",
    ]);
  });

  test("a crash between two looks is told as if it had been seen", () => {
    const told = story(
      { runs: [podRun(RUNNING)], ...LISTENS },
      { runs: [podRun(RUNNING, { run: 1, previous: exit(1) })], ...LISTENS },
    );
    expect(told).toEqual([
      "Process exited with status 1",
      "State changed from up to crashed",
      "State changed from crashed to starting",
      START,
    ]);
  });

  test("a boot that takes too long, once", () => {
    const late = { timedOut: new Set([KEY]) };
    const told = story(
      { runs: [podRun(RUNNING)] },
      { runs: [podRun(RUNNING)], ...late },
      { runs: [podRun(RUNNING)], ...late },
      { runs: [podRun({ kind: "exited", exit: exit(137) })], ...late },
    );
    expect(told).toEqual([
      START,
      "Error R10 (Boot timeout) -> Web process failed to bind to $PORT within 60 seconds of launch",
      "Stopping process with SIGKILL",
      "Process exited with status 137",
      "State changed from starting to crashed",
    ]);
  });

  test("an image that is not there, once for all tries", () => {
    const blocked = (message: string) => ({
      runs: [podRun({ kind: "blocked", reason: "image", message } as const)],
    });
    expect(story({}, blocked("not found"), blocked("Back-off pulling"), blocked("not found"))).toEqual([
      START,
      "Error R99 (Platform error) -> not found",
      "State changed from starting to crashed",
    ]);
  });

  test("memory", () => {
    const out = exit(137, { outOfMemory: true });
    expect(
      story({ runs: [podRun(RUNNING)], ...LISTENS }, { runs: [podRun({ kind: "exited", exit: out })] }),
    ).toEqual([
      "Error R15 (Memory quota vastly exceeded)",
      "Process exited with status 137",
      "State changed from up to crashed",
    ]);
  });

  test("a pod that is drained: the successor's start, and the old one's end whenever it comes", () => {
    const next = podRun({ kind: "waiting" }, { uid: "pod-2", createdAt: 9e12, address: undefined });
    const old = podRun(RUNNING, leaving);
    const told = story(
      { runs: [podRun(RUNNING)], ...LISTENS },
      { runs: [old], ...LISTENS },
      { runs: [old, next], ...LISTENS },
      { runs: [podRun({ kind: "exited", exit: exit(143) }, leaving), next] },
      { runs: [next] },
    );
    expect(told).toEqual([
      "State changed from up to starting",
      "Stopping all processes with SIGTERM",
      START,
      "Process exited with status 143",
    ]);
  });

  test("the last word is the last, whatever leftovers do", () => {
    const crash = { runs: [podRun({ kind: "exited", exit: exit(7) })] };
    expect(
      story(crash, { ...crash, wanted: false }, { ...crash, wanted: false }, { runs: [], wanted: false }),
    ).toEqual(["Process exited with status 7", "State changed from crashed to down"]);
  });

  test("nothing is said when nothing happened", () => {
    const up = { runs: [podRun(RUNNING)], ...LISTENS };
    expect(story(up, up, { ...up, entry: entry({ name: "web.4", duty: "warm" }) })).toEqual([]);
  });
});

test("a worker that crashes at once never was up", () => {
  const told = story(
    { ...worker },
    { ...worker, runs: [podRun({ kind: "exited", exit: exit(0) })] },
    {
      ...worker,
      runs: [podRun({ kind: "exited", exit: exit(0, { key: "pod-1/1" }) }, { run: 1, previous: exit(0) })],
    },
  );
  expect(told).toEqual([
    START,
    "Process exited with status 0",
    "State changed from starting to crashed",
    "State changed from crashed to starting",
    START,
    "Process exited with status 0",
    "State changed from starting to crashed",
  ]);
});

describe("a one-off dyno's log", () => {
  const run = { entry: entry({ type: "run", name: "run.1", duty: "work" }), oneOff: true };

  test("waits for its client, then starts", () => {
    const told = story(
      { ...run, runs: [podRun({ kind: "waiting" }, { client: "awaited" })] },
      { ...run, runs: [podRun(RUNNING, { client: "awaited" })] },
      { ...run, runs: [podRun(RUNNING, { client: "attached" })] },
      { ...run, runs: [podRun({ kind: "exited", exit: exit(5) }, { client: "attached" })] },
    );
    expect(told).toEqual([
      "Awaiting client",
      START,
      "Process exited with status 5",
      "State changed from up to complete",
    ]);
  });

  test("without a client", () => {
    const told = story(
      { ...run, runs: [podRun({ kind: "waiting" })] },
      { ...run, runs: [podRun(RUNNING)] },
      { ...run, runs: [podRun({ kind: "exited", exit: exit(0) })] },
      { ...run, runs: [] },
    );
    expect(told).toEqual([
      START,
      "State changed from starting to up",
      "Process exited with status 0",
      "State changed from up to complete",
    ]);
  });

  test("that is stopped", () => {
    const told = story(
      { ...run, runs: [podRun(RUNNING)] },
      { ...run, wanted: false, runs: [podRun(RUNNING, leaving)] },
      { ...run, wanted: false, runs: [podRun({ kind: "exited", exit: exit(143) }, leaving)] },
    );
    expect(told).toEqual([
      "Stopping all processes with SIGTERM",
      "Process exited with status 143",
      "State changed from up to complete",
    ]);
  });

  test("whose node was lost says so", () => {
    const told = story(
      { ...run, runs: [podRun(RUNNING)] },
      { ...run, runs: [podRun({ kind: "lost", message: "The node was low on resource: memory." })] },
    );
    expect(told).toEqual([
      "Error R99 (Platform error) -> The node was low on resource: memory.",
      "State changed from up to complete",
    ]);
  });
});

test("a node that ends a dyno is quoted, once, before the end", () => {
  const why = { evicted: "Pod ephemeral local storage usage exceeds the total limit of containers 64Mi. " };
  const next = podRun(RUNNING, { uid: "pod-2", createdAt: Date.parse("2026-11-21T08:00:09Z") });
  const lost = podRun({ kind: "lost", message: why.evicted }, why);
  const told = story(
    { ...worker, runs: [podRun(RUNNING)] },
    { ...worker, runs: [lost] },
    { ...worker, runs: [podRun({ kind: "exited", exit: exit(137) }, why), next] },
  );
  expect(told.filter((line) => line.startsWith("Error"))).toEqual([
    "Error R99 (Platform error) -> Pod ephemeral local storage usage exceeds the total limit of containers 64Mi.",
  ]);
  expect(told.indexOf("Process exited with status 137")).toBeGreaterThan(
    told.findIndex((line) => line.startsWith("Error")),
  );
});
