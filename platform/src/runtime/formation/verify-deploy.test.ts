import { describe, expect, test } from "vitest";
import type { CrashReason, DynoObservation, DynoState } from "../dyno/index.ts";
import { followBoots, verdictOf } from "./verify-deploy.ts";

const UP: DynoState = { kind: "up" };
const STARTING: DynoState = { kind: "starting" };
const crashed = (reason: CrashReason = "exit", exitCode?: number): DynoState => ({
  kind: "crashed",
  reason,
  ...(exitCode === undefined ? {} : { exitCode }),
});

type Dyno = [duty: "serve" | "stand-by" | "work", state: DynoState | undefined];

function verdict(quantity: number, dynos: readonly Dyno[]) {
  const records = dynos.map(([duty], at) => ({ id: `d${at}`, type: "web", index: at + 1, duty }));
  return verdictOf(quantity, records, (id) => dynos[Number(id.slice(1))]?.[1]);
}

describe("a deploy", () => {
  test.each<[string, number, Dyno[], string | undefined]>([
    ["without any dyno yet", 1, [], undefined],
    ["whose dyno the engine does not know yet", 1, [["serve", undefined]], undefined],
    ["whose dyno starts", 1, [["serve", STARTING]], undefined],
    ["whose dyno serves", 1, [["serve", UP]], "up"],
    ["whose dyno is up but does not serve yet", 1, [["stand-by", UP]], undefined],
    [
      "of which all serve",
      2,
      [
        ["serve", UP],
        ["serve", UP],
      ],
      "up",
    ],
    [
      "of which one serves and one starts",
      2,
      [
        ["serve", UP],
        ["stand-by", STARTING],
      ],
      undefined,
    ],
    [
      "of which one serves and one has failed",
      2,
      [
        ["serve", UP],
        ["stand-by", crashed()],
      ],
      "crashed",
    ],
    [
      "of which one starts and one has failed",
      2,
      [
        ["stand-by", STARTING],
        ["stand-by", crashed()],
      ],
      undefined,
    ],
    [
      "of which all have failed",
      2,
      [
        ["stand-by", crashed()],
        ["stand-by", crashed()],
      ],
      "crashed",
    ],
    ["whose only dyno has failed", 1, [["serve", crashed()]], "crashed"],
    [
      "that was scaled down meanwhile",
      1,
      [
        ["serve", UP],
        ["serve", { kind: "stopping" }],
      ],
      "up",
    ],
    ["whose dyno is stopping", 1, [["serve", { kind: "stopping" }]], undefined],
  ])("%s", (_name, quantity, dynos, kind) => {
    expect(verdict(quantity, dynos)?.kind).toBe(kind);
  });

  test.each<[CrashReason, number | undefined, RegExp]>([
    ["exit", 3, /^web\.1 exited with status 3 while starting\.\n/],
    ["exit", undefined, /^web\.1 exited with status unknown/],
    ["boot-timeout", undefined, /did not listen on \$PORT in time \(R10\)/],
    ["memory", undefined, /more memory than it may \(R15\)/],
    ["disk", 137, /wrote more to its disk than it may/],
    ["room", undefined, /this machine has no room for it/],
    ["image", undefined, /its image cannot be used here/],
    ["platform", undefined, /could not be started by Conifer \(R99\)/],
  ])("that failed by %s says so, and what to do", (reason, exitCode, text) => {
    const found = verdict(1, [["serve", crashed(reason, exitCode)]]);
    expect(found).toMatchObject({ kind: "crashed", message: expect.stringMatching(text) });
    expect(found).toMatchObject({ message: expect.stringContaining("heroku logs") });
  });
});

describe("following a boot", () => {
  /** A watch of one dyno, whose states follow each other without a pause. */
  function scriptedWatch() {
    let dyno: DynoObservation | undefined;
    const listeners = new Set<() => void>();
    return {
      enter(state: DynoState) {
        const names = {
          id: "d1",
          appId: "a1",
          name: "web.1",
          type: "web",
          releaseId: "r1",
          releaseVersion: 1,
        };
        dyno = { ...names, duty: "stand-by", state, since: "2026-01-01T00:00:00.000Z" };
        for (const listener of listeners) listener();
      },
      find: () => dyno,
      until: (_id: string, test: (found: DynoObservation | undefined) => boolean) =>
        new Promise<DynoObservation | undefined>((resolve) => {
          listeners.add(() => test(dyno) && resolve(dyno));
        }),
    };
  }

  test.each<[string, DynoState, DynoState, DynoState]>([
    [
      "a start too late, although another begins at once",
      crashed("boot-timeout"),
      STARTING,
      crashed("boot-timeout"),
    ],
    ["that the other start went well", crashed("boot-timeout"), UP, UP],
    ["an exit, as long as nothing else begins", crashed("exit", 1), crashed("exit", 1), crashed("exit", 1)],
    ["no exit that gets another chance", crashed("exit", 1), STARTING, STARTING],
  ])("sees %s", async (_what, first, next, seen) => {
    const watch = scriptedWatch();
    const stateOf = followBoots(watch, new AbortController().signal);
    expect(stateOf("d1")).toBe(undefined);
    watch.enter(STARTING);
    expect(stateOf("d1")).toEqual(STARTING);
    watch.enter(first);
    watch.enter(next);
    await Promise.resolve();
    await Promise.resolve();
    expect(stateOf("d1")).toEqual(seen);
  });
});
