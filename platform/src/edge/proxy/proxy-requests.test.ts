import { describe, expect, it } from "vitest";
import { answeringDyno, ask, fakeRouter, httpDyno, rawClient, readAnswer, using } from "./proxy-fixtures.ts";

const HOST = "Host: app.localhost";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

describe("which page a host gets", () => {
  it.each([
    ["app.localhost", 200, "ok"],
    ["APP.localhost:1234", 200, "ok"],
    ["app.localhost.", 200, "ok"],
    ["nobody.localhost", 404, "No such app"],
    ["www.example.com", 404, "No such app"],
    ["localhost:8080", 200, "Conifer is ready"],
    ["127.0.0.1", 200, "Conifer is ready"],
    ["[::1]:8080", 200, "Conifer is ready"],
    ["", 200, "Conifer is ready"],
  ])("%s: %i", async (host, status, body) => {
    await using(async (keep) => {
      const dyno = await keep(answeringDyno(() => OK));
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const answer = await ask(router.port, "GET / HTTP/1.1", `Host: ${host}`);
      expect(answer.status).toBe(status);
      expect(answer.body).toContain(body);
      expect(router.lines).toHaveLength(body === "ok" ? 1 : 0);
    });
  });

  it("any host of the app's", async () => {
    await using(async (keep) => {
      const dyno = await keep(answeringDyno(() => OK));
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      router.route({ hosts: ["app.localhost", "www.example.com"] });
      expect((await ask(router.port, "GET / HTTP/1.1", "Host: www.example.com")).body).toBe("ok");
      router.route({ hosts: ["app.localhost"] });
      expect((await ask(router.port, "GET / HTTP/1.1", "Host: www.example.com")).status).toBe(404);
    });
  });
});

