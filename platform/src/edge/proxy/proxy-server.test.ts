import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { describe, expect, it } from "vitest";
import { makeCertificateCache, openCertificateAuthority } from "../certificate/index.ts";
import {
  answeringDyno,
  ask,
  closedPort,
  fakeRouter,
  httpDyno,
  rawClient,
  rawDyno,
  readAnswer,
  until,
  using,
} from "./proxy-fixtures.ts";
import { ListenError } from "./proxy-server.ts";

const HOST = "Host: app.localhost";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

describe("https", () => {
  async function secureRouter() {
    const folder = mkdtempSync(join(tmpdir(), "conifer-tls-"));
    const now = () => new Date();
    const authority = openCertificateAuthority({
      caFile: join(folder, "ca.pem"),
      keyFile: join(folder, "ca.key"),
      now,
    });
    const cached = makeCertificateCache({ authority, now });
    const router = await fakeRouter({
      tls: {
        port: 0,
        certificateFor: (host) => (host === "app.localhost" ? cached(host) : undefined),
        ownCertificate: () => authority.issue(["localhost", "127.0.0.1", "::1"]),
      },
    });
    const stop = async () => {
      await router.stop();
      rmSync(folder, { recursive: true, force: true });
    };
    return { ...router, ca: authority.caPem, tlsPort: router.proxy.tlsPorts[0] ?? 0, stop };
  }
  const speak = (port: number, ca: string, servername: string, text: string) =>
    new Promise<string>((resolve, reject) => {
      let said = "";
      const socket: TLSSocket = connect({
        port,
        host: "127.0.0.1",
        servername,
        ca,
        ALPNProtocols: ["h2", "http/1.1"],
      });
      socket.on("data", (piece) => {
        said += piece.toString("latin1");
      });
      socket.on("secureConnect", () => {
        expect(socket.alpnProtocol).toBe("http/1.1");
        socket.write(text);
      });
      socket.on("end", () => resolve(said)).on("error", reject);
    });

  it("is served with a certificate of the host's own, and told to the app and the log", async () => {
    await using(async (keep) => {
      const dyno = await keep(httpDyno((request, response) => response.end(JSON.stringify(request.headers))));
      const router = await keep(secureRouter());
      router.endpoints(dyno.port);
      const request = `GET / HTTP/1.1\r\n${HOST}\r\nConnection: close\r\n\r\n`;
      const answer = readAnswer(await speak(router.tlsPort, router.ca, "app.localhost", request));
      expect(JSON.parse(answer.body)).toMatchObject({
        "x-forwarded-proto": "https",
        "x-forwarded-port": "443",
      });
      expect(await router.logged()).toMatchObject({ tls: "true", tls_version: "tls1.3" });
    });
  });

  it("is refused by clients for hosts that do not exist", async () => {
    await using(async (keep) => {
      const router = await keep(secureRouter());
      await expect(speak(router.tlsPort, router.ca, "nobody.localhost", "x")).rejects.toThrow(/altnames/);
    });
  });

  it("shows the first page on localhost", async () => {
    await using(async (keep) => {
      const router = await keep(secureRouter());
      const request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
      expect(await speak(router.tlsPort, router.ca, "localhost", request)).toContain("Conifer is ready");
    });
  });

  it("carries large bodies", async () => {
    await using(async (keep) => {
      const size = 5_000_000;
      const dyno = await keep(httpDyno((_request, response) => response.end(Buffer.alloc(size, "x"))));
      const router = await keep(secureRouter());
      router.endpoints(dyno.port);
      const request = `GET / HTTP/1.1\r\n${HOST}\r\nConnection: close\r\n\r\n`;
      const answer = readAnswer(await speak(router.tlsPort, router.ca, "app.localhost", request));
      expect(answer.body.length).toBe(size);
    });
  });

  it("carries upgraded connections", async () => {
    await using(async (keep) => {
      const dyno = await keep(
        answeringDyno((_head, socket) => {
          socket.once("data", (piece) => socket.end(`heard ${piece}`));
          return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n";
        }),
      );
      const router = await keep(secureRouter());
      router.endpoints(dyno.port);
      const request = `GET / HTTP/1.1\r\n${HOST}\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n`;
      expect(await speak(router.tlsPort, router.ca, "app.localhost", `${request}hello`)).toContain(
        "heard hello",
      );
      expect(await router.logged()).toMatchObject({ status: "101", tls: "true" });
    });
  });

  it("survives those who speak something else", async () => {
    await using(async (keep) => {
      const router = await keep(secureRouter());
      const client = await rawClient(router.tlsPort);
      client.send("GET / HTTP/1.1\r\n\r\n");
      await client.ended();
      const request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
      expect(await speak(router.tlsPort, router.ca, "localhost", request)).toContain("200 OK");
    });
  });
});

