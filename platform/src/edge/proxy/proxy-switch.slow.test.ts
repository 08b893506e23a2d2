import { Agent, request } from "node:http";
import { describe, expect, it } from "vitest";
import { type FakeDyno, type FakeRouter, fakeRouter, httpDyno, until } from "./proxy-fixtures.ts";

/** A dyno of one release. On `retire` it does as Node apps do on SIGTERM: no new connections, the rest run out. */
async function releaseDyno(
  release: number,
): Promise<FakeDyno & { retire(): void; retired: () => number; isIdle: () => boolean }> {
  let retiredAt = 0;
  let late = 0;
  let underWay = 0;
  const dyno = await httpDyno((incoming, response) => {
    if (retiredAt > 0) late += 1;
    underWay += 1;
    response.once("close", () => {
      underWay -= 1;
    });
    incoming.resume().on("end", () => {
      // Some answers take their time: they straddle the switch.
      const delay = incoming.url === "/slow" ? 20 + Math.random() * 30 : 0;
      setTimeout(() => response.end(`v${release}`), delay);
    });
  });
  return {
    ...dyno,
    retire: () => {
      retiredAt = performance.now();
    },
    retired: () => late,
    isIdle: () => underWay === 0,
  };
}

interface Tally {
  ok: number;
  readonly failures: string[];
  readonly seen: Set<string>;
}

function once(
  port: number,
  agent: Agent | undefined,
  options: { method: string; path: string },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: "127.0.0.1", port, headers: { host: "app.localhost" }, agent: agent ?? false, ...options },
      (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text) => (body += text));
        response.on("end", () =>
          response.statusCode === 200 ? resolve(body) : reject(new Error(`${response.statusCode}`)),
        );
        response.on("error", reject);
      },
    );
    outgoing.on("error", reject);
    outgoing.end(options.method === "POST" ? "a body" : undefined);
  });
}

/** A client that asks one request after the other until told to stop. */
async function load(
  port: number,
  agent: Agent | undefined,
  tally: Tally,
  stopped: () => boolean,
): Promise<void> {
  for (let i = 0; !stopped(); i += 1) {
    const options = { method: i % 3 === 0 ? "POST" : "GET", path: i % 5 === 0 ? "/slow" : "/" };
    try {
      tally.seen.add(await once(port, agent, options));
      tally.ok += 1;
    } catch (thrown) {
      tally.failures.push(`${options.method} ${options.path}: ${(thrown as Error).message}`);
    }
  }
}

async function underLoad(router: FakeRouter, body: (tally: Tally) => Promise<void>): Promise<Tally> {
  const tally: Tally = { ok: 0, failures: [], seen: new Set() };
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  let stopped = false;
  const clients = [
    ...Array.from({ length: 12 }, () => load(router.port, agent, tally, () => stopped)),
    ...Array.from({ length: 4 }, () => load(router.port, undefined, tally, () => stopped)),
  ];
  try {
    await body(tally);
  } finally {
    stopped = true;
    await Promise.all(clients);
    agent.destroy();
  }
  return tally;
}

/** So many milliseconds in which this process also reads its sockets: one that waited for a core does not count. */
async function turns(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 10) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("a switch of dynos under load", () => {
  it("fails no request in fifty releases, and sends none to a dyno that left", async () => {
    const router = await fakeRouter();
    router.route({ webQuantity: 2 });
    let current = await Promise.all([releaseDyno(1), releaseDyno(1)]);
    router.endpoints(...current.map(({ port }) => port));
    const lateRequests: number[] = [];
    const leaving: Promise<void>[] = [];
    const leave = async (old: typeof current) => {
      // What was under way when the table changed has arrived by then.
      await turns(100);
      for (const dyno of old) dyno.retire();
      await turns(100);
      await until(() => old.every((dyno) => dyno.isIdle()));
      lateRequests.push(...old.map((dyno) => dyno.retired()));
      for (const dyno of old) void dyno.stop();
    };
    const tally = await underLoad(router, async ({ seen }) => {
      await until(() => seen.has("v1"));
      for (let release = 2; release <= 50; release += 1) {
        const next = await Promise.all([releaseDyno(release), releaseDyno(release)]);
        router.endpoints(...next.map(({ port }) => port));
        const old = current;
        current = next;
        await until(() => seen.has(`v${release}`));
        leaving.push(leave(old));
      }
      await Promise.all(leaving);
    });
    await router.stop();
    for (const dyno of current) await dyno.stop();
    expect(tally.failures).toEqual([]);
    expect(tally.seen.size).toBe(50);
    expect(lateRequests.filter((late) => late > 0)).toEqual([]);
    expect(router.lines.filter(({ message }) => !message.startsWith("at=info"))).toEqual([]);
  });

  it("fails no request when the app is stopped and started in between: they wait", async () => {
    const router = await fakeRouter();
    let dyno = await releaseDyno(1);
    router.endpoints(dyno.port);
    const tally = await underLoad(router, async ({ seen }) => {
      for (let release = 2; release <= 10; release += 1) {
        router.endpoints();
        const before = dyno;
        await until(() => router.table.endpoints("id-of-app")?.length === 0);
        void turns(200)
          .then(() => until(() => before.isIdle()))
          .then(() => before.stop());
        dyno = await releaseDyno(release);
        router.endpoints(dyno.port);
        await until(() => seen.has(`v${release}`));
      }
    });
    await router.stop();
    await dyno.stop();
    expect(tally.failures).toEqual([]);
  });

  it("is in effect for the next request", async () => {
    const router = await fakeRouter();
    const [one, two] = await Promise.all([releaseDyno(1), releaseDyno(2)]);
    const agent = new Agent({ keepAlive: true });
    for (let i = 0; i < 500; i += 1) {
      const dyno = i % 2 === 0 ? one : two;
      router.endpoints(dyno.port);
      expect(await once(router.port, agent, { method: "GET", path: "/" })).toBe(i % 2 === 0 ? "v1" : "v2");
    }
    agent.destroy();
    await router.stop();
    await Promise.all([one.stop(), two.stop()]);
  });

  it("is in effect at once in a table of ten thousand apps that changes all the time", async () => {
    const router = await fakeRouter();
    const [one, two] = await Promise.all([releaseDyno(1), releaseDyno(2)]);
    const { appRoute, endpoint } = await import("../route/route-fixtures.ts");
    const routes = Array.from({ length: 10_000 }, (_, i) => appRoute(`other-${i}`));
    for (const route of routes) router.table.write({ kind: "put", version: 1, route });
    let changes = 0;
    const churn = setInterval(() => {
      changes += 1;
      const route = routes[changes % routes.length] as (typeof routes)[number];
      router.table.write({
        kind: "put",
        version: changes,
        route: { ...route, maintenance: changes % 2 === 0 },
      });
      router.table.news({
        kind: "app",
        appId: route.appId,
        endpoints: [endpoint("web.1", { port: 1 + (changes % 1000) })],
      });
    }, 1);
    const agent = new Agent({ keepAlive: true });
    const times: number[] = [];
    for (let i = 0; i < 300; i += 1) {
      const started = performance.now();
      router.endpoints((i % 2 === 0 ? one : two).port);
      expect(await once(router.port, agent, { method: "GET", path: "/" })).toBe(i % 2 === 0 ? "v1" : "v2");
      times.push(performance.now() - started);
    }
    clearInterval(churn);
    agent.destroy();
    await router.stop();
    await Promise.all([one.stop(), two.stop()]);
    expect(changes).toBeGreaterThan(50);
    expect(times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)]).toBeLessThan(100);
  });
});
