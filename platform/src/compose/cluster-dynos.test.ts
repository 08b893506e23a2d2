import { createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import { addressTowards } from "./cluster-dynos.ts";

const servers: ReturnType<typeof createServer>[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server that takes connections and says nothing; its port. */
async function listen(host: string): Promise<number> {
  const server = createServer((socket) => socket.resume().on("error", () => {}));
  servers.push(server);
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, host, resolve));
  return (server.address() as { port: number }).port;
}

test("the address towards a server is a range of one", async () => {
  expect(await addressTowards(`https://127.0.0.1:${await listen("127.0.0.1")}`)).toBe("127.0.0.1/32");
});

test("also over IPv6, where this machine has it", async () => {
  const port = await listen("::1").catch(() => undefined);
  if (port !== undefined) expect(await addressTowards(`https://[::1]:${port}/proxy`)).toBe("::1/128");
});

test("a server that is not there is an error", async () => {
  const port = await listen("127.0.0.1");
  await new Promise((resolve) => servers.pop()?.close(resolve));
  await expect(addressTowards(`http://127.0.0.1:${port}`)).rejects.toThrow("ECONNREFUSED");
});
