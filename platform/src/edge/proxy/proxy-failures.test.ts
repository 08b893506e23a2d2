import { describe, expect, it } from "vitest";
import { endpoint } from "../route/route-fixtures.ts";
import {
  answeringDyno,
  ask,
  closedPort,
  type FakeRouter,
  fakeRouter,
  rawClient,
  rawDyno,
  readAnswer,
  until,
  using,
} from "./proxy-fixtures.ts";

const HOST = "Host: app.localhost";
const GET = ["GET /p HTTP/1.1", HOST] as const;
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Every failure that ends in a page: how it comes about, what the client and the log see. */
describe("failures with a page", () => {
  interface Row {
    readonly code: string;
    readonly status: number;
    readonly at?: string;
    readonly dyno?: string;
    readonly limits?: object;
    readonly arrange: (router: FakeRouter, keep: Parameters<Parameters<typeof using>[0]>[0]) => Promise<void>;
    readonly log?: object;
  }
  const dynoThat = (serve: Parameters<typeof rawDyno>[0]): Row["arrange"] => {
    return async (router, keep) => router.endpoints((await keep(rawDyno(serve))).port);
  };
  const dynoSaying = (text: string): Row["arrange"] =>
    dynoThat((socket) => socket.once("data", () => socket.end(text, "latin1")));

  const rows: Record<string, Row> = {
    "all web dynos crashed": {
      code: "H10",
      status: 503,
      arrange: async (router) => router.endpoints(endpoint("web.1", { state: "crashed" })),
    },
    "the first byte takes too long": {
      code: "H12",
      status: 503,
      dyno: "web.1",
      limits: { firstByteMs: 30 },
      arrange: dynoThat(() => {}),
    },
    "the dyno closes without a word": {
      code: "H13",
      status: 503,
      dyno: "web.1",
      arrange: dynoThat((socket) => socket.once("data", () => socket.end())),
    },
    "the dyno resets without a word": {
      code: "H13",
      status: 503,
      dyno: "web.1",
      arrange: dynoThat((socket) => socket.once("data", () => socket.resetAndDestroy())),
    },
    "no web dynos are wanted": {
      code: "H14",
      status: 503,
      arrange: async (router) => router.route({ webQuantity: 0 }),
    },
    "the dyno speaks another protocol": {
      code: "H17",
      status: 503,
      dyno: "web.1",
      arrange: dynoSaying("SSH-2.0-OpenSSH_9.2p1\r\n\r\n"),
    },
    "the dyno ends within a head": {
      code: "H17",
      status: 503,
      dyno: "web.1",
      arrange: dynoSaying("HTTP/1.1 200 OK\r\nX-A"),
    },
    "the dyno upgrades unasked": {
      code: "H17",
      status: 503,
      dyno: "web.1",
      arrange: dynoSaying("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
    },
    "no dyno can be connected to in time": {
      code: "H19",
      status: 503,
      dyno: "web.1",
      limits: { connectMs: 30 },
      // An address of this machine's loopback network that drops what is sent there would need a firewall; a listener
      // whose backlog is full does the same.
      arrange: async (router, keep) => router.endpoints((await keep(fullListener())).port),
    },
    "the app boots for too long": {
      code: "H20",
      status: 503,
      limits: { waitMs: 30 },
      arrange: async (router) => router.endpoints(endpoint("web.1")),
    },
    "the host is away for too long": {
      code: "H20",
      status: 503,
      limits: { waitMs: 30 },
      arrange: async (router) => router.table.endpointsLost(),
    },
    "connections are refused": {
      code: "H21",
      status: 503,
      dyno: "web.1",
      arrange: async (router) => router.endpoints(await closedPort()),
    },
    "two lengths in the answer": {
      code: "H25",
      status: 502,
      dyno: "web.1",
      arrange: dynoSaying("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
      log: { desc: "HTTP Restriction: invalid content length" },
    },
    "a cookie too large": {
      code: "H25",
      status: 502,
      dyno: "web.1",
      arrange: dynoSaying(`HTTP/1.1 200 OK\r\nSet-Cookie: ${"x".repeat(8193)}\r\nContent-Length: 0\r\n\r\n`),
      log: { desc: "HTTP Restriction: oversized cookie" },
    },
    "a header too large": {
      code: "H25",
      status: 502,
      dyno: "web.1",
      arrange: dynoSaying(`HTTP/1.1 200 OK\r\nX-A: ${"x".repeat(524_288)}\r\nContent-Length: 0\r\n\r\n`),
      log: { desc: "HTTP Restriction: oversized header" },
    },
    "a status line too large": {
      code: "H25",
      status: 502,
      dyno: "web.1",
      arrange: dynoSaying(`HTTP/1.1 200 ${"x".repeat(9000)}\r\nContent-Length: 0\r\n\r\n`),
      log: { desc: "HTTP Restriction: oversized status line" },
    },
    maintenance: {
      code: "H80",
      status: 503,
      at: "info",
      arrange: async (router) => router.route({ maintenance: true }),
    },
    "nothing was released": {
      code: "H81",
      status: 502,
      at: "info",
      arrange: async (router) => router.route({ released: false }),
    },
  };

  it.each(Object.entries(rows))(
    "%s",
    async (_name, { code, status, at = "error", dyno = "", limits, arrange, log }) => {
      await using(async (keep) => {
        const router = await keep(fakeRouter({ limits: limits ?? {} }));
        await arrange(router, keep);
        const answer = await ask(router.port, ...GET);
        expect(answer.status).toBe(status);
        expect(answer.fields["content-type"]).toBe("text/html; charset=utf-8");
        const line = await router.logged();
        expect(line).toMatchObject({
          at,
          code,
          dyno,
          status: String(status),
          method: "GET",
          path: "/p",
          ...log,
        });
        expect(line.connect !== "").toBe(dyno !== "" && code !== "H19" && code !== "H21");
        expect(router.lines).toHaveLength(1);
      });
    },
  );

  it("leave the client's connection for the next request", async () => {
    await using(async (keep) => {
      const router = await keep(fakeRouter());
      router.route({ maintenance: true });
      const client = await rawClient(router.port);
      client.send("GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n".repeat(3));
      await client.receives("Down for maintenance</title>", 3);
      client.socket.destroy();
    });
  });
});

describe("the queue", () => {
  it("holds requests until a dyno is up", async () => {
    await using(async (keep) => {
      const dyno = await keep(answeringDyno(() => OK));
      const router = await keep(fakeRouter());
      router.endpoints(endpoint("web.1"));
      const answers = Array.from({ length: 5 }, () => ask(router.port, ...GET));
      await ask(router.port, "GET / HTTP/1.1", "Host: localhost");
      expect(router.lines).toEqual([]);
      router.endpoints(dyno.port);
      expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    });
  });

  it("lets requests go when the app is put in maintenance, scaled to nothing or deleted", async () => {
    await using(async (keep) => {
      const router = await keep(fakeRouter());
      const waiting = async (change: () => void) => {
        const before = router.lines.length;
        const answer = ask(router.port, ...GET);
        await ask(router.port, "GET / HTTP/1.1", "Host: localhost");
        change();
        await answer;
        return (await router.logged(before + 1)).code;
      };
      expect(await waiting(() => router.route({ maintenance: true }))).toBe("H80");
      router.route({});
      expect(await waiting(() => router.route({ webQuantity: 0 }))).toBe("H14");
      router.route({});
      const remove = () => router.table.write({ kind: "remove", version: 1000, appId: "id-of-app" });
      expect(await waiting(remove)).toBe("H14");
    });
  });

  it("holds 200 requests for each web dyno and no more", async () => {
    await using(async (keep) => {
      const dyno = await keep(answeringDyno(() => OK));
      const router = await keep(fakeRouter({ limits: { inFlightPerDyno: 3 } }));
      const held = Array.from({ length: 3 }, () => ask(router.port, ...GET));
      await until(() => router.lines.length === 0);
      const over = await ask(router.port, ...GET);
      expect(over.status).toBe(503);
      expect(await router.logged()).toMatchObject({ code: "H11", desc: "Backlog too deep" });
      router.endpoints(dyno.port);
      expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200, 200]);
      expect((await ask(router.port, ...GET)).status).toBe(200);
    });
  });
});

