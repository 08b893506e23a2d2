import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, test } from "vitest";
import { type ForwardedPort, type ForwardOptions, forwardPort } from "./forward-port.ts";

const running: (ForwardedPort | Server)[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) {
    if ("stop" in one) await one.stop();
    else one.close();
  }
});

/** The other side: a server that does this with each connection. */
async function other(take: (socket: Socket) => void): Promise<() => Promise<Duplex>> {
  const server = createServer(take);
  running.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return async () => {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return socket;
  };
}

async function forward(options: Partial<ForwardOptions> & Pick<ForwardOptions, "open">) {
  const said: string[] = [];
  const port = await forwardPort({ port: 0, what: "The API", tell: (line) => said.push(line), ...options });
  running.push(port);
  return { port: port.port, said, stop: port.stop };
}

const echo = (socket: Socket) => void socket.pipe(socket);

describe("a forwarded port", () => {
  test.each(["127.0.0.1", "::1"])("takes bytes both ways on %s", async (host) => {
    const { port } = await forward({ open: await other(echo) });
    const socket = connect(port, host);
    socket.write("hello");
    expect(String((await once(socket, "data"))[0])).toBe("hello");
    socket.destroy();
  });

  test("has a connection of its own for each of many", async () => {
    let opened = 0;
    const open = await other(echo);
    const { port } = await forward({
      open: () => {
        opened += 1;
        return open();
      },
    });
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, at) => {
        const socket = connect(port, "127.0.0.1");
        socket.write(`number ${at}`);
        const [data] = await once(socket, "data");
        socket.destroy();
        return String(data);
      }),
    );
    expect(answers).toEqual(Array.from({ length: 50 }, (_, at) => `number ${at}`));
    expect(opened).toBe(50);
  });

  test("ends the client's connection with the other's, after its last byte", async () => {
    const { port } = await forward({ open: await other((socket) => socket.end("goodbye")) });
    expect(await text(connect(port, "127.0.0.1"))).toBe("goodbye");
  });

  test("ends the other's when the client goes", async () => {
    const gone = Promise.withResolvers<void>();
    const open = await other((socket) => {
      socket.on("error", () => {}).on("close", () => gone.resolve());
    });
    const { port } = await forward({ open });
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.resetAndDestroy();
    await gone.promise;
  });

  test("gives a client that has ended its question the whole answer", async () => {
    const open = await other((socket) => socket.once("data", () => socket.end("the answer")));
    const { port } = await forward({ open });
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    socket.end("the question");
    expect(await text(socket)).toBe("the answer");
  });

  test("lets a connection wait while nobody is there, and says so once", async () => {
    const open = await other(echo);
    let tries = 0;
    const { port, said } = await forward({
      open: async () => {
        tries += 1;
        if (tries < 4) throw new Error("no pod of api answers");
        return await open();
      },
    });
    const socket = connect(port, "127.0.0.1");
    socket.write("late");
    expect(String((await once(socket, "data"))[0])).toBe("late");
    expect(said).toEqual([
      "The API is not reached: no pod of api answers. Trying again for each connection.",
      "The API is reached again.",
    ]);
    socket.destroy();
  });

  test("asks nobody any more for a client that has gone", async () => {
    const asked = Promise.withResolvers<void>();
    const later = Promise.withResolvers<Duplex>();
    const { port } = await forward({
      open: () => {
        asked.resolve();
        return later.promise;
      },
    });
    const socket = connect(port, "127.0.0.1");
    await asked.promise;
    socket.destroy();
    await once(socket, "close");
    const open = await other(echo);
    const remote = await open();
    later.resolve(remote);
    await once(remote, "close");
  });

  test("breaks what is open when it stops, and listens no more", async () => {
    const { port, stop } = await forward({ open: await other(echo) });
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {}).write("x");
    await once(socket, "data");
    const closed = once(socket, "close");
    await stop();
    await closed;
    const late = connect(port, "127.0.0.1");
    const [thrown] = await once(late, "error");
    expect((thrown as NodeJS.ErrnoException).code).toBe("ECONNREFUSED");
  });

  test("that is taken is an error, and no other port", async () => {
    const { port } = await forward({ open: await other(echo) });
    await expect(forward({ port, open: await other(echo) })).rejects.toThrow(
      `Port ${port} on 127.0.0.1 is taken; choose another for The API.`,
    );
  });
});
