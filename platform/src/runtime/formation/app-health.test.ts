import { describe, expect, test } from "vitest";
import type { CrashReason, DynoState } from "../dyno/index.ts";
import { sightOf } from "./app-health.ts";

const updatedAt = new Date("2026-01-01T00:00:00Z");
const since = "2026-01-01T00:01:00.000Z";
const seen = (duty: "serve" | "stand-by" | "work", state: DynoState | undefined) =>
  sightOf({ type: "web", index: 2, duty, updatedAt }, state && { state, since });

describe("a dyno", () => {
  test.each([
    ["that the engine does not know yet", "serve", undefined, "starting"],
    ["that starts", "serve", { kind: "starting" }, "starting"],
    ["that is up and serves", "serve", { kind: "up" }, "up"],
    ["that is up and stands by", "stand-by", { kind: "up" }, "starting"],
    ["that sleeps", "serve", { kind: "idle" }, "up"],
    ["that works", "work", { kind: "up" }, "up"],
    ["that stops", "serve", { kind: "stopping" }, "starting"],
    [
      "that crashed while it stood by",
      "stand-by",
      { kind: "crashed", reason: "exit", exitCode: 1 },
      "crashed",
    ],
  ] as const)("%s", (_name, duty, state, wanted) => {
    expect(seen(duty, state)).toMatchObject({ name: "web.2", state: wanted });
  });

  test("is as old as its state, or as its record while nothing is seen of it", () => {
    expect(seen("serve", { kind: "up" }).since).toEqual(new Date(since));
    expect(seen("serve", undefined).since).toEqual(updatedAt);
  });

  test.each<[CrashReason, number | undefined, string]>([
    ["exit", 3, "ended with status 3 (H10)"],
    ["exit", undefined, "ended with status unknown (H10)"],
    ["boot-timeout", 137, "did not listen on $PORT in time (R10)"],
    ["memory", 137, "used more memory than it may (R15)"],
    ["disk", 137, "wrote more to its disk than it may"],
    ["room", undefined, "has no room on this machine"],
    ["image", undefined, "could not be started: its image cannot be used"],
    ["platform", undefined, "could not be started by Conifer (R99)"],
  ])("that crashed says why: %s", (reason, exitCode, why) => {
    const state = { kind: "crashed", reason, ...(exitCode === undefined ? {} : { exitCode }) } as const;
    expect(seen("serve", state).why).toBe(why);
  });
});
