import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../kernel/index.ts";
import { appRoute, endpoint } from "../route/route-fixtures.ts";
import { RoutingTable } from "../table/index.ts";
import { AllTraffic, type AppTraffic } from "./app-traffic.ts";
import { Deadlines } from "./deadlines.ts";
import { PROXY_LIMITS } from "./proxy-limits.ts";
import { SleepingTraffic } from "./sleeping-traffic.ts";
import { Outbox } from "./socket-writer.ts";

let table: RoutingTable;
let traffic: AllTraffic;
let sleeping: SleepingTraffic;
let woken: string[];
const [EAGER, OTHER] = ["id-of-eager", "id-of-other"];

beforeEach(() => {
  woken = [];
  table = new RoutingTable();
  table.write({ kind: "replace", version: 1, routes: [appRoute("eager"), appRoute("other")] });
  const sockets = { limits: PROXY_LIMITS, deadlines: new Deadlines(), outbox: new Outbox() };
  const apps = { used: async () => {}, wake: async (appId: string) => void woken.push(appId) };
  sleeping = new SleepingTraffic({ apps, logger: silentLogger, reportMs: 1_000, againMs: 5 });
  traffic = new AllTraffic({ table, sockets, sleeping });
  tell(EAGER, { port: 1, sleeps: true });
  tell(OTHER, { port: 2 });
});
afterEach(async () => {
  await sleeping.stop();
  traffic.close();
});

function tell(appId: string, parts: Parameters<typeof endpoint>[1]): void {
  table.news({ kind: "app", appId, endpoints: [endpoint("web.1", parts)] });
}

function app(name: string): AppTraffic {
  const found = traffic.find(`${name}.localhost`);
  if (!found) throw new Error("no such app");
  return found;
}

describe("apps with requests", () => {
  it("are told once, and only those that sleep", () => {
    app("eager").used = true;
    app("other").used = true;
    expect(traffic.takeUsed()).toEqual([EAGER]);
    expect(traffic.takeUsed()).toEqual([]);
  });

  it("are told as long as a request is under way", () => {
    app("eager").inFlight = 1;
    expect([traffic.takeUsed(), traffic.takeUsed()]).toEqual([[EAGER], [EAGER]]);
    app("eager").inFlight = 0;
    expect(traffic.takeUsed()).toEqual([]);
  });

  it("that could not be told are told the next time, unless they are gone", () => {
    app("eager");
    traffic.setUsed([EAGER, "id-of-nobody"]);
    expect(traffic.takeUsed()).toEqual([EAGER]);
  });

  it("no longer count once their dynos do not sleep", () => {
    app("eager").used = true;
    tell(EAGER, { port: 1 });
    expect(traffic.takeUsed()).toEqual([]);
  });
});

describe("an app that is called", () => {
  it("counts the dynos that sleep", () => {
    tell(EAGER, { state: "idle", sleeps: true });
    const { idle, starting, up } = app("eager");
    expect({ idle, starting, up }).toEqual({ idle: 1, starting: 0, up: [] });
  });

  it("is not called when nobody waits for it, or when it starts", async () => {
    tell(EAGER, { state: "idle", sleeps: true });
    app("eager").wake();
    tell(EAGER, { sleeps: true });
    app("eager").waiting.add({ appChanged: () => {} });
    app("eager").wake();
    await sleeping.stop();
    expect(woken).toEqual([]);
  });

  it("is called until it starts", async () => {
    tell(EAGER, { state: "idle", sleeps: true });
    app("eager").waiting.add({ appChanged: () => {} });
    app("eager").wake();
    app("eager").wake();
    await expect.poll(() => woken.length).toBeGreaterThan(2);
    tell(EAGER, { sleeps: true });
    await sleeping.stop();
    expect(new Set(woken)).toEqual(new Set([EAGER]));
  });
});
