import { expect, test } from "vitest";
import type { DynoObservation, DynoState } from "../../runtime/dyno/index.ts";
import { makeDynoBroadcast } from "./dyno-broadcast.ts";
import type { ToldDyno } from "./endpoint-view.ts";

const UP: DynoState = { kind: "up", address: { host: "::1", port: 5000 } };
const LEAVING: DynoState = { kind: "stopping" };

function makeWorld() {
  const dynos = new Map<string, ToldDyno>();
  const broadcast = makeDynoBroadcast({
    all: () => dynos.values(),
    ofApp: (appId) => [...dynos.values()].filter(({ observation }) => observation.appId === appId),
  });
  const set = (id: string, state: DynoState, change: Partial<DynoObservation> = {}, oneOff = false) => {
    const before = dynos.get(id);
    const observation = { id, name: id, appId: "app", duty: "serve", state, ...change } as DynoObservation;
    const after = { observation, oneOff };
    if (state.kind === "complete") dynos.delete(id);
    else dynos.set(id, after);
    broadcast.changed(before?.observation, after);
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
  set("web.1", { ...UP });
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
  set("run.1", { kind: "complete", exitCode: 7 }, {}, true);
  set("web.1", { kind: "complete", exitCode: 143 });
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
  for (let n = 0; n < 500; n++) set(`run.${n}`, { kind: "complete", exitCode: 0 }, {}, true);
  const { value } = await broadcast.watchDynos(stop.signal).next();
  expect((value as { dynos: { id: string }[] }).dynos.map(({ id }) => id)).toEqual(
    Array.from({ length: 200 }, (_, n) => `run.${n + 300}`),
  );
  stop.abort();
});
