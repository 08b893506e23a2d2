import { describe, expect, it } from "vitest";
import { ask, fakeRouter, httpDyno, rawClient, rawDyno, readAnswer, until, using } from "./proxy-fixtures.ts";

const HOST = "Host: app.localhost";

/** A dyno that keeps all it is sent on each connection, and answers when told. */
async function listeningDyno(answerAfter: string, answer: string) {
  const received: string[] = [];
  const dyno = await rawDyno((socket) => {
    const mine = received.push("") - 1;
    socket.on("end", () => socket.end());
    socket.on("data", (piece) => {
      received[mine] += piece.toString("latin1");
      if (received[mine]?.endsWith(answerAfter)) socket.write(answer, "latin1");
    });
  });
  return { ...dyno, received };
}

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

describe("a request's body", () => {
  it.each([
    ["of a length", "Content-Length: 5", "hello", "Content-Length: 5", "hello"],
    [
      "in chunks",
      "Transfer-Encoding: chunked",
      '3;ext="a"\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n',
      "Transfer-Encoding: chunked",
      "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
    ],
    [
      "in chunks with trailers",
      "Transfer-Encoding: chunked",
      "5\r\nhello\r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\n\r\n",
      "Transfer-Encoding: chunked",
      "5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
    ],
  ])("%s reaches the dyno", async (_name, framing, sent, field, expected) => {
    await using(async (keep) => {
      const dyno = await keep(listeningDyno(expected, OK));
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      client.send(`POST / HTTP/1.1\r\n${HOST}\r\n${framing}\r\n\r\n${sent}`);
      await client.receives("ok");
      const [head = "", body] = dyno.received[0]?.split("\r\n\r\n", 1).concat(expected) ?? [];
      expect(head).toContain(field);
      expect(dyno.received[0]?.slice(head.length + 4)).toBe(body);
      // The next request on the same connection begins where this one ended.
      client.send(`POST /next HTTP/1.1\r\n${HOST}\r\n${framing}\r\n\r\n${sent}`);
      await client.receives("ok", 2);
      client.socket.destroy();
    });
  });

  it("is not read before there is a dyno for it", async () => {
    await using(async (keep) => {
      const router = await keep(fakeRouter());
      const client = await rawClient(router.port);
      client.send(`POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 100000000\r\n\r\n`);
      let written = 0;
      const piece = Buffer.alloc(1 << 20);
      // The kernel's buffers fill; then nothing moves any more.
      for (let still = 0; still < 20; ) {
        const before = client.socket.bytesWritten - client.socket.writableLength;
        if (client.socket.writableLength < piece.length) client.socket.write(piece);
        await new Promise((resolve) => setTimeout(resolve, 2));
        written = client.socket.bytesWritten - client.socket.writableLength;
        still = written === before ? still + 1 : 0;
      }
      expect(written).toBeLessThan(40_000_000);
      const dyno = await keep(
        httpDyno((request, response) => {
          let size = 0;
          request
            .on("data", (data: Buffer) => (size += data.length))
            .on("end", () => response.end(`got ${size}`));
        }),
      );
      router.endpoints(dyno.port);
      const left = 100_000_000 - client.socket.bytesWritten + 102;
      const sent = client.socket.bytesWritten;
      const head = `POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 100000000\r\n\r\n`.length;
      client.socket.write(Buffer.alloc(100_000_000 + head - sent));
      expect(left).toBeGreaterThan(0);
      await client.receives("got 100000000");
      client.socket.destroy();
    });
  });

  it("with a bad chunk is H26, and the dyno never sees the end", async () => {
    await using(async (keep) => {
      const dyno = await keep(listeningDyno("never", ""));
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      client.send(`POST / HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`);
      await until(() => dyno.received[0]?.endsWith("abc\r\n") ?? false);
      client.send("xyz\r\n");
      await client.ended();
      expect(readAnswer(client.text()).status).toBe(400);
      expect(await router.logged()).toMatchObject({ code: "H26", cause: "bad chunk", status: "400" });
      expect(dyno.received[0]).not.toContain("\r\n0\r\n");
    });
  });

  it("that is answered early does not lose the answer", async () => {
    await using(async (keep) => {
      const dyno = await keep(
        rawDyno((socket) => {
          socket.once("data", () => socket.write("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig"));
          socket.on("data", () => {});
        }),
      );
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      client.send(`POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 3000000\r\n\r\n${"x".repeat(1000)}`);
      await client.receives("big");
      client.socket.write(Buffer.alloc(1_000_000));
      expect(await client.ended()).toBe("ended");
      expect(await router.logged()).toMatchObject({ status: "413", at: "info" });
    });
  });

  it("that the dyno does not want any more is H18", async () => {
    await using(async (keep) => {
      const dyno = await keep(rawDyno((socket) => socket.once("data", () => socket.end())));
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      client.send(`POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 3000\r\n\r\nhalf`);
      await client.ended();
      expect(readAnswer(client.text()).status).toBe(503);
      expect(await router.logged()).toMatchObject({ code: "H18", sock: "backend" });
    });
  });

  it("that the dyno does not read is H15", async () => {
    await using(async (keep) => {
      const dyno = await keep(rawDyno((socket) => socket.pause()));
      const router = await keep(fakeRouter({ limits: { silenceMs: 150 } }));
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      client.send(`POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 100000000\r\n\r\n`);
      client.socket.write(Buffer.alloc(50_000_000));
      expect(await router.logged()).toMatchObject({ code: "H15" });
      client.socket.destroy();
    });
  });
});

