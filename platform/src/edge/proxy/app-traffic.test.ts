import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { appRoute, endpoint } from "../route/route-fixtures.ts";
import { RoutingTable } from "../table/index.ts";
import { AllTraffic, type AppTraffic } from "./app-traffic.ts";
import { Deadlines } from "./deadlines.ts";
import { type FakeDyno, rawDyno, until } from "./proxy-fixtures.ts";
import { PROXY_LIMITS } from "./proxy-limits.ts";
import { Outbox } from "./socket-writer.ts";

let table: RoutingTable;
let traffic: AllTraffic;
const APP = "id-of-app";

beforeEach(() => {
  table = new RoutingTable();
  table.write({ kind: "put", version: 1, route: appRoute("app") });
  const sockets = { limits: PROXY_LIMITS, deadlines: new Deadlines(), outbox: new Outbox() };
  traffic = new AllTraffic({ table, sockets });
});
afterEach(() => traffic.close());

function app(): AppTraffic {
  const found = traffic.find("app.localhost");
  if (!found) throw new Error("no such app");
  return found;
}

function tell(...endpoints: Parameters<typeof endpoint>[]): void {
  table.news({ kind: "app", appId: APP, endpoints: endpoints.map((each) => endpoint(...each)) });
}

describe("an app's traffic", () => {
  it("is found by host, and is the same as long as the app is", () => {
    expect(traffic.find("nobody.localhost")).toBeUndefined();
    const first = app();
    table.write({
      kind: "put",
      version: 2,
      route: appRoute("app", { hosts: ["app.localhost", "b.localhost"] }),
    });
    expect(traffic.find("b.localhost")).toBe(first);
    expect(first.route.hosts).toHaveLength(2);
  });

  it("counts dynos by what they do", () => {
    tell(
      ["web.1", { port: 1 }],
      ["web.2"],
      ["web.3", { state: "crashed" }],
      ["web.4", { port: 4 }],
      // Up without an address is as good as starting.
      ["web.5", { state: "up" }],
    );
    const { known, up, starting, crashed } = app();
    expect({ known, up: up.map(({ name }) => name), starting, crashed }).toEqual({
      known: true,
      up: ["web.1", "web.4"],
      starting: 2,
      crashed: 1,
    });
  });

  it("knows nothing before the engine spoke, and after it went away", () => {
    expect(app().known).toBe(false);
    table.news({ kind: "all", apps: { [APP]: [endpoint("web.1", { port: 1 })] } });
    expect(app()).toMatchObject({ known: true, up: [{ name: "web.1" }] });
    const [before] = app().up;
    table.endpointsLost();
    expect(app()).toMatchObject({ known: false, up: [] });
    expect(before?.left).toBe(true);
    table.news({ kind: "all", apps: {} });
    expect(app()).toMatchObject({ known: true, up: [], starting: 0, crashed: 0 });
  });

  it.each<[string, Parameters<typeof endpoint>, boolean]>([
    ["stays the same while nothing changes", ["web.1", { port: 1 }], true],
    ["is another one at another port", ["web.1", { port: 2 }], false],
    ["is another one under another id", ["web.1", { port: 1, dynoId: "other" }], false],
    ["is another one under another name", ["web.2", { port: 1, dynoId: "id-of-web.1" }], false],
  ])("a dyno %s", (_name, next, same) => {
    tell(["web.1", { port: 1 }]);
    const [before] = app().up;
    tell(next);
    const [after] = app().up;
    expect(after === before).toBe(same);
    expect(before?.left).toBe(!same);
  });

  it("tells those who wait of each change, and only of their app's", () => {
    let told = 0;
    app().waiting.add({ appChanged: () => (told += 1) });
    tell(["web.1"]);
    expect(told).toBe(1);
    table.write({ kind: "put", version: 2, route: appRoute("app", { maintenance: true }) });
    expect(told).toBe(2);
    table.write({ kind: "put", version: 2, route: appRoute("other") });
    table.news({ kind: "app", appId: "id-of-other", endpoints: [] });
    expect(told).toBe(2);
    table.news({ kind: "all", apps: {} });
    expect(told).toBe(3);
  });

  it("lets those who wait come and go while they are told", () => {
    const told: string[] = [];
    const { waiting } = app();
    const late = { appChanged: () => told.push("late") };
    waiting.add({
      appChanged() {
        told.push("first");
        waiting.delete(this);
        waiting.add(late);
      },
    });
    tell(["web.1"]);
    expect(told).toEqual(["first"]);
    tell(["web.1"]);
    expect(told).toEqual(["first", "late"]);
  });

  it("has nothing to run when its app is deleted", () => {
    tell(["web.1", { port: 1 }]);
    const gone = app();
    const [dyno] = gone.up;
    let told = 0;
    gone.waiting.add({ appChanged: () => (told += 1) });
    table.write({ kind: "remove", version: 2, appId: APP });
    expect(gone).toMatchObject({ up: [], route: { webQuantity: 0 } });
    expect(dyno?.left).toBe(true);
    expect(told).toBe(1);
    expect(traffic.find("app.localhost")).toBeUndefined();
    table.write({ kind: "put", version: 3, route: appRoute("app") });
    expect(app()).not.toBe(gone);
  });

  it("follows the table no more once it is closed", () => {
    tell(["web.1", { port: 1 }]);
    const [dyno] = app().up;
    traffic.close();
    expect(dyno?.left).toBe(true);
    tell(["web.1", { port: 2 }]);
    expect(app().up).toEqual([dyno]);
  });
});

