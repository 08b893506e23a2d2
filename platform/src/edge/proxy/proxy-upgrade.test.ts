import { describe, expect, it } from "vitest";
import { answeringDyno, fakeRouter, rawClient, rawDyno, until, using } from "./proxy-fixtures.ts";

const ASK =
  "GET /chat HTTP/1.1\r\nHost: app.localhost\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const SWITCH =
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n";

/** A dyno that upgrades and then echoes, in capitals; `heads` are what it was asked. */
async function echoingDyno(heads: string[] = [], first = "") {
  return rawDyno((socket) => {
    let upgraded = false;
    let held = "";
    socket.on("data", (piece) => {
      if (upgraded) socket.write(piece.toString("latin1").toUpperCase(), "latin1");
      else {
        held += piece.toString("latin1");
        const end = held.indexOf("\r\n\r\n");
        if (end < 0) return;
        heads.push(held.slice(0, end));
        upgraded = true;
        socket.write(SWITCH + first + held.slice(end + 4).toUpperCase(), "latin1");
      }
    });
    socket.on("end", () => socket.end("bye"));
  });
}

describe("an upgraded connection", () => {
  it("carries bytes both ways until both sides have ended", async () => {
    await using(async (keep) => {
      const heads: string[] = [];
      const dyno = await keep(echoingDyno(heads));
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      client.send(ASK);
      const answer = await client.receives("\r\n\r\n");
      expect(answer).toMatch(/^HTTP\/1\.1 101 /);
      expect(answer).toContain("Upgrade: websocket");
      expect(heads[0]).toContain("Connection: Upgrade\r\nUpgrade: websocket");
      expect(heads[0]).toContain("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==");
      client.send("hello");
      await client.receives("HELLO");
      expect(router.lines).toEqual([]);
      client.socket.end();
      await client.receives("bye");
      await client.ended();
      expect(await router.logged()).toMatchObject({
        at: "info",
        status: "101",
        path: "/chat",
        dyno: "web.1",
        bytes: "8",
      });
    });
  });

  it("loses no byte that came with either head", async () => {
    await using(async (keep) => {
      const dyno = await keep(echoingDyno([], "welcome"));
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      client.send(`${ASK}early`);
      await client.receives("welcome");
      await client.receives("EARLY");
      client.socket.destroy();
      expect(await router.logged()).toMatchObject({ status: "101" });
    });
  });

  it("may be answered like any request", async () => {
    await using(async (keep) => {
      const dyno = await keep(
        answeringDyno(() => "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno"),
      );
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      client.send(ASK);
      await client.receives("\r\n\r\nno");
      client.send(ASK);
      await client.receives("\r\n\r\nno", 2);
      client.socket.destroy();
    });
  });

  it("ends with H15 when both sides are silent", async () => {
    await using(async (keep) => {
      const dyno = await keep(echoingDyno());
      const router = await keep(fakeRouter({ limits: { silenceMs: 60 } }));
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      client.send(ASK);
      await client.receives("\r\n\r\n");
      for (let i = 1; i <= 10; i += 1) {
        client.send("x");
        await client.receives("X", i);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      expect(router.lines).toEqual([]);
      await client.ended();
      expect(await router.logged()).toMatchObject({ code: "H15", status: "503", bytes: "10" });
    });
  });

  it.each(["client", "dyno"] as const)(
    "ends when the %s is gone, and the other side is told",
    async (side) => {
      await using(async (keep) => {
        let closed = 0;
        const dyno = await keep(
          rawDyno((socket) => {
            socket.once("data", () => socket.write(SWITCH)).on("close", () => (closed += 1));
            socket.on("end", () => socket.end());
          }),
        );
        const router = await keep(fakeRouter());
        router.endpoints(dyno.port);
        const client = await rawClient(router.port);
        client.send(ASK);
        await client.receives("\r\n\r\n");
        if (side === "client") client.socket.resetAndDestroy();
        else {
          dyno.kill();
          await client.ended();
        }
        await until(() => closed === 1);
        expect(await router.logged()).toMatchObject({ status: "101" });
      });
    },
  );

  it("holds back a sender that is too fast, and brings everything", async () => {
    await using(async (keep) => {
      const size = 20_000_000;
      const dyno = await keep(
        rawDyno((socket) => {
          socket.once("data", () => {
            socket.write(SWITCH);
            socket.end(Buffer.alloc(size, "x"));
          });
        }),
      );
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      let received = 0;
      client.socket.removeAllListeners("data");
      client.socket.on("data", (piece: Buffer) => {
        received += piece.length;
        client.socket.pause();
        setImmediate(() => client.socket.resume());
      });
      client.send(ASK);
      await client.ended();
      expect(received).toBeGreaterThan(size);
      expect(await router.logged()).toMatchObject({ status: "101", bytes: String(size) });
    });
  });

  it("goes on when its dyno leaves the table", async () => {
    await using(async (keep) => {
      const dyno = await keep(echoingDyno());
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      client.send(ASK);
      await client.receives("\r\n\r\n");
      router.endpoints();
      client.send("still");
      await client.receives("STILL");
      client.socket.destroy();
    });
  });
});
