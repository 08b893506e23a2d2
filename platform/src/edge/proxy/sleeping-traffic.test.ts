import { request } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { pause } from "../../kernel/index.ts";
import type { Endpoint, SleepingApps } from "../route/index.ts";
import { endpoint } from "../route/route-fixtures.ts";
import { type FakeDyno, type FakeRouter, fakeRouter, httpDyno } from "./proxy-fixtures.ts";

const open: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.stop();
});

/** An engine that notes what it is told and does what the test says. */
class ToldEngine implements SleepingApps {
  readonly woken: string[] = [];
  readonly reports: (readonly string[])[] = [];
  onWake: () => void = () => {};
  away = false;

  async used(appIds: readonly string[]): Promise<void> {
    if (this.away) throw new Error("away");
    this.reports.push(appIds);
  }

  async wake(appId: string): Promise<void> {
    this.woken.push(appId);
    if (this.away) throw new Error("away");
    this.onWake();
  }
}

async function router(engine: SleepingApps, limits = {}): Promise<FakeRouter> {
  const made = await fakeRouter({ sleeping: { apps: engine, reportMs: 20 }, limits });
  open.push(made);
  return made;
}

async function dyno(): Promise<FakeDyno> {
  const made = await httpDyno((_request, response) => response.end("hello"));
  open.push(made);
  return made;
}

const asleep: Endpoint = { dynoId: "d1", name: "web.1", state: "idle", sleeps: true };
const awake = (port: number): Endpoint => endpoint("web.1", { port, sleeps: true });

function visit(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { host: "app.localhost" };
    request({ host: "127.0.0.1", port, headers, agent: false }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0));
    })
      .on("error", reject)
      .end();
  });
}

async function until(test: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!test() && Date.now() < deadline) await pause(2);
  expect(test()).toBe(true);
}

describe("an app that sleeps", () => {
  it("is woken once by many visitors, who all get their answers", async () => {
    const engine = new ToldEngine();
    const web = await dyno();
    const on = await router(engine);
    on.endpoints(asleep);
    engine.onWake = () => on.endpoints({ ...asleep, state: "starting" });
    const answers = Array.from({ length: 30 }, () => visit(on.port));
    await until(() => engine.woken.length > 0);
    on.endpoints(awake(web.port));
    expect(await Promise.all(answers)).toEqual(Array(30).fill(200));
    expect(engine.woken).toHaveLength(1);
  });

  it("is called again while it does not move, and its engine is away", async () => {
    const engine = new ToldEngine();
    engine.away = true;
    const web = await dyno();
    const on = await router(engine);
    on.endpoints(asleep);
    const answer = visit(on.port);
    await until(() => engine.woken.length > 1);
    engine.away = false;
    engine.onWake = () => on.endpoints(awake(web.port));
    expect(await answer).toBe(200);
  });

  it("that does not come up in time is a boot timeout", async () => {
    const on = await router(new ToldEngine(), { waitMs: 30 });
    on.endpoints(asleep);
    expect(await visit(on.port)).toBe(503);
    expect(await on.logged()).toMatchObject({ code: "H20", desc: "App boot timeout" });
  });

  it("has no longer a backlog than any other", async () => {
    const on = await router(new ToldEngine(), { inFlightPerDyno: 3, waitMs: 1_000 });
    on.endpoints(asleep);
    const answers = Array.from({ length: 5 }, () => visit(on.port));
    expect(await Promise.all(answers)).toEqual(Array(5).fill(503));
    const codes = on.lines.map(({ message }) => /code=(\w+)/.exec(message)?.[1]).sort();
    expect(codes).toEqual(["H11", "H11", "H20", "H20", "H20"]);
  });

  it("is left alone once nobody waits any more", async () => {
    const engine = new ToldEngine();
    engine.away = true;
    const on = await router(engine, { waitMs: 20 });
    on.endpoints(asleep);
    await visit(on.port);
    const calls = engine.woken.length;
    await on.stop();
    expect(engine.woken).toHaveLength(calls);
  });

  it("without an engine that wakes it is waited for like any other", async () => {
    const on = await fakeRouter({ limits: { waitMs: 20 } });
    open.push(on);
    on.endpoints(asleep);
    expect(await visit(on.port)).toBe(503);
  });
});

describe("an app that may sleep", () => {
  it("is told of when it had requests, and while one is under way", async () => {
    const engine = new ToldEngine();
    let finish = () => {};
    const web = await httpDyno((_request, response) => {
      finish = () => response.end("hello");
    });
    open.push(web);
    const on = await router(engine);
    on.endpoints(awake(web.port));
    const answer = visit(on.port);
    await until(() => engine.reports.length > 3);
    finish();
    expect(await answer).toBe(200);
    await pause(60);
    const told = engine.reports.length;
    await pause(80);
    expect(engine.reports).toHaveLength(told);
    expect(new Set(engine.reports.flat()).size).toBe(1);
  });

  it("is told of later when the engine is away", async () => {
    const engine = new ToldEngine();
    engine.away = true;
    const web = await dyno();
    const on = await router(engine);
    on.endpoints(awake(web.port));
    await visit(on.port);
    await pause(60);
    engine.away = false;
    await until(() => engine.reports.length === 1);
  });

  it("is told of by nobody when it never sleeps", async () => {
    const engine = new ToldEngine();
    const web = await dyno();
    const on = await router(engine);
    on.endpoints(web.port);
    await visit(on.port);
    await pause(60);
    expect(engine.reports).toEqual([]);
  });
});
