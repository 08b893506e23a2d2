import { afterEach, describe, expect, test, vi } from "vitest";
import { type LogFields, silentLogger } from "../../kernel/index.ts";
import type { DynoNews, DynoObservation, DynoState } from "./dyno.ts";
import { type DynoWatch, startDynoWatch } from "./dyno-watch.ts";

const UP: DynoState = { kind: "up" };
const ENDED: DynoState = { kind: "complete", exitCode: 3 };

function dyno(id: string, state: DynoState = UP, appId = "an-app"): DynoObservation {
  return {
    id,
    appId,
    name: `web.${id}`,
    type: "web",
    releaseId: "r",
    releaseVersion: 2,
    duty: "serve",
    state,
    since: "2026-01-01T00:00:00.000Z",
  };
}

/** An engine whose watch says what a test says, one connection after the other. */
function makeScriptedWatch() {
  let news: DynoNews[] = [];
  let broken = false;
  let wake = () => {};
  let opened = 0;
  return {
    opened: () => opened,
    say: (...said: DynoNews[]) => {
      news.push(...said);
      wake();
    },
    breakOff: () => {
      broken = true;
      wake();
    },
    async *watch(signal: AbortSignal): AsyncGenerator<DynoNews> {
      opened++;
      broken = false;
      news = [];
      while (!signal.aborted) {
        const next = news.shift();
        if (next) yield next;
        else if (broken) throw new Error("the connection broke");
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
            signal.addEventListener("abort", () => resolve(), { once: true });
          });
      }
    },
  };
}

const all = (...dynos: DynoObservation[]): DynoNews => ({ kind: "all", dynos });
const changed = (one: DynoObservation): DynoNews => ({ kind: "changed", dyno: one });

const running: DynoWatch[] = [];
afterEach(async () => {
  for (const watch of running.splice(0)) await watch.stop();
});

async function start() {
  const host = makeScriptedWatch();
  const told: string[] = [];
  const warnings: LogFields[] = [];
  const logger = {
    ...silentLogger,
    warn: (_message: string, fields: LogFields = {}) => void warnings.push(fields),
  };
  const watch = startDynoWatch({ host: host as never, logger, onChange: (appId) => void told.push(appId) });
  running.push(watch);
  await vi.waitFor(() => expect(host.opened()).toBe(1));
  /** Says it, and waits until it has been taken. */
  const say = async (...news: DynoNews[]) => {
    const before = told.length;
    host.say(...news);
    await vi.waitFor(() => expect(told.length).toBeGreaterThan(before));
  };
  const comeBack = async (...dynos: DynoObservation[]) => {
    const times = host.opened();
    host.breakOff();
    await vi.waitFor(() => expect(host.opened()).toBe(times + 1), { timeout: 2_000 });
    host.say(all(...dynos));
  };
  return { host, watch, told, warnings, say, comeBack };
}

const signal = () => new AbortController().signal;

