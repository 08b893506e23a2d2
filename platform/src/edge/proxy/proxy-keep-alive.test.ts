import { describe, expect, it } from "vitest";
import {
  answeringDyno,
  fakeRouter,
  type RawClient,
  rawClient,
  rawDyno,
  until,
  using,
} from "./proxy-fixtures.ts";

const HOST = "Host: app.localhost";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

async function get(client: RawClient, line = "GET / HTTP/1.1", times = 1): Promise<void> {
  client.send(`${line}\r\n${HOST}\r\n\r\n`);
  await client.receives("\r\n\r\nok", times);
}

/** A dyno that closes each connection when it gets its second request, without a word: as one whose idle time just ended. */
function fickleDyno(seen: string[]) {
  return rawDyno((socket) => {
    let requests = 0;
    socket.on("data", (piece) => {
      const text = piece.toString("latin1");
      if (text.includes("HTTP/1.1\r\n")) requests += 1;
      if (requests > 1) socket.resetAndDestroy();
      else {
        seen.push(text.split(" ").slice(0, 2).join(" "));
        socket.write(OK);
      }
    });
  });
}

describe("connections to a dyno", () => {
  it("that the dyno closed while idle are not used", async () => {
    await using(async (keep) => {
      const dyno = await keep(
        rawDyno((socket) => {
          socket.once("data", () => {
            socket.write(OK);
            setTimeout(() => socket.end(), 5);
          });
        }),
      );
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      for (let times = 1; times <= 5; times += 1) {
        await get(client, "POST / HTTP/1.1", times);
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
      expect(dyno.opened()).toBe(5);
      client.socket.destroy();
    });
  });

  it("that break under a request that may be repeated have it repeated on a new one", async () => {
    await using(async (keep) => {
      const seen: string[] = [];
      const dyno = await keep(fickleDyno(seen));
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      await get(client, "GET /1 HTTP/1.1");
      for (const [i, method] of ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"].entries()) {
        client.send(`${method} /${i + 2} HTTP/1.1\r\n${HOST}\r\n\r\n`);
        await router.logged(i + 2);
      }
      expect(seen).toEqual(["GET /1", "GET /2", "HEAD /3", "PUT /4", "DELETE /5", "OPTIONS /6", "TRACE /7"]);
      expect(router.lines.every(({ message }) => message.includes("status=200"))).toBe(true);
      client.socket.destroy();
    });
  });

  it("that break under a POST never have it sent twice", async () => {
    await using(async (keep) => {
      const seen: string[] = [];
      const dyno = await keep(fickleDyno(seen));
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      await get(client);
      client.send(`POST / HTTP/1.1\r\n${HOST}\r\n\r\n`);
      expect(await router.logged(2)).toMatchObject({ code: "H13", method: "POST" });
      expect(seen).toEqual(["GET /"]);
      client.socket.destroy();
    });
  });

  it("that rested a while carry no POST", async () => {
    await using(async (keep) => {
      const seen: string[] = [];
      const dyno = await keep(fickleDyno(seen));
      const router = await keep(fakeRouter({ limits: { freshMs: 0 } }));
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      await get(client);
      await new Promise((resolve) => setTimeout(resolve, 5));
      await get(client, "POST / HTTP/1.1", 2);
      expect(seen).toEqual(["GET /", "POST /"]);
      client.socket.destroy();
    });
  });

  it.each([
    ["the app says so", OK.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")],
    ["the app speaks HTTP/1.0", OK.replace("1.1", "1.0")],
    [
      "the app says it twice: a length and chunks",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    ],
    ["more comes than was asked for", `${OK}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`],
  ])("end with the response when %s", async (_name, answer) => {
    await using(async (keep) => {
      const dyno = await keep(answeringDyno(() => answer));
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      for (let times = 1; times <= 3; times += 1) {
        client.send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`);
        await client.receives("ok", times);
        await router.logged(times);
      }
      expect(dyno.opened()).toBe(3);
      expect(client.text()).not.toContain("evil");
      client.socket.destroy();
    });
  });

  it("that say something unasked are closed", async () => {
    await using(async (keep) => {
      const dyno = await keep(
        answeringDyno((_head, socket) => {
          setTimeout(() => socket.write("HTTP/1.1 408 Request Timeout\r\n\r\n"), 5);
          return OK;
        }),
      );
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      await get(client);
      await new Promise((resolve) => setTimeout(resolve, 20));
      await get(client, "GET / HTTP/1.1", 2);
      expect(client.text()).not.toContain("408");
      expect(dyno.opened()).toBe(2);
      client.socket.destroy();
    });
  });

  it.each([
    ["the router's limit", OK, { dynoIdleMs: 20 }],
    ["the app's own", OK.replace("\r\n\r\n", "\r\nKeep-Alive: timeout=1\r\n\r\n"), {}],
  ])("rest no longer than %s", async (_name, answer, limits) => {
    await using(async (keep) => {
      let closed = 0;
      const dyno = await keep(
        answeringDyno((_head, socket) => {
          socket.once("close", () => (closed += 1));
          return answer;
        }),
      );
      const router = await keep(fakeRouter({ limits }));
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      await get(client);
      await until(() => closed === 1);
      client.socket.destroy();
    });
  });

  it("are as many as there are requests at a time", async () => {
    await using(async (keep) => {
      const waiting: (() => void)[] = [];
      const dyno = await keep(
        answeringDyno((_head, socket) => {
          waiting.push(() => socket.write(OK));
          return undefined;
        }),
      );
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const clients = await Promise.all([1, 2, 3].map(() => rawClient(router.port)));
      for (let times = 1; times <= 3; times += 1) {
        const asked = clients.map((client) => get(client, "GET / HTTP/1.1", times));
        await until(() => waiting.length === 3);
        for (const answer of waiting.splice(0)) answer();
        await Promise.all(asked);
      }
      expect(dyno.opened()).toBe(3);
      for (const client of clients) client.socket.destroy();
    });
  });
});

describe("a dyno that leaves the table", () => {
  it("ends what it began, gets nothing new, and has its idle connections closed", async () => {
    await using(async (keep) => {
      let finish: (() => void) | undefined;
      let closed = 0;
      const before = await keep(
        answeringDyno((head, socket) => {
          socket.once("close", () => (closed += 1));
          if (!head.includes("/slow")) return OK;
          finish = () => socket.write(OK);
          return undefined;
        }),
      );
      const seen: string[] = [];
      const after = await keep(
        answeringDyno((head) => {
          seen.push(head.split(" ")[1] ?? "");
          return OK;
        }),
      );
      const router = await keep(fakeRouter());
      router.endpoints(before.port);
      const [slow, idle] = await Promise.all([rawClient(router.port), rawClient(router.port)]);
      slow.send(`GET /slow HTTP/1.1\r\n${HOST}\r\n\r\n`);
      await until(() => finish !== undefined);
      await get(idle);
      expect(before.opened()).toBe(2);
      router.endpoints(after.port);
      await until(() => closed === 1);
      await get(idle, "GET /new HTTP/1.1", 2);
      finish?.();
      await slow.receives("\r\n\r\nok");
      await until(() => closed === 2);
      expect(seen).toEqual(["/new"]);
      await get(slow, "GET /later HTTP/1.1", 2);
      expect(seen).toEqual(["/new", "/later"]);
      slow.socket.destroy();
      idle.socket.destroy();
    });
  });

  it("may have closed under a request that is repeated elsewhere", async () => {
    await using(async (keep) => {
      let close: (() => void) | undefined;
      const before = await keep(
        answeringDyno((_head, socket) => {
          close = () => socket.end();
          return undefined;
        }),
      );
      const after = await keep(answeringDyno(() => OK));
      const router = await keep(fakeRouter());
      router.endpoints(before.port);
      const client = await rawClient(router.port);
      const got = get(client);
      await until(() => close !== undefined);
      router.endpoints(after.port);
      close?.();
      await got;
      expect(await router.logged()).toMatchObject({ status: "200", dyno: "web.1" });
      client.socket.destroy();
    });
  });

  it("keeps its connections when it only gets company, or another name's news comes", async () => {
    await using(async (keep) => {
      const dyno = await keep(answeringDyno(() => OK));
      const router = await keep(fakeRouter({ random: () => 0 }));
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      await get(client);
      const other = await keep(answeringDyno(() => OK));
      router.endpoints(dyno.port, other.port);
      router.route({ webQuantity: 2 });
      await get(client, "GET / HTTP/1.1", 2);
      expect(dyno.opened()).toBe(1);
      client.socket.destroy();
    });
  });
});