describe("a request through the router", () => {
  it("reaches the dyno with the router's fields, and its line the log", async () => {
    await using(async (keep) => {
      const dyno = await keep(httpDyno((request, response) => response.end(JSON.stringify(request.headers))));
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const id = "0123456789abcdef0123";
      const answer = await ask(
        router.port,
        "GET /a?b HTTP/1.1",
        HOST,
        `X-Request-ID: ${id}`,
        "X-Forwarded-For: 9.9.9.9",
      );
      expect(answer.fields).toMatchObject({ via: "1.1 heroku-router", server: "Heroku" });
      expect(JSON.parse(answer.body)).toMatchObject({
        host: "app.localhost",
        "x-request-id": id,
        "x-forwarded-for": "9.9.9.9, 127.0.0.1",
        "x-forwarded-proto": "http",
        "x-forwarded-port": "80",
        "x-request-start": expect.stringMatching(/^\d{13}$/),
        via: "1.1 heroku-router",
      });
      expect(router.lines[0]).toMatchObject({ appId: "id-of-app", source: "heroku", process: "router" });
      expect(await router.logged()).toMatchObject({
        at: "info",
        method: "GET",
        path: "/a?b",
        host: "app.localhost",
        request_id: id,
        fwd: "9.9.9.9, 127.0.0.1",
        dyno: "web.1",
        connect: expect.stringMatching(/^\d+ms$/),
        service: expect.stringMatching(/^\d+ms$/),
        status: "200",
        bytes: String(answer.body.length),
        protocol: "http1.1",
        tls: "false",
      });
    });
  });

  it("is one of many on both connections", async () => {
    await using(async (keep) => {
      const dyno = await keep(httpDyno((request, response) => response.end(request.url)));
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      for (let i = 1; i <= 20; i += 1) {
        client.send(`GET /n${i} HTTP/1.1\r\n${HOST}\r\n\r\n`);
        await client.receives(`/n${i}`);
      }
      expect(dyno.opened()).toBe(1);
      client.socket.destroy();
    });
  });

  it("may come before the last one is answered, and is answered in order", async () => {
    await using(async (keep) => {
      const dyno = await keep(httpDyno((request, response) => response.end(`<${request.url}>`)));
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      const paths = Array.from({ length: 300 }, (_, i) => `/${i}`);
      client.send(paths.map((path) => `GET ${path} HTTP/1.1\r\n${HOST}\r\n\r\n`).join(""));
      await client.receives("</299>");
      expect([...client.text().matchAll(/<([^>]+)>/g)].map(([, path]) => path)).toEqual(paths);
      client.socket.destroy();
    });
  });

  it("for no app at all may come in thousands at once", async () => {
    await using(async (keep) => {
      const router = await keep(fakeRouter());
      const client = await rawClient(router.port);
      client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(20_000));
      await client.receives("</html>", 20_000);
      client.socket.destroy();
    });
  });

  it("gets no answer while the client does not read those before", async () => {
    await using(async (keep) => {
      let answered = 0;
      const dyno = await keep(
        answeringDyno(() => {
          answered += 1;
          return `HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n${"x".repeat(100_000)}`;
        }),
      );
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      client.socket.pause();
      const requests = `GET / HTTP/1.1\r\n${HOST}\r\n\r\n`.repeat(1000);
      client.send(requests);
      // The kernel's buffers fill in both directions; then nothing moves any more.
      let before = -1;
      for (let still = 0; still < 20; still = answered === before ? still + 1 : 0) {
        before = answered;
        await new Promise((resolve) => setTimeout(resolve, 3));
      }
      expect(answered).toBeLessThan(500);
      client.socket.destroy();
    });
  });

  it.each([
    ["HTTP/1.0", "GET / HTTP/1.0", [], "Connection: close", true],
    [
      "HTTP/1.0 that asks to stay",
      "GET / HTTP/1.0",
      ["Connection: keep-alive"],
      "Connection: keep-alive",
      false,
    ],
    ["HTTP/1.1 that closes", "GET / HTTP/1.1", ["Connection: close"], "Connection: close", true],
    ["HTTP/1.1", "GET / HTTP/1.1", [], "Via: 1.1", false],
  ])("of %s is answered and closed as asked", async (_name, line, fields, expected, closes) => {
    await using(async (keep) => {
      const dyno = await keep(answeringDyno(() => OK));
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      client.send([line, HOST, ...fields, "", ""].join("\r\n"));
      expect(await client.receives("ok")).toContain(`${expected}`);
      if (closes) await client.ended();
      else expect(client.socket.readableEnded).toBe(false);
      client.socket.destroy();
    });
  });

  it("may be spread over many small pieces", async () => {
    await using(async (keep) => {
      const dyno = await keep(answeringDyno(() => OK));
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      for (const byte of `\r\nGET / HTTP/1.1\r\n${HOST}\r\n\r\n`) {
        client.send(byte);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await client.receives("ok");
      client.socket.destroy();
    });
  });

  it("goes to all dynos alike", async () => {
    await using(async (keep) => {
      const dynos = await Promise.all(
        [1, 2, 3].map((n) => keep(answeringDyno(() => OK.replace("ok", `d${n}`)))),
      );
      const router = await keep(fakeRouter());
      router.endpoints(...dynos.map(({ port }) => port));
      const client = await rawClient(router.port);
      client.send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`.repeat(900));
      await client.receives("\r\n\r\nd", 900);
      for (const n of [1, 2, 3]) {
        const share = client.text().split(`\r\n\r\nd${n}`).length - 1;
        expect(share).toBeGreaterThan(220);
        expect(share).toBeLessThan(380);
      }
      client.socket.destroy();
    });
  });
});

describe("requests that are refused", () => {
  it.each<[string, string[], number, string | undefined]>([
    [
      "an unknown expectation",
      ["GET / HTTP/1.1", HOST, "Expect: a-cake"],
      417,
      "unsupported expect header value",
    ],
    ["two lengths", ["POST / HTTP/1.1", HOST, "Content-Length: 1", "Content-Length: 2"], 400, "bad header"],
    [
      "length and chunks",
      ["POST / HTTP/1.1", HOST, "Content-Length: 1", "Transfer-Encoding: chunked"],
      400,
      "bad header",
    ],
    ["a coding", ["POST / HTTP/1.1", HOST, "Transfer-Encoding: gzip, chunked"], 501, "bad header"],
    ["a header too long", ["GET / HTTP/1.1", HOST, `X-A: ${"x".repeat(9000)}`], 400, "bad header"],
    ["a request line too long", [`GET /${"x".repeat(9000)} HTTP/1.1`, HOST], 400, undefined],
    ["CONNECT", ["CONNECT example.com:443 HTTP/1.1", HOST], 400, undefined],
    ["HTTP/2", ["PRI * HTTP/2.0", HOST], 505, undefined],
    ["no host", ["GET / HTTP/1.1"], 400, undefined],
    ["a blank before a colon", ["GET / HTTP/1.1", HOST, "X-A : 1"], 400, "bad header"],
  ])("for %s", async (_name, lines, status, cause) => {
    await using(async (keep) => {
      let heads = 0;
      const dyno = await keep(
        answeringDyno(() => {
          heads += 1;
          return OK;
        }),
      );
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const answer = await ask(router.port, ...lines);
      expect(answer).toMatchObject({ status, fields: { connection: "close" } });
      expect(heads).toBe(0);
      if (cause) {
        expect(await router.logged()).toMatchObject({
          at: "error",
          code: "H26",
          cause,
          status: String(status),
        });
      } else expect(router.lines).toEqual([]);
    });
  });

  it("end their connection: what came behind them is no request", async () => {
    await using(async (keep) => {
      const paths: string[] = [];
      const dyno = await keep(
        answeringDyno((head) => {
          paths.push(head.split(" ")[1] ?? "");
          return OK;
        }),
      );
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      const smuggled = `GET /smuggled HTTP/1.1\r\n${HOST}\r\n\r\n`;
      client.send(
        `POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: ${smuggled.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
      );
      await client.ended();
      expect(readAnswer(client.text()).status).toBe(400);
      expect(client.text().split("HTTP/1.1 ").length).toBe(2);
      expect(paths).toEqual([]);
    });
  });

  it("for a head that never ends", async () => {
    await using(async (keep) => {
      const router = await keep(fakeRouter({ limits: { headMs: 30 } }));
      const client = await rawClient(router.port);
      client.send("GET / HT");
      await client.ended();
      expect(readAnswer(client.text()).status).toBe(408);
    });
  });

  it("for a head that is too large", async () => {
    await using(async (keep) => {
      const router = await keep(fakeRouter());
      const client = await rawClient(router.port);
      client.send(`GET / HTTP/1.1\r\n${"X-A: 1\r\n".repeat(40_000)}`);
      await client.ended();
      expect(readAnswer(client.text()).status).toBe(400);
    });
  });

  it("for line ends without carriage return", async () => {
    await using(async (keep) => {
      const router = await keep(fakeRouter());
      const client = await rawClient(router.port);
      client.send(`GET / HTTP/1.1\n${HOST}\n\n`);
      await client.ended();
      expect(readAnswer(client.text()).status).toBe(400);
    });
  });
});

describe("connections without a request", () => {
  it("are closed after a while", async () => {
    await using(async (keep) => {
      const router = await keep(fakeRouter({ limits: { clientIdleMs: 30 } }));
      const client = await rawClient(router.port);
      await client.ended();
      expect(client.text()).toBe("");
    });
  });

  it("are closed a while after the last one", async () => {
    await using(async (keep) => {
      const dyno = await keep(answeringDyno(() => OK));
      const router = await keep(fakeRouter({ limits: { clientIdleMs: 30 } }));
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      client.send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`);
      await client.receives("ok");
      await client.ended();
    });
  });
});