describe("a watch of the dynos", () => {
  test("knows nothing until the engine was seen", async () => {
    const { watch, host } = await start();
    expect([watch.session(), watch.appIds(), watch.dynosOf("an-app"), watch.find("1")]).toEqual([
      0,
      [],
      [],
      undefined,
    ]);
    const ready = watch.ready(signal());
    host.say(all());
    await ready;
    expect(watch.session()).toBe(1);
  });

  test("knows all that was there, and every change", async () => {
    const { watch, told, say } = await start();
    await say(all(dyno("1"), dyno("2", UP, "other")));
    await say(changed(dyno("1", { kind: "stopping" })));
    await say(changed(dyno("3", { kind: "starting" })));
    expect(watch.find("1")?.state.kind).toBe("stopping");
    expect(watch.dynosOf("an-app").map(({ id }) => id)).toEqual(["1", "3"]);
    expect([...watch.appIds()].sort()).toEqual(["an-app", "other"]);
    expect(told).toEqual(["an-app", "other", "an-app", "an-app"]);
  });

  test("tells apart what changed and what there is when the engine has come back", async () => {
    const host = makeScriptedWatch();
    const told: string[] = [];
    const watch = startDynoWatch({
      ...{ host: host as never, logger: silentLogger },
      onChange: (appId) => void told.push(`${appId} changed`),
      onReturn: (appId) => void told.push(`${appId} returned`),
    });
    running.push(watch);
    await vi.waitFor(() => expect(host.opened()).toBe(1));
    host.say(all(dyno("1")), changed(dyno("1")));
    await vi.waitFor(() => expect(told).toEqual(["an-app returned", "an-app changed"]));
  });

  test("keeps what has ended for those who ask by id, and lists it no more", async () => {
    const { watch, say } = await start();
    await say(all(dyno("1")), changed(dyno("1", ENDED)));
    await vi.waitFor(() => expect(watch.find("1")?.state).toEqual(ENDED));
    expect([watch.dynosOf("an-app"), watch.appIds()]).toEqual([[], []]);
  });

  test("forgets the oldest ends", async () => {
    const { watch, host } = await start();
    host.say(all(), ...Array.from({ length: 600 }, (_, i) => changed(dyno(String(i), ENDED))));
    await vi.waitFor(() => expect(watch.find("599")).toBeDefined());
    expect([watch.find("99"), watch.find("100")?.id]).toEqual([undefined, "100"]);
  });

  test("takes the engine's word for what is there when it comes back", async () => {
    const { watch, told, say, comeBack } = await start();
    await say(all(dyno("1"), dyno("2", UP, "other"), dyno("3", ENDED)));
    told.length = 0;
    await comeBack(dyno("4"));
    await vi.waitFor(() => expect(watch.session()).toBe(2));
    expect([watch.find("1"), watch.find("2"), watch.find("3")?.id, watch.find("4")?.id]).toEqual([
      undefined,
      undefined,
      "3",
      "4",
    ]);
    expect([...told].sort()).toEqual(["an-app", "other"]);
  });

  test("keeps the last that was known while the engine is away, and complains once", async () => {
    const { host, watch, warnings, say } = await start();
    await say(all(dyno("1")));
    host.breakOff();
    await vi.waitFor(() => expect(warnings).toEqual([{ error: "the connection broke" }]));
    expect(watch.find("1")?.state).toEqual(UP);
    await vi.waitFor(() => expect(host.opened()).toBe(2), { timeout: 2_000 });
    host.breakOff();
    await vi.waitFor(() => expect(host.opened()).toBe(3), { timeout: 2_000 });
    expect(warnings).toHaveLength(1);
  });
});

describe("waiting for a dyno", () => {
  test("ends at once when it is so already", async () => {
    const { watch, say } = await start();
    await say(all(dyno("1")));
    expect((await watch.until("1", (seen) => seen?.state.kind === "up", signal()))?.id).toBe("1");
  });

  test("ends when it becomes so", async () => {
    const { watch, say } = await start();
    await say(all(dyno("1")));
    const ended = watch.until("1", (seen) => seen?.state.kind === "complete", signal());
    await say(changed(dyno("2")));
    await say(changed(dyno("1", ENDED)));
    expect((await ended)?.state).toEqual(ENDED);
  });

  test("ends when the dyno is gone", async () => {
    const { watch, say, comeBack } = await start();
    await say(all(dyno("1")));
    const gone = watch.until("1", (seen) => seen === undefined, signal());
    await comeBack();
    expect(await gone).toBeUndefined();
  });

  test("ends at an abort, also one that has been", async () => {
    const { watch, say } = await start();
    await say(all(dyno("1")));
    const stop = new AbortController();
    const waiting = watch.until("1", () => false, stop.signal);
    stop.abort();
    expect(await waiting).toBeUndefined();
    expect(await watch.until("1", () => false, stop.signal)).toBeUndefined();
    await watch.ready(stop.signal);
  });
});