describe("Expect: 100-continue", () => {
  it("is answered by the router once there is a dyno, and the dyno is not asked", async () => {
    await using(async (keep) => {
      const dyno = await keep(listeningDyno("hello", OK));
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      client.send(`POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n`);
      await client.receives("HTTP/1.1 100 Continue\r\n\r\n");
      client.send("hello");
      await client.receives("ok");
      expect(dyno.received[0]).not.toMatch(/expect/i);
      client.socket.destroy();
    });
  });

  it("is not, when the answer is no", async () => {
    await using(async (keep) => {
      const router = await keep(fakeRouter());
      router.route({ maintenance: true });
      const client = await rawClient(router.port);
      client.send(`POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n`);
      await client.ended();
      expect(client.text()).toMatch(/^HTTP\/1\.1 503 /);
    });
  });

  it("has the app's own 100 left out", async () => {
    await using(async (keep) => {
      const dyno = await keep(listeningDyno("hello", `HTTP/1.1 100 Continue\r\n\r\n${OK}`));
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      client.send(`POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n`);
      await client.receives("100 Continue");
      client.send("hello");
      await client.receives("ok");
      expect(client.text().split("100 Continue")).toHaveLength(2);
      client.socket.destroy();
    });
  });
});

describe("a response's body", () => {
  const chunked =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x\r\nlo\r\n0\r\nX-Sum: 1\r\n\r\n";
  it.each([
    ["of a length", OK, "GET / HTTP/1.1", "ok"],
    ["in chunks", chunked, "GET / HTTP/1.1", "3\r\nhel\r\n2\r\nlo\r\n0\r\nX-Sum: 1\r\n\r\n"],
    ["in chunks to HTTP/1.0", chunked, "GET / HTTP/1.0", "hello"],
    ["to HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD / HTTP/1.1", ""],
    ["of 204", "HTTP/1.1 204 No Content\r\n\r\n", "GET / HTTP/1.1", ""],
    ["of 304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "GET / HTTP/1.1", ""],
    ["after early hints", `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}`, "GET / HTTP/1.0", "ok"],
  ])("%s is passed on in the client's form", async (_name, answer, line, body) => {
    await using(async (keep) => {
      const dyno = await keep(listeningDyno("\r\n\r\n", answer));
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      expect((await ask(router.port, line, HOST)).body).toBe(body);
      expect((await router.logged()).at).toBe("info");
    });
  });

  it("that ends with the dyno's connection ends in chunks, and the client's stands", async () => {
    await using(async (keep) => {
      const dyno = await keep(
        rawDyno((socket) => socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\n\r\nhello"))),
      );
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      for (let times = 1; times <= 2; times += 1) {
        client.send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`);
        await client.receives("5\r\nhello\r\n0\r\n\r\n", times);
      }
      expect(dyno.opened()).toBe(2);
      client.socket.destroy();
    });
  });

  it("starts before it ends", async () => {
    await using(async (keep) => {
      let finish: (() => void) | undefined;
      const dyno = await keep(
        httpDyno((_request, response) => {
          response.write("first");
          finish = () => response.end("last");
        }),
      );
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      client.send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`);
      await client.receives("first");
      finish?.();
      await client.receives("0\r\n\r\n");
      client.socket.destroy();
    });
  });

  it("may come while the request's still does: an echo", async () => {
    await using(async (keep) => {
      const dyno = await keep(httpDyno((request, response) => request.pipe(response)));
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      client.send(`POST / HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n`);
      for (const word of ["one", "two", "six"]) {
        client.send(`3\r\n${word}\r\n`);
        await client.receives(`3\r\n${word}\r\n`);
      }
      client.send("0\r\n\r\n");
      await client.receives("0\r\n\r\n");
      client.send(`GET /again HTTP/1.1\r\n${HOST}\r\n\r\n`);
      await client.receives("HTTP/1.1 200 OK", 2);
      client.socket.destroy();
    });
  });

  it("has early hints first", async () => {
    await using(async (keep) => {
      const dyno = await keep(
        listeningDyno("\r\n\r\n", `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}`),
      );
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      client.send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`);
      expect(await client.receives("ok")).toMatch(
        /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a>\r\n\r\nHTTP\/1\.1 200 OK/,
      );
      client.socket.destroy();
    });
  });
});
