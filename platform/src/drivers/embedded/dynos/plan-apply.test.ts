import { expect, test } from "vitest";
import type { DynoSpec } from "../../../runtime/dyno/index.ts";
import { type DynoMachine, type DynoPhase, newDyno } from "./dyno-machine.ts";
import { planApply } from "./plan-apply.ts";

const spec = (id: string, change: Partial<DynoSpec> = {}) =>
  ({ id, name: id, duty: "serve", releaseId: "r1", releaseVersion: 1, ...change }) as DynoSpec;
const has = (id: string, phase: DynoPhase = { kind: "starting" }, oneOff = false): DynoMachine => ({
  ...newDyno(spec(id), { now: 0, oneOff }),
  phase,
});
const LEAVING: DynoPhase = { kind: "stopping", goal: "end", told: "R12" };
const RESTARTING: DynoPhase = { kind: "stopping", goal: "restart", told: "R12" };

test.each([
  ["nothing from nothing", [], [], {}],
  ["what is new starts", [spec("a")], [], { start: ["a"] }],
  ["what is there stays", [spec("a")], [has("a")], {}],
  ["what is not listed stops", [], [has("a")], { stop: ["a"] }],
  ["a crashed one too", [], [has("a", { kind: "crashed", reason: "exit" })], { stop: ["a"] }],
  ["what stops already is left alone", [], [has("a", LEAVING)], {}],
  ["what restarts is stopped for good", [], [has("a", RESTARTING)], { stop: ["a"] }],
  ["what restarts and is listed goes on", [spec("a")], [has("a", RESTARTING)], {}],
  ["what stops and is listed again comes back", [spec("a")], [has("a", LEAVING)], { change: ["a"] }],
  ["another duty is a change", [spec("a", { duty: "warm" })], [has("a")], { change: ["a"] }],
  ["another name is a change", [spec("a", { name: "web.9" })], [has("a")], { change: ["a"] }],
  ["another release is a change", [spec("a", { releaseVersion: 2 })], [has("a")], { change: ["a"] }],
  ["one-off dynos are not the formation's", [], [has("run", { kind: "starting" }, true)], {}],
  [
    "a deploy: the old one goes, the new one takes over, a third starts",
    [spec("b", { duty: "serve" }), spec("c")],
    [has("a"), { ...has("b"), spec: spec("b", { duty: "stand-by" }) }],
    { stop: ["a"], change: ["b"], start: ["c"] },
  ],
] as const)("%s", (_what, wanted, present, expected) => {
  const plan = planApply(wanted, present);
  const ids = (specs: readonly DynoSpec[]) => specs.map(({ id }) => id);
  expect({ start: ids(plan.start), change: ids(plan.change), stop: plan.stop }).toEqual({
    start: [],
    change: [],
    stop: [],
    ...expected,
  });
});
