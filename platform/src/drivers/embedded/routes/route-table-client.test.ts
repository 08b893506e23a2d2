import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { appRoute } from "../../../edge/route/route-fixtures.ts";
import { testRouteTable } from "../../../edge/route/route-table-suite.ts";
import { asRouteTable, RoutingTable } from "../../../edge/table/index.ts";
import { silentLogger } from "../../../kernel/index.ts";
import { callPeer, PeerGone, startLocalServer } from "../local/index.ts";
import { makeRouteTableClient, routeTableRoutes } from "./index.ts";

async function serve() {
  const folder = mkdtempSync(join(tmpdir(), "conifer-router-"));
  const table = new RoutingTable();
  const peer = { socketPath: join(folder, "router.sock"), secret: "s" };
  const routes = asRouteTable(async (write) => {
    table.write(write);
  }, table);
  const server = await startLocalServer({
    ...peer,
    routes: [routeTableRoutes(routes)],
    logger: silentLogger,
  });
  const close = async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { peer, table, close };
}

testRouteTable("over a socket", async () => {
  const { peer, table, close } = await serve();
  return {
    routes: makeRouteTableClient(peer),
    find: (host) => table.find(host),
    news: (told) => table.news(told),
    close,
  };
});

describe("the route table's client", () => {
  it("says when the router is away", async () => {
    const { peer, close } = await serve();
    await close();
    await expect(makeRouteTableClient(peer).put(1, appRoute("one"))).rejects.toThrow(PeerGone);
  });

  it.each([
    ["PUT /routes", { version: 1 }, "routes must be a list"],
    ["PUT /routes", { version: 1, routes: [{ appId: "x" }] }, "a route needs"],
    ["PUT /routes", { version: "1", routes: [] }, "version must be a whole number"],
    ["PUT /routes/x", { version: 1, route: appRoute("y") }, "another app's"],
    ["PUT /routes/x", undefined, "a body is needed"],
    ["DELETE /routes/x", undefined, "version must be a whole number"],
  ])("is refused with %s %j", async (route, body, message) => {
    const { peer, close } = await serve();
    await expect(callPeer(peer, route, { body })).rejects.toThrow(message);
    await close();
  });
});