describe("quarantine", () => {
  it("keeps a dyno that refused out, while another serves", async () => {
    await using(async (keep) => {
      const dyno = await keep(answeringDyno(() => OK));
      const refusing = await closedPort();
      const router = await keep(fakeRouter({ random: () => 0 }));
      router.endpoints(refusing, dyno.port);
      expect((await ask(router.port, ...GET)).status).toBe(200);
      expect((await ask(router.port, ...GET)).status).toBe(200);
      expect(await router.logged(2)).toMatchObject({ at: "info", dyno: "web.2" });
    });
  });

  it("is waited out when all dynos are in it, up to H99", async () => {
    await using(async (keep) => {
      const refusing = await closedPort();
      const router = await keep(fakeRouter({ limits: { quarantineMs: 60_000, waitMs: 40 } }));
      router.endpoints(refusing);
      await ask(router.port, ...GET);
      expect(await router.logged()).toMatchObject({ code: "H21" });
      await ask(router.port, ...GET);
      expect(await router.logged(2)).toMatchObject({ code: "H99", connect: "", service: "" });
    });
  });

  it("ends by itself", async () => {
    await using(async (keep) => {
      const refusing = await closedPort();
      const router = await keep(fakeRouter({ limits: { quarantineMs: 40 } }));
      router.endpoints(refusing);
      await ask(router.port, ...GET);
      const started = performance.now();
      await ask(router.port, ...GET);
      expect(await router.logged(2)).toMatchObject({ code: "H21" });
      expect(performance.now() - started).toBeGreaterThan(20);
    });
  });

  it("tries ten dynos at the most", async () => {
    await using(async (keep) => {
      const ports = await Promise.all(Array.from({ length: 12 }, closedPort));
      const router = await keep(fakeRouter({ random: () => 0 }));
      router.endpoints(...ports);
      await ask(router.port, ...GET);
      expect(await router.logged()).toMatchObject({ code: "H21", dyno: "web.10" });
    });
  });
});