describe("a dyno's idle connections", () => {
  let fake: FakeDyno;
  beforeEach(async () => {
    fake = await rawDyno((socket) =>
      socket.on("data", () => socket.write("HTTP/1.1 204 No Content\r\n\r\n")),
    );
  });
  afterEach(() => fake.stop());

  /** Makes one request on a connection of its own. */
  function use(dyno: AppTraffic["up"][number]) {
    return new Promise<ReturnType<typeof dyno.connect>>((resolve) => {
      const nothing = () => {};
      const listener = {
        connected: () => {
          connection.begin(listener, "GET", "GET / HTTP/1.1\r\n\r\n");
          connection.writer.flush();
        },
        responseEnd: () => resolve(connection),
        unreachable: nothing,
        informational: nothing,
        responseHead: nothing,
        responseData: nothing,
        switched: nothing,
        rejected: nothing,
        broke: nothing,
        fault: nothing,
        flush: nothing,
        requestWritable: nothing,
      };
      const connection = dyno.connect(listener);
    });
  }

  function upDyno() {
    tell(["web.1", { port: fake.port }]);
    const [dyno] = app().up;
    if (!dyno) throw new Error("no dyno is up");
    return dyno;
  }

  it("are used newest first", async () => {
    const dyno = upDyno();
    const [one, two] = await Promise.all([use(dyno), use(dyno)]);
    dyno.release(one);
    dyno.release(two);
    expect(dyno.idleConnections).toBe(2);
    expect(dyno.take(1000)).toBe(two);
    expect(dyno.take(1000)).toBe(one);
    expect(dyno.take(1000)).toBeUndefined();
    one.destroy();
    two.destroy();
  });

  it("are not used when they rested too long for what is to be sent", async () => {
    const dyno = upDyno();
    dyno.release(await use(dyno));
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(dyno.take(5)).toBeUndefined();
    expect(dyno.idleConnections).toBe(1);
    dyno.take(1000)?.destroy();
  });

  it("are forgotten when they end, and closed when the dyno leaves", async () => {
    const dyno = upDyno();
    const [one, two, three] = await Promise.all([use(dyno), use(dyno), use(dyno)]);
    dyno.release(one);
    dyno.release(two);
    one.socket.destroy();
    await until(() => dyno.idleConnections === 1);
    tell();
    expect(dyno.idleConnections).toBe(0);
    expect(two.socket.destroyed).toBe(true);
    dyno.release(three);
    expect(three.socket.destroyed).toBe(true);
    expect(dyno.idleConnections).toBe(0);
  });
});
