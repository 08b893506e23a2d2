import { expect, test } from "vitest";
import type { DynoSpec } from "../../../runtime/dyno/index.ts";
import { makeDynoBroadcast } from "./dyno-broadcast.ts";
import { type DynoMachine, type DynoPhase, newDyno } from "./dyno-machine.ts";

const UP: DynoPhase = { kind: "up", at: 0, address: { host: "::1", port: 5000 } };
const LEAVING: DynoPhase = { kind: "stopping", goal: "end", told: "R12" };

function makeWorld() {
  const dynos = new Map<string, DynoMachine>();
  const broadcast = makeDynoBroadcast({
    all: () => dynos.values(),
    ofApp: (appId) => [...dynos.values()].filter(({ spec }) => spec.appId === appId),
  });
  const set = (id: string, phase: DynoPhase, change: Partial<DynoSpec> = {}, oneOff = false) => {
    const before = dynos.get(id);
    const spec = { id, name: id, appId: "app", duty: "serve", ...change } as DynoSpec;
    const after = { ...newDyno(spec, { now: 0, oneOff }), phase };
    if (phase.kind === "ended") dynos.delete(id);
    else dynos.set(id, after);
    broadcast.changed(before, after);
  };
  return { broadcast, set, stop: new AbortController() };
}

test("endpoints that change together are told as one set", async () => {
  const { broadcast, set, stop } = makeWorld();
  set("old", UP);
  set("new", UP, { duty: "stand-by" });
  const watch = broadcast.watchEndpoints(stop.signal);
  const ids = (value: unknown) =>
    (value as { endpoints: { dynoId: string }[] }).endpoints.map(({ dynoId }) => dynoId);
  expect((await watch.next()).value).toMatchObject({ kind: "all", apps: { app: [{ dynoId: "old" }] } });
  broadcast.together(() => {
    set("new", UP);
    set("old", LEAVING);
  });
  expect(ids((await watch.next()).value)).toEqual(["new"]);
  set("new", LEAVING);
  expect(ids((await watch.next()).value)).toEqual([]);
  stop.abort();
  expect((await watch.next()).done).toBe(true);
});

test("changes that concern no other are told to nobody", async () => {
  const { broadcast, set, stop } = makeWorld();
  set("web.1", UP);
  const dynos = broadcast.watchDynos(stop.signal);
  const endpoints = broadcast.watchEndpoints(stop.signal);
  await dynos.next();
  await endpoints.next();
  set("web.1", { ...UP, freezeAt: 9 });
  set("web.1", { ...UP, frozen: true });
  set("web.2", { kind: "starting" }, { duty: "work" });
  expect((await dynos.next()).value).toMatchObject({ dyno: { id: "web.2" } });
  set("web.1", LEAVING);
  expect((await endpoints.next()).value).toMatchObject({ appId: "app", endpoints: [] });
  stop.abort();
});

test("a one-off dyno's end is told to watchers who come later, too, until it is run again", async () => {
  const { broadcast, set, stop } = makeWorld();
  set("run.1", UP, {}, true);
  set("web.1", UP);
  set("run.1", { kind: "ended", exitCode: 7 }, {}, true);
  set("web.1", { kind: "ended", exitCode: 143 });
  const first = (await broadcast.watchDynos(stop.signal).next()).value;
  expect(first).toMatchObject({
    kind: "all",
    dynos: [{ id: "run.1", state: { kind: "complete", exitCode: 7 } }],
  });
  set("run.1", { kind: "starting" }, {}, true);
  const second = (await broadcast.watchDynos(stop.signal).next()).value as { dynos: unknown[] };
  expect(second.dynos).toMatchObject([{ id: "run.1", state: { kind: "starting" } }]);
  stop.abort();
});

test("ended one-off dynos are kept up to a bound", async () => {
  const { broadcast, set, stop } = makeWorld();
  for (let n = 0; n < 500; n++) set(`run.${n}`, { kind: "ended", exitCode: 0 }, {}, true);
  const { value } = await broadcast.watchDynos(stop.signal).next();
  expect((value as { dynos: { id: string }[] }).dynos.map(({ id }) => id)).toEqual(
    Array.from({ length: 200 }, (_, n) => `run.${n + 300}`),
  );
  stop.abort();
});