describe("starting", () => {
  it("names the port that is taken, and leaves none open", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const taken = (other.address() as { port: number }).port;
    const failed = fakeRouter({ port: taken });
    await expect(failed).rejects.toThrow(ListenError);
    await expect(failed).rejects.toMatchObject({ code: "EADDRINUSE", port: taken, address: "127.0.0.1" });
    await new Promise((resolve) => other.close(resolve));
  });

  it("does not take leave when it never was there", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as { port: number };
    // Far longer than a test may take.
    await expect(fakeRouter({ port, limits: { leaveMs: 600_000 } })).rejects.toThrow(ListenError);
    await new Promise((resolve) => other.close(resolve));
  });

  it("listens on every address", async () => {
    await using(async (keep) => {
      const port = await closedPort();
      const router = await keep(fakeRouter({ addresses: ["127.0.0.1", "127.0.0.2"], port }));
      expect(router.proxy.ports).toEqual([port, port]);
    });
  });
});

describe("stopping", () => {
  it("closes idle connections at once and accepts no more", async () => {
    const router = await fakeRouter();
    const client = await rawClient(router.port);
    await router.stop();
    await client.ended();
    await expect(rawClient(router.port)).rejects.toThrow("ECONNREFUSED");
  });

  it("lets requests in flight end, and says that the connection does too", async () => {
    await using(async (keep) => {
      let finish: (() => void) | undefined;
      const dyno = await keep(
        answeringDyno((_head, socket) => {
          finish = () => socket.write(OK);
          return undefined;
        }),
      );
      const router = await fakeRouter();
      router.endpoints(dyno.port);
      const client = await rawClient(router.port);
      client.send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`);
      await until(() => finish !== undefined);
      const stopped = router.stop();
      finish?.();
      expect(await client.receives("ok")).toContain("Connection: close");
      await stopped;
      expect(await router.logged()).toMatchObject({ status: "200" });
    });
  });

  it("takes connections while it leaves, and tells each to come to another", async () => {
    await using(async (keep) => {
      const dyno = await keep(answeringDyno(() => OK));
      const router = await fakeRouter({ limits: { leaveMs: 100 } });
      router.endpoints(dyno.port);
      const kept = await rawClient(router.port);
      kept.send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`);
      expect(await kept.receives("ok")).not.toContain("Connection: close");
      const stopped = router.stop();
      kept.send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`);
      expect(await kept.receives("Connection: close")).toContain("200");
      const late = await rawClient(router.port);
      late.send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`);
      expect(await late.receives("ok")).toContain("Connection: close");
      await stopped;
      await expect(rawClient(router.port)).rejects.toThrow("ECONNREFUSED");
    });
  });

  it("tells those too who ask for no app while it leaves", async () => {
    const router = await fakeRouter({ limits: { leaveMs: 100 } });
    const client = await rawClient(router.port);
    const stopped = router.stop();
    client.send("GET / HTTP/1.1\r\nHost: nobody.localhost\r\n\r\n");
    expect(await client.receives("</html>")).toContain("Connection: close");
    await client.ended();
    await stopped;
  });

  it("leaves in the end also when they do not cease to come", async () => {
    const router = await fakeRouter({ limits: { leaveMs: 20 } });
    let ended = false;
    const stopped = router.stop().then(() => {
      ended = true;
    });
    while (!ended) await rawClient(router.port).catch(() => undefined);
    await stopped;
  });

  it("ends with H24 what takes too long", async () => {
    await using(async (keep) => {
      const dyno = await keep(rawDyno((socket) => socket.resume()));
      const router = await fakeRouter({ limits: { stopMs: 30 } });
      router.endpoints(dyno.port);
      const asked = ask(router.port, "GET / HTTP/1.1", HOST);
      await until(() => dyno.opened() === 1);
      await router.stop();
      expect((await asked).status).toBe(503);
      expect(await router.logged()).toMatchObject({ code: "H24" });
    });
  });

  it("may be asked for twice", async () => {
    const router = await fakeRouter();
    await Promise.all([router.stop(), router.stop()]);
  });
});
