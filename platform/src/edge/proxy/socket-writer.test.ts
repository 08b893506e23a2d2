import { once } from "node:events";
import { connect, type Socket } from "node:net";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeDyno, rawDyno, until } from "./proxy-fixtures.ts";
import { Outbox, SocketWriter } from "./socket-writer.ts";

let reader: FakeDyno;
let received: Buffer[];
let far: Socket | undefined;
let socket: Socket;

beforeEach(async () => {
  received = [];
  far = undefined;
  reader = await rawDyno((accepted) => {
    far = accepted.on("data", (piece) => received.push(piece));
  });
  socket = connect(reader.port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  await until(() => far !== undefined);
});
afterEach(async () => {
  socket.destroy();
  await reader.stop();
});

const text = () => Buffer.concat(received).toString("latin1");
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("a socket's writer", () => {
  it("sends nothing before it is told, and then once a turn", async () => {
    const writes = countWrites(socket);
    const writer = new SocketWriter(socket, new Outbox());
    writer.text("HTTP/1.1 200 OK\r\n\r\n");
    writer.bytes(Buffer.from("body"));
    await turn();
    expect(writes()).toBe(0);
    writer.flush();
    writer.text(" and more");
    writer.flush();
    expect(writes()).toBe(0);
    await turn();
    expect(writes()).toBe(1);
    await until(() => text() === "HTTP/1.1 200 OK\r\n\r\nbody and more");
  });

  it("sends at once when asked to, and not again", async () => {
    const writes = countWrites(socket);
    const writer = new SocketWriter(socket, new Outbox());
    writer.text("now");
    writer.flush();
    writer.send();
    expect(writes()).toBe(1);
    writer.send();
    await turn();
    expect(writes()).toBe(1);
    await until(() => text() === "now");
  });

  it("copies what is small, passes on what is large, and keeps all in order", async () => {
    const pieces = fc.array(fc.oneof(fc.nat(20), fc.integer({ min: 4090, max: 4100 }), fc.constant(70_000)), {
      maxLength: 10,
    });
    await fc.assert(
      fc.asyncProperty(pieces, fc.boolean(), async (sizes, chunked) => {
        received = [];
        const writer = new SocketWriter(socket, new Outbox());
        let expected = "";
        for (const [i, size] of sizes.entries()) {
          const piece = Buffer.alloc(size, i % 256);
          const body = piece.toString("latin1");
          if (chunked) writer.chunk(piece);
          else writer.bytes(piece);
          expected += chunked ? `${size.toString(16)}\r\n${body}\r\n` : body;
          writer.text("|");
          expected += "|";
          if (i % 3 === 0) writer.flush();
        }
        writer.flush();
        await until(() => received.reduce((sum, { length }) => sum + length, 0) >= expected.length);
        expect(text() === expected).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it("holds no more than a little back", async () => {
    const writes = countWrites(socket);
    const writer = new SocketWriter(socket, new Outbox());
    for (let i = 0; i < 100; i += 1) {
      writer.bytes(Buffer.alloc(1000));
      writer.flush();
    }
    expect(writes()).toBeGreaterThanOrEqual(5);
  });

  it("says when the other side is slow", async () => {
    far?.pause();
    const writer = new SocketWriter(socket, new Outbox());
    let wrote = 0;
    while (wrote < 1000) {
      writer.bytes(Buffer.alloc(65_536));
      wrote += 1;
      if (!writer.flush()) break;
    }
    expect(wrote).toBeLessThan(1000);
    far?.resume();
    await once(socket, "drain");
    expect(writer.flush()).toBe(true);
  });

  it("lets a socket be that has ended", async () => {
    const writer = new SocketWriter(socket, new Outbox());
    writer.text("late");
    writer.flush();
    socket.destroy();
    await turn();
    expect(text()).toBe("");
  });

  it("leaves others alone when one of them is gone", async () => {
    const outbox = new Outbox();
    const other = connect(reader.port, "127.0.0.1");
    await once(other, "connect");
    const writers = [new SocketWriter(socket, outbox), new SocketWriter(other, outbox)];
    for (const [i, writer] of writers.entries()) {
      writer.text(`from ${i}`);
      writer.flush();
    }
    socket.destroy();
    await until(() => text() === "from 1");
    other.destroy();
  });
});

function countWrites(of: Socket): () => number {
  let count = 0;
  const write = of.write.bind(of) as (...args: unknown[]) => boolean;
  of.write = ((...args: unknown[]) => {
    count += 1;
    return write(...args);
  }) as Socket["write"];
  return () => count;
}
