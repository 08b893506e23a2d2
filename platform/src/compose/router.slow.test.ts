import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { endpointRoutes } from "../drivers/embedded/dynos/index.ts";
import { startLocalServer } from "../drivers/embedded/local/index.ts";
import { makeRouteTableClient } from "../drivers/embedded/routes/index.ts";
import { answeringDyno, ask, type FakeDyno, rawClient, until } from "../edge/proxy/proxy-fixtures.ts";
import type { EndpointNews } from "../edge/route/index.ts";
import { appRoute, endpoint } from "../edge/route/route-fixtures.ts";
import { freePort } from "../kernel/free-port-fixtures.ts";
import { pause, type Running, silentLogger } from "../kernel/index.ts";
import { makeHome } from "./home.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const GET = ["GET / HTTP/1.1", "Host: app.localhost"] as const;
const SECRET = "a secret of this test";

let root: string;
let ports: { http: number; tls: number };
const kept: Running[] = [];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "conifer-router-"));
  mkdirSync(join(root, "run"));
  writeFileSync(makeHome(root).secretFile, SECRET);
  ports = { http: await freePort(), tls: await freePort() };
});

afterEach(async () => {
  for (const thing of kept.splice(0).reverse()) await thing.stop();
  rmSync(root, { recursive: true, force: true });
});

async function keep<T extends Running>(thing: T | Promise<T>): Promise<T> {
  const started = await thing;
  kept.push(started);
  return started;
}

interface RouterProcess extends Running {
  readonly child: ChildProcess;
  readonly said: () => string;
}

/** Starts the real process; resolves when it says it is ready, or has ended. */
async function startProcess(): Promise<RouterProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "router.ts")], {
    env: {
      ...process.env,
      CONIFER_HOME: root,
      CONIFER_ROUTER_PORT: String(ports.http),
      CONIFER_ROUTER_TLS_PORT: String(ports.tls),
      CONIFER_LISTEN: "127.0.0.1",
    },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text) => (said += text));
  await Promise.race([once(child, "message"), once(child, "exit")]);
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  return await keep({ child, said: () => said, stop });
}

/** A host that has one web dyno, and keeps what the router logs. */
async function startHost(dyno: FakeDyno): Promise<Running & { lines: string[] }> {
  const lines: string[] = [];
  async function* watch(signal: AbortSignal): AsyncGenerator<EndpointNews> {
    yield { kind: "all", apps: { "id-of-app": [endpoint("web.1", { port: dyno.port })] } };
    await pause(60_000, signal);
  }
  const server = await startLocalServer({
    socketPath: makeHome(root).hostSocket,
    secret: SECRET,
    logger: silentLogger,
    routes: [
      endpointRoutes({ watch }),
      {
        handlers: {
          "POST /logs": async ({ request }) => {
            for await (const piece of request) lines.push(...String(piece).split("\n").filter(Boolean));
          },
        },
      },
    ],
  });
  return { lines, stop: () => server.stop() };
}

function routes() {
  return makeRouteTableClient({ socketPath: makeHome(root).routerSocket, secret: SECRET });
}

describe("the router process", () => {
  it("serves what control and host told it, and logs to the host", async () => {
    const dyno = await keep(answeringDyno(() => OK));
    const host = await keep(startHost(dyno));
    await startProcess();
    expect((await ask(ports.http, ...GET)).status).toBe(404);
    await routes().replace(1, [appRoute("app")]);
    expect((await ask(ports.http, ...GET)).body).toBe("ok");
    await until(() => host.lines.length === 1);
    expect(host.lines[0]).toContain("at=info method=GET");
    expect((await ask(ports.http, "GET / HTTP/1.1", "Host: localhost")).body).toContain(
      "Conifer is starting",
    );
  });

  it("goes on alone: its table outlives kill -9, with control away all the time", async () => {
    const dyno = await keep(answeringDyno(() => OK));
    await keep(startHost(dyno));
    const first = await startProcess();
    await routes().put(1, appRoute("app"));
    await first.stop();
    await startProcess();
    expect((await ask(ports.http, ...GET)).body).toBe("ok");
  });

  it("holds requests while the host is away, and serves them when it is back", async () => {
    const dyno = await keep(answeringDyno(() => OK));
    const before = await startHost(dyno);
    await startProcess();
    await routes().put(1, appRoute("app"));
    expect((await ask(ports.http, ...GET)).body).toBe("ok");
    await before.stop();
    // The router hears of it by a socket that closes; there is nothing to see from outside.
    await pause(100);
    const waiting = ask(ports.http, ...GET);
    expect(await Promise.race([waiting, pause(100)])).toBeUndefined();
    await keep(startHost(dyno));
    expect((await waiting).body).toBe("ok");
  });

  it("ends what is in flight on SIGTERM, accepts no more, and exits with 0", async () => {
    let finish: (() => void) | undefined;
    const dyno = await keep(
      answeringDyno((_head, socket) => {
        finish = () => socket.write(OK);
        return undefined;
      }),
    );
    await keep(startHost(dyno));
    const { child } = await startProcess();
    await routes().put(1, appRoute("app"));
    const client = await rawClient(ports.http);
    client.send(`${GET.join("\r\n")}\r\n\r\n`);
    await until(() => finish !== undefined);
    child.kill("SIGTERM");
    await refusing(ports.http);
    finish?.();
    expect(await client.receives("ok")).toContain("Connection: close");
    expect((await once(child, "exit"))[0]).toBe(0);
  });

  it.each([
    ["http", "CONIFER_ROUTER_PORT"],
    ["tls", "CONIFER_ROUTER_TLS_PORT"],
  ] as const)(
    "names the variable of the %s port that is taken, and exits with a status of its own",
    async (which, variable) => {
      const other = createServer();
      await new Promise<void>((resolve) => other.listen(ports[which], "127.0.0.1", resolve));
      const { child, said } = await startProcess();
      expect(child.exitCode).toBe(78);
      expect(said()).toContain(`Port ${ports[which]} on 127.0.0.1 is taken`);
      expect(said()).toContain(variable);
      await new Promise((resolve) => other.close(resolve));
    },
  );
});

async function refusing(port: number): Promise<void> {
  for (let refused = false; !refused; ) {
    refused = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.destroy();
        resolve(false);
      });
      socket.on("error", () => resolve(true));
    });
  }
}
