import { createServer, type Server } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { RemotePeer } from "../drivers/embedded/local/index.ts";
import type { Endpoint } from "../edge/route/index.ts";
import { endpoint } from "../edge/route/route-fixtures.ts";
import { type Running, silentLogger } from "../kernel/index.ts";
import { startRoleServer } from "./cluster-peers.ts";
import { viewRouters } from "./cluster-routers.ts";
import { idlePort, makeRolePlace, type RolePlace } from "./role-fixtures.ts";

let place: RolePlace;
const running: Running[] = [];
beforeAll(() => {
  place = makeRolePlace();
});
afterAll(() => place.remove());
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});

/** A router as workers see it; the test moves it on. */
interface TestRouter {
  peer: RemotePeer;
  version: number;
  endpoints: readonly Endpoint[] | null;
  asked: string[];
}

async function startRouter(version = 0, endpoints: readonly Endpoint[] | null = null): Promise<TestRouter> {
  const router = { version, endpoints, asked: [] as string[], peer: place.peer(0) };
  const server = await startRoleServer({
    ...{ config: place.config, logger: silentLogger, port: 0 },
    routes: [
      {
        handlers: {
          "GET /routes/:appId/version": async ({ params }) => {
            router.asked.push(params.appId ?? "");
            return { version: router.version };
          },
          "GET /endpoints/:appId": async () => ({ endpoints: router.endpoints }),
        },
      },
    ],
  });
  running.push(server);
  router.peer = place.peer(server.port);
  return router;
}

/** Takes connections and says nothing, as one whose process stands still. */
async function startSilent(): Promise<RemotePeer> {
  const sockets = new Set<{ destroy(): unknown }>();
  const server: Server = createServer((socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  running.push({ stop });
  return place.peer((server.address() as { port: number }).port);
}

const info = vi.fn();
function view(peers: readonly RemotePeer[] | (() => Promise<readonly RemotePeer[]>), reachMs = 20_000) {
  info.mockReset();
  const calls = { peers: typeof peers === "function" ? peers : async () => peers, reachMs, answerMs: 500 };
  return viewRouters(place.config, { ...silentLogger, info }, calls);
}

describe("a route has reached the routers", () => {
  test("when every one knows its version or a later one", async () => {
    const [one, other] = [await startRouter(7), await startRouter(9)];
    await view([one.peer, other.peer]).reached("app", 7);
    expect([one.asked, other.asked]).toEqual([["app"], ["app"]]);
    expect(info).not.toHaveBeenCalled();
  });

  test("not before the one that is behind has come", async () => {
    const [one, behind] = [await startRouter(7), await startRouter(6)];
    const reached = vi.fn();
    const waiting = view([one.peer, behind.peer]).reached("app", 7).then(reached);
    await vi.waitFor(() => expect(behind.asked.length).toBeGreaterThan(3), { timeout: 10_000 });
    expect(reached).not.toHaveBeenCalled();
    behind.version = 7;
    await waiting;
  });

  test("although one is silent, and one is gone: they serve nobody", async () => {
    const one = await startRouter(7);
    const gone = place.peer(await idlePort());
    await view([await startSilent(), one.peer, gone]).reached("app", 7);
    expect(info).not.toHaveBeenCalled();
  });

  test("one that comes later is waited for, too", async () => {
    const [one, late] = [await startRouter(6), await startRouter(6)];
    const known = [one.peer];
    const waiting = view(async () => [...known]).reached("app", 7);
    await vi.waitFor(() => expect(one.asked.length).toBeGreaterThan(0));
    known.push(late.peer);
    await vi.waitFor(() => expect(late.asked.length).toBeGreaterThan(0));
    one.version = 7;
    late.version = 7;
    await waiting;
  });

  test.each([
    ["there is none", async () => []],
    ["nobody knows them", async () => Promise.reject(new Error("no such name"))],
  ])("at once where %s", async (_name, peers) => {
    await view(peers).reached("app", 7);
  });

  test("is given up in time, and said", async () => {
    const behind = await startRouter(6);
    await view([behind.peer], 100).reached("app", 7);
    expect(info).toHaveBeenCalledExactlyOnceWith("a route did not reach every router in time", {
      app: "app",
    });
  });

  test("an app's id cannot ask for anything else", async () => {
    const one = await startRouter(7);
    await view([one.peer]).reached("../endpoints/a b?c", 7);
    expect(one.asked).toEqual(["../endpoints/a b?c"]);
  });
});

describe("where dynos are", () => {
  const [web1, web2] = [endpoint("web.1"), endpoint("web.2")];

  test("is what all routers know, each dyno once", async () => {
    const routers = [await startRouter(0, [web1]), await startRouter(0, [web1, web2]), await startRouter(0)];
    expect(await view(routers.map(({ peer }) => peer)).endpoints("app")).toEqual([web1, web2]);
  });

  test("is known to have no place when one router says so", async () => {
    const routers = [await startRouter(0, []), await startRouter(0, null)];
    expect(await view(routers.map(({ peer }) => peer)).endpoints("app")).toEqual([]);
  });

  test("is unknown when no router has been told, or none answers", async () => {
    expect(await view([(await startRouter(0, null)).peer]).endpoints("app")).toBeUndefined();
    expect(await view([await startSilent()]).endpoints("app")).toBeUndefined();
    expect(await view([]).endpoints("app")).toBeUndefined();
  });
});
