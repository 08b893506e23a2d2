import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { expect, test } from "vitest";
import { makeSights } from "./sandbox-sights.ts";

/** The sights of a sandbox that this process is. */
function sightsHere() {
  const cgroup = { memoryBytes: async () => undefined };
  const lease = { ipv4: "192.0.2.1", ipv6: "2001:db8::1" };
  const written = async () => ({ bytes: 10, entries: 1 });
  let ended = false;
  const sights = makeSights(
    { cgroup, lease, written },
    { pid: process.pid, initPid: () => process.pid, hasEnded: () => ended },
  );
  const end = () => {
    ended = true;
  };
  return { sights, end };
}

async function listen(port = 0): Promise<Server> {
  const server = createServer().listen(port, "0.0.0.0");
  await once(server, "listening");
  return server;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;
const close = (server: Server) => new Promise((resolve) => server.close(resolve));

test("a socket is seen as soon as it listens, and no more when it has gone", async () => {
  const first = await listen();
  const port = portOf(first);
  const { sights, end } = sightsHere();
  const found = { address: "0.0.0.0", port, reachableAt: { host: "192.0.2.1", port } };
  expect(await sights.listeningSockets(port)).toEqual([found]);
  expect(await sights.listeningSockets(port)).toEqual([found]);
  await close(first);
  await expect.poll(() => sights.listeningSockets(port)).toEqual([]);
  const second = await listen(port);
  await expect.poll(() => sights.listeningSockets(port)).toEqual([found]);
  end();
  expect(await sights.listeningSockets(port)).toEqual([]);
  await close(second);
});

test("one that takes the place of another is seen a moment later", async () => {
  const other = await listen();
  const spare = await listen();
  const port = portOf(spare);
  await close(spare);
  const { sights } = sightsHere();
  expect(await sights.listeningSockets(port)).toEqual([]);
  await close(other);
  const server = await listen(port);
  await expect.poll(() => sights.listeningSockets(port)).toHaveLength(1);
  await close(server);
});

test("each port is looked for by itself, and all when none is named", async () => {
  const servers = [await listen(), await listen()];
  const { sights } = sightsHere();
  for (const server of servers)
    expect(await sights.listeningSockets(portOf(server))).toMatchObject([{ port: portOf(server) }]);
  const ports = (await sights.listeningSockets()).map(({ port }) => port);
  expect(ports).toEqual(expect.arrayContaining(servers.map(portOf)));
  await Promise.all(servers.map(close));
});

test("what is written is what has a name, and what has none only when it is asked for", async () => {
  const { sights, end } = sightsHere();
  const most = { bytes: 1_000, entries: 10 };
  expect(await sights.written(most)).toEqual({ bytes: 10, entries: 1 });
  expect((await sights.written(most, { unnamed: true })).entries).toBeGreaterThanOrEqual(1);
  expect(await sights.written({ bytes: 9, entries: 10 }, { unnamed: true })).toEqual({
    bytes: 10,
    entries: 1,
  });
  end();
  expect(await sights.written(most, { unnamed: true })).toEqual({ bytes: 10, entries: 1 });
});
