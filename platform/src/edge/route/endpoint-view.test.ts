import { expect, test } from "vitest";
import type { DynoObservation, DynoState } from "../../runtime/dyno/index.ts";
import { endpointsOf, type ToldDyno } from "./endpoint-view.ts";

const ADDRESS = { host: "::1", port: 5000 };
const UP: DynoState = { kind: "up", address: ADDRESS };

function dyno(
  name: string,
  state: DynoState,
  duty: DynoObservation["duty"] = "serve",
  oneOff = false,
): ToldDyno {
  return { observation: { id: `id-${name}`, name, duty, appId: "a", state } as DynoObservation, oneOff };
}

test.each([
  ["up, with where it is", UP, "serve", [{ state: "up", address: ADDRESS }]],
  ["starting", { kind: "starting" }, "serve", [{ state: "starting" }]],
  ["crashed", { kind: "crashed", reason: "exit" }, "serve", [{ state: "crashed" }]],
  ["without room: its visitors wait", { kind: "crashed", reason: "room" }, "serve", [{ state: "starting" }]],
  ["asleep", { kind: "idle" }, "serve", [{ state: "idle" }]],
  ["leaving", { kind: "stopping" }, "serve", []],
  ["ended", { kind: "complete", exitCode: 0 }, "serve", []],
  ["on stand-by", UP, "stand-by", []],
  ["warm", UP, "warm", []],
  ["a worker", UP, "work", []],
] as const)("a dyno that is %s", (_what, state, duty, expected) => {
  const found = endpointsOf([dyno("web.1", state, duty)]);
  expect(found).toEqual(expected.map((endpoint) => ({ dynoId: "id-web.1", name: "web.1", ...endpoint })));
});

test("that sleeps says so, whatever it does", () => {
  const told = (state: DynoState) => {
    const { observation, oneOff } = dyno("web.1", state);
    return { observation: { ...observation, sleeps: true as const }, oneOff };
  };
  for (const state of [UP, { kind: "idle" }, { kind: "starting" }] as const)
    expect(endpointsOf([told(state)])).toMatchObject([{ state: state.kind, sleeps: true }]);
});

test("are in one order, whatever order the dynos came in", () => {
  const dynos = ["web.2", "web.1", "web.3"].map((name) => dyno(name, UP));
  expect(endpointsOf(dynos)).toEqual(endpointsOf(dynos.toReversed()));
  expect(endpointsOf(dynos).map(({ name }) => name)).toEqual(["web.1", "web.2", "web.3"]);
});

test("one-off dynos take no requests", () => {
  expect(endpointsOf([dyno("run.1", UP, "serve", true)])).toEqual([]);
});
