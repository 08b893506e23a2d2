import { describe, expect, it } from "vitest";
import type { LogLine } from "../../kernel/index.ts";
import { DEFAULT_INTAKE, type IntakeLimits, makeLineIntake } from "./line-intake.ts";

const start = new Date("2026-01-02T03:04:05.678Z").getTime();

function makeRig(limits: Partial<IntakeLimits> = {}) {
  let nowMs = start;
  const intake = makeLineIntake("a", { ...DEFAULT_INTAKE, ...limits }, () => new Date(nowMs));
  const put = (message: string, change: Partial<LogLine> = {}) =>
    intake.take({ appId: "a", time: new Date(nowMs), source: "app", process: "web.1", message, ...change });
  const drained = (last = false) => {
    const batch = intake.drain(last);
    batch.stored();
    return batch.lines.map(({ source, process, message }) => `${source}[${process}] ${message}`);
  };
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { intake, put, drained, pass };
}

const oneLine = { rates: { linesPerSecond: 0.0001, burst: 1 } };

describe("line intake", () => {
  it("gives lines in the order they came", () => {
    const { intake, put, drained } = makeRig();
    put("a\nb");
    put("c", { source: "heroku", process: "router" });
    expect(intake.waiting()).toBe(3);
    expect(drained()).toEqual(["app[web.1] a", "app[web.1] b", "heroku[router] c"]);
    expect(intake.isEmpty()).toBe(true);
    expect(drained()).toEqual([]);
  });

  it("has lines counted as they are taken, and as they are lost to a flood or the disk", () => {
    const counts = { taken: 0, flood: 0, disk: 0 };
    const counted = {
      taken: (lines: number) => {
        counts.taken += lines;
      },
      lost: (cause: "flood" | "disk", lines: number) => {
        counts[cause] += lines;
      },
    };
    const { intake, put } = makeRig({ ...oneLine, counted });
    for (let i = 0; i < 4; i++) put(`x${i}`);
    put("router", { source: "heroku", process: "router" });
    intake.countDropped("web.1", 10);
    expect(counts).toEqual({ taken: 2, flood: 13, disk: 0 });
    intake.drain().failed();
    intake.drain(true).stored();
    expect(counts).toEqual({ taken: 2, flood: 13, disk: 2 });
  });

  it("tells losses once the first is a second old, each process under its own name", () => {
    const { intake, put, drained, pass } = makeRig(oneLine);
    for (let i = 0; i < 3; i++) put(`x${i}`);
    for (let i = 0; i < 5; i++) put(`y${i}`, { process: "web.2" });
    expect(drained()).toEqual(["app[web.1] x0", "app[web.2] y0"]);
    expect(intake.isEmpty()).toBe(false);
    pass(999);
    intake.countDropped("web.1", 10);
    expect(drained()).toEqual([]);
    pass(1);
    expect(drained()).toEqual([
      "heroku[web.1] Error L12 (Local buffer overflow): 12 messages dropped since 2026-01-02T03:04:05.678000+00:00.",
      "heroku[web.2] Error L12 (Local buffer overflow): 4 messages dropped since 2026-01-02T03:04:05.678000+00:00.",
    ]);
    expect(intake.isEmpty()).toBe(true);
  });

  it("tells them at once when it is the last time", () => {
    const { put, drained } = makeRig(oneLine);
    put("a\nb");
    expect(drained(true)[1]).toMatch(/L12 .*: 1 messages dropped/);
  });

  it("does not charge the platform's own lines", () => {
    const { put, drained } = makeRig(oneLine);
    for (let i = 0; i < 100; i++) put("at=info", { source: "heroku", process: "router" });
    expect(drained(true).length).toBe(100);
  });

  it("bounds what waits, in lines and in characters", () => {
    const byLines = makeRig({ lines: 3 });
    for (let i = 0; i < 5; i++) byLines.put(`${i}`);
    expect(byLines.drained(true).length).toBe(4);
    const byCharacters = makeRig({ characters: 10 });
    for (let i = 0; i < 5; i++) byCharacters.put("12345");
    expect(byCharacters.drained(true).length).toBe(3);
  });

  it("tells lines that could not be stored with L13, and keeps older losses", () => {
    const { intake, put, drained, pass } = makeRig({ lines: 3 });
    for (let i = 0; i < 5; i++) put(`${i}`);
    pass(1_000);
    intake.drain().failed();
    put("again");
    intake.drain(true).failed();
    pass(1_000);
    put("back");
    expect(drained()).toEqual([
      "app[web.1] back",
      "heroku[web.1] Error L12 (Local buffer overflow): 2 messages dropped since 2026-01-02T03:04:05.678000+00:00.",
      "heroku[logplex] Error L13 (Local delivery error): 4 messages lost since 2026-01-02T03:04:06.678000+00:00.",
    ]);
  });

  it("forgets budgets of processes that have been quiet", () => {
    const { intake, put, drained, pass } = makeRig({ rates: { linesPerSecond: 10, burst: 10 } });
    put("a");
    drained();
    expect(intake.forgetQuiet()).toBe(false);
    pass(100);
    expect(intake.forgetQuiet()).toBe(true);
  });
});
