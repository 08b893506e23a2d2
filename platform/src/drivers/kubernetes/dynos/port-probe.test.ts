import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, test } from "vitest";
import { probePort } from "./port-probe.ts";

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

test("sees a listener that comes late, soon after it came", async () => {
  const port = await freePort();
  const found = probePort({ host: "127.0.0.1", port }, AbortSignal.timeout(10_000));
  await new Promise((resolve) => setImmediate(resolve));
  const server = createServer((socket) => socket.destroy()).listen(port, "127.0.0.1");
  expect(await found).toBe(true);
  server.close();
});

test("ends without one at an abort", async () => {
  const stop = new AbortController();
  const found = probePort({ host: "127.0.0.1", port: await freePort() }, stop.signal);
  stop.abort();
  expect(await found).toBe(false);
  expect(await probePort({ host: "127.0.0.1", port: 1 }, stop.signal)).toBe(false);
});
