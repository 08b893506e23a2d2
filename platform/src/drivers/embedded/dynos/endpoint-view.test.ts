import { expect, test } from "vitest";
import type { DynoSpec } from "../../../runtime/dyno/index.ts";
import { type DynoMachine, type DynoPhase, newDyno } from "./dyno-machine.ts";
import { endpointsOf } from "./endpoint-view.ts";

const ADDRESS = { host: "::1", port: 5000 };
const UP: DynoPhase = { kind: "up", at: 0, address: ADDRESS };

function dyno(name: string, phase: DynoPhase, duty: DynoSpec["duty"] = "serve", oneOff = false): DynoMachine {
  const spec = { id: `id-${name}`, name, duty, appId: "a" } as DynoSpec;
  return { ...newDyno(spec, { now: 0, oneOff }), phase };
}

test.each([
  ["up, with where it is", UP, "serve", [{ state: "up", address: ADDRESS }]],
  ["starting", { kind: "starting" }, "serve", [{ state: "starting" }]],
  ["crashed", { kind: "crashed", reason: "exit" }, "serve", [{ state: "crashed" }]],
  ["leaving", { kind: "stopping", goal: "end", told: "R12" }, "serve", []],
  ["restarting", { kind: "stopping", goal: "restart", told: "R12" }, "serve", [{ state: "starting" }]],
  ["ended", { kind: "ended", exitCode: 0 }, "serve", []],
  ["on stand-by", UP, "stand-by", []],
  ["warm", UP, "warm", []],
  ["a worker", UP, "work", []],
] as const)("a dyno that is %s", (_what, phase, duty, expected) => {
  const found = endpointsOf([dyno("web.1", phase, duty)]);
  expect(found).toEqual(expected.map((endpoint) => ({ dynoId: "id-web.1", name: "web.1", ...endpoint })));
});

test("are in one order, whatever order the dynos came in", () => {
  const dynos = ["web.2", "web.1", "web.3"].map((name) => dyno(name, UP));
  expect(endpointsOf(dynos)).toEqual(endpointsOf(dynos.toReversed()));
  expect(endpointsOf(dynos).map(({ name }) => name)).toEqual(["web.1", "web.2", "web.3"]);
});

test("one-off dynos take no requests", () => {
  expect(endpointsOf([dyno("run.1", UP, "serve", true)])).toEqual([]);
});