describe("failures within a response", () => {
  it.each([
    ["of a length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"],
    ["in chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"],
    ["with a bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n"],
  ])("%s cut the client's connection: H18", async (_name, text) => {
    await using(async (keep) => {
      const dyno = await keep(rawDyno((socket) => socket.once("data", () => socket.end(text))));
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      client.send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`);
      await client.ended();
      const { body } = readAnswer(client.text());
      expect(body).toContain("half");
      expect(body).not.toContain("\r\n0\r\n");
      expect(await router.logged()).toMatchObject({
        code: "H18",
        sock: "backend",
        status: "503",
        bytes: "4",
      });
    });
  });

  it("that only the connection's end would end reset it", async () => {
    await using(async (keep) => {
      const dyno = await keep(
        rawDyno((socket) =>
          socket.once("data", () => {
            socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
          }),
        ),
      );
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      client.send(`GET / HTTP/1.0\r\n${HOST}\r\n\r\n`);
      await client.receives("half");
      dyno.kill();
      expect(await client.ended()).toBe("reset");
      expect(await router.logged()).toMatchObject({ code: "H18" });
    });
  });

  it("are H15 when the app falls silent", async () => {
    await using(async (keep) => {
      const dyno = await keep(
        rawDyno((socket) => socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\n\r\nhalf"))),
      );
      const router = await keep(fakeRouter({ limits: { silenceMs: 40 } }));
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      client.send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`);
      await client.ended();
      expect(await router.logged()).toMatchObject({ code: "H15", desc: "Idle connection", bytes: "4" });
    });
  });

  it("are H28 when the client does not read", async () => {
    await using(async (keep) => {
      const dyno = await keep(
        rawDyno((socket) => {
          socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\n\r\n"));
          const more = () => {
            while (!socket.destroyed && socket.write(Buffer.alloc(65_536)));
          };
          socket.on("drain", more).once("data", more);
        }),
      );
      const router = await keep(fakeRouter({ limits: { silenceMs: 60 } }));
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      client.socket.pause();
      client.send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`);
      expect(await router.logged()).toMatchObject({ at: "warning", code: "H28", status: "499" });
      client.socket.destroy();
    });
  });

  it("are not when bytes keep coming, however long it takes", async () => {
    await using(async (keep) => {
      const dyno = await keep(
        rawDyno((socket) =>
          socket.once("data", () => {
            socket.write("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n");
            let sent = 0;
            const timer = setInterval(() => {
              socket.write("x");
              sent += 1;
              if (sent === 20) clearInterval(timer);
            }, 10);
          }),
        ),
      );
      const router = await keep(fakeRouter({ limits: { silenceMs: 100 } }));
      router.endpoints(dyno.port);
      expect((await ask(router.port, ...GET)).body).toBe("x".repeat(20));
    });
  });
});

describe("clients that go away", () => {
  it.each([
    ["while the app works", async () => {}],
    ["while they wait for a dyno", async (router: FakeRouter) => router.endpoints(endpoint("web.1"))],
  ])("%s are H27, and the dyno is told", async (_name, arrange) => {
    await using(async (keep) => {
      let closed = 0;
      const dyno = await keep(
        rawDyno((socket) => {
          socket
            .resume()
            .on("close", () => (closed += 1))
            .on("end", () => socket.end());
        }),
      );
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      await arrange(router);
      const client = await rawClient(router.port);
      client.send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`);
      if (router.table.endpoints("id-of-app")?.[0]?.state === "up") await until(() => dyno.opened() === 1);
      else await ask(router.port, "GET / HTTP/1.1", "Host: localhost");
      client.socket.destroy();
      expect(await router.logged()).toMatchObject({
        at: "warning",
        code: "H27",
        sock: "client",
        status: "499",
      });
      await until(() => closed === dyno.opened());
    });
  });

  it("in the middle of their request are H27", async () => {
    await using(async (keep) => {
      const dyno = await keep(rawDyno((socket) => socket.resume().on("end", () => socket.end())));
      const router = await keep(fakeRouter());
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      client.send(`POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 100\r\n\r\nhalf`);
      await until(() => dyno.opened() === 1);
      client.socket.resetAndDestroy();
      expect(await router.logged()).toMatchObject({ code: "H27" });
    });
  });

  it("fall silent in the middle of their request are H28", async () => {
    await using(async (keep) => {
      const dyno = await keep(rawDyno((socket) => socket.resume()));
      const router = await keep(fakeRouter({ limits: { silenceMs: 40 } }));
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      client.send(`POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 100\r\n\r\nhalf`);
      expect(await router.logged()).toMatchObject({ code: "H28" });
      await client.ended();
    });
  });
});

/** A listener whose backlog is full: the kernel drops further connection attempts, as a machine that hangs would. */
async function fullListener() {
  const { spawn } = await import("node:child_process");
  const program = `
import socket, sys, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(0)
held = []
for _ in range(4):
    c = socket.socket(); c.setblocking(False)
    try: c.connect(s.getsockname())
    except BlockingIOError: pass
    held.append(c)
print(s.getsockname()[1], flush=True)
time.sleep(60)`;
  const child = spawn("python3", ["-c", program], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await new Promise<Buffer[]>((resolve, reject) => {
    child.stdout.once("data", (data: Buffer) => resolve([data]));
    child.once("exit", () => reject(new Error("the listener ended")));
  })) as [Buffer];
  return { port: Number(line.toString()), stop: async () => void child.kill() };
}
