import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import { Agent, WebSocket } from "undici";
import { describe, expect, it } from "vitest";
import { fakeRouter, rawDyno, using } from "./proxy-fixtures.ts";

/** RFC 6455 §1.3. */
const MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** An app that speaks WebSocket and sends each message back, in capitals. */
function chatDyno() {
  return rawDyno((socket) => {
    let held = Buffer.alloc(0);
    let upgraded = false;
    socket.on("end", () => socket.end());
    socket.on("data", (piece) => {
      held = Buffer.concat([held, piece]);
      if (!upgraded) {
        const end = held.indexOf("\r\n\r\n");
        if (end < 0) return;
        accept(socket, held.toString("latin1", 0, end));
        held = held.subarray(end + 4);
        upgraded = true;
      }
      for (let frame = readFrame(held); frame; frame = readFrame(held)) {
        held = held.subarray(frame.size);
        if (frame.opcode === 8)
          socket.end(Buffer.concat([Buffer.from([0x88, frame.payload.length]), frame.payload]));
        else writeFrame(socket, frame.payload.toString().toUpperCase());
      }
    });
  });
}

function accept(socket: Socket, head: string): void {
  const key = /sec-websocket-key: (\S+)/i.exec(head)?.[1];
  const answer = createHash("sha1").update(`${key}${MAGIC}`).digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${answer}\r\n\r\n`,
  );
}

/** One masked frame of a client (RFC 6455 §5.2), of less than 64 KiB. */
function readFrame(bytes: Buffer): { opcode: number; payload: Buffer; size: number } | undefined {
  if (bytes.length < 6) return undefined;
  const short = bytes.readUInt8(1) & 0x7f;
  const extended = short === 126 ? 2 : 0;
  const length = extended ? bytes.readUInt16BE(2) : short;
  const size = 2 + extended + 4 + length;
  if (bytes.length < size) return undefined;
  const mask = bytes.subarray(2 + extended, 6 + extended);
  const payload = Buffer.from(bytes.subarray(6 + extended, size)).map((byte, i) => byte ^ (mask[i % 4] ?? 0));
  return { opcode: bytes.readUInt8(0) & 0x0f, payload: Buffer.from(payload), size };
}

function writeFrame(socket: Socket, text: string): void {
  const payload = Buffer.from(text);
  const long = payload.length > 125;
  const head = Buffer.alloc(long ? 4 : 2);
  head.writeUInt8(0x81, 0);
  head.writeUInt8(long ? 126 : payload.length, 1);
  if (long) head.writeUInt16BE(payload.length, 2);
  socket.write(Buffer.concat([head, payload]));
}

describe("WebSocket through the router", () => {
  it("opens, talks in frames small and large, and closes in good order", async () => {
    await using(async (keep) => {
      const dyno = await keep(chatDyno());
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const agent = new Agent({
        connect: { lookup: (_host, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]) },
      });
      const socket = new WebSocket(`ws://app.localhost:${router.port}/chat?room=1`, { dispatcher: agent });
      const messages: string[] = [];
      await new Promise<void>((resolve, reject) => {
        socket.addEventListener("error", () => reject(new Error("the socket failed")));
        socket.addEventListener("open", () => resolve());
      });
      const texts = ["hello", "x".repeat(125), "y".repeat(126), "z".repeat(60_000)];
      await new Promise<void>((resolve) => {
        socket.addEventListener("message", ({ data }) => {
          messages.push(String(data));
          if (messages.length === texts.length) resolve();
        });
        for (const text of texts) socket.send(text);
      });
      expect(messages).toEqual(texts.map((text) => text.toUpperCase()));
      const closed = new Promise<{ code: number; wasClean: boolean }>((resolve) => {
        socket.addEventListener("close", ({ code, wasClean }) => resolve({ code, wasClean }));
      });
      socket.close(1000);
      expect(await closed).toEqual({ code: 1000, wasClean: true });
      expect(await router.logged()).toMatchObject({
        at: "info",
        status: "101",
        path: "/chat?room=1",
        dyno: "web.1",
      });
      await agent.close();
    });
  });
});
