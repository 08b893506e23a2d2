import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeHome } from "../../platform/src/compose/home.ts";
import { endpointRoutes } from "../../platform/src/drivers/embedded/dynos/index.ts";
import { startLocalServer } from "../../platform/src/drivers/embedded/local/index.ts";
import { makeRouteTableClient } from "../../platform/src/drivers/embedded/routes/index.ts";
import type { AppRoute, Endpoint, EndpointNews } from "../../platform/src/edge/route/index.ts";
import { freePort } from "../../platform/src/kernel/free-port-fixtures.ts";
import { pause, silentLogger } from "../../platform/src/kernel/index.ts";
import { endProcess, listening, type Subject } from "./haproxy.ts";

const SECRET = "of this run";

/** The real router process of an embedded platform. This process plays the host: it tells endpoints and takes log lines. */
export async function startOurs(folder: string, hosts: readonly string[], appPort: number): Promise<Subject> {
  const home = makeHome(join(folder, "home"));
  mkdirSync(home.run, { recursive: true });
  writeFileSync(home.secretFile, SECRET);
  const host = await startHost(home.hostSocket, hosts.length, appPort);
  const [port, tlsPort] = [await freePort(), await freePort()];
  const script = join(import.meta.dirname, "../../platform/src/compose/router.ts");
  const flags = ["--disable-warning=ExperimentalWarning", "--max-semi-space-size=16"];
  const child = spawn(process.execPath, [...flags, script], {
    env: {
      ...process.env,
      CONIFER_HOME: home.root,
      CONIFER_ROUTER_PORT: String(port),
      CONIFER_ROUTER_TLS_PORT: String(tlsPort),
      CONIFER_LISTEN: "127.0.0.1",
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const stop = async () => {
    await endProcess(child);
    await host.stop();
  };
  try {
    await listening(port, child, () => said);
    await whenServing(home.routerSocket, hosts);
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  return { name: "router", pid: child.pid ?? 0, port, stop };
}

/** Writes the table; the socket comes after the ports. */
async function whenServing(socketPath: string, hosts: readonly string[]): Promise<void> {
  const routes = hosts.map((host, i): AppRoute => {
    const [appName = ""] = host.split(".");
    return { appId: String(i), appName, hosts: [host], maintenance: false, released: true, webQuantity: 1 };
  });
  const table = makeRouteTableClient({ socketPath, secret: SECRET });
  for (let tries = 0; ; tries += 1) {
    try {
      await table.replace(1, routes);
      return;
    } catch (thrown) {
      if (tries === 100) throw thrown;
      await pause(20);
    }
  }
}

function startHost(socketPath: string, apps: number, port: number) {
  const endpoint = (i: number): Endpoint => ({
    dynoId: String(i),
    name: "web.1",
    state: "up",
    address: { host: "127.0.0.1", port },
  });
  async function* watch(signal: AbortSignal): AsyncGenerator<EndpointNews> {
    yield {
      kind: "all",
      apps: Object.fromEntries(Array.from({ length: apps }, (_, i) => [i, [endpoint(i)]])),
    };
    await pause(2 ** 30, signal);
  }
  return startLocalServer({
    socketPath,
    secret: SECRET,
    logger: silentLogger,
    routes: [
      endpointRoutes({ watch }),
      {
        handlers: {
          "POST /logs": async ({ request }) => {
            for await (const _ of request);
          },
        },
      },
    ],
  });
}
