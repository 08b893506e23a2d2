import { connect, createServer, type Server, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import { type LedVisitors, leadVisitors } from "./lead-visitors.ts";

const opened: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

/** Answers when the visitor has ended his half: its own name, and what it was told. */
async function place(host: string, port = 0): Promise<{ port: number; close: () => Promise<unknown> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    void text(socket).then(
      (told) => socket.end(`${host} heard ${told} from ${socket.remoteAddress}`),
      () => {},
    );
  });
  await new Promise<void>((resolve) => server.listen({ host, port }, resolve));
  const close = () =>
    new Promise((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(resolve);
    });
  opened.push(close);
  return { port: (server.address() as { port: number }).port, close };
}

async function lead(
  find: () => Promise<{ port: number; addresses: readonly string[] }>,
): Promise<LedVisitors> {
  const led = await leadVisitors(0, find);
  opened.push(led.stop);
  return led;
}

async function say(port: number, words: string): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.end(words);
  return await text(socket);
}

test("visitors are led to each place in turn, and a half that has ended ends there too", async () => {
  const { port } = await place("127.0.0.2");
  await place("127.0.0.3", port);
  const led = await lead(async () => ({ port, addresses: ["127.0.0.2", "127.0.0.3"] }));
  const answers = [await say(led.port, "one"), await say(led.port, "two")];
  expect(answers.toSorted()).toEqual([
    `127.0.0.2 heard two from ${led.seenAs}`,
    `127.0.0.3 heard one from ${led.seenAs}`,
  ]);
});

test("a place that takes no connection is passed over", async () => {
  const { port } = await place("127.0.0.2");
  const led = await lead(async () => ({ port, addresses: ["127.0.0.2", "127.0.0.4"] }));
  for (const words of ["one", "two", "three"]) expect(await say(led.port, words)).toContain(`heard ${words}`);
});

test("places are looked for again when none of those that are known is any good", async () => {
  const first = await place("127.0.0.2");
  let addresses = ["127.0.0.2"];
  const led = await lead(async () => ({ port: first.port, addresses }));
  await first.close();
  await place("127.0.0.3", first.port);
  addresses = ["127.0.0.3"];
  expect(await say(led.port, "again")).toContain("127.0.0.3 heard again");
});

test("where nobody is at the beginning it says so", async () => {
  await expect(lead(async () => ({ port: 1, addresses: [] }))).rejects.toThrow("no place takes connections");
});

test("a list that cannot be had is asked for again", async () => {
  const { port } = await place("127.0.0.2");
  let asked = 0;
  const led = await lead(async () => {
    asked += 1;
    if (asked === 1) throw new Error("the cluster is busy");
    return { port, addresses: ["127.0.0.2"] };
  });
  expect(await say(led.port, "one")).toContain("127.0.0.2 heard one");
});
