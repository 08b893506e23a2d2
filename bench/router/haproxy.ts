import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as later } from "node:timers/promises";
import { freePort } from "../../platform/src/kernel/free-port-fixtures.ts";

/** Something that is loaded, in a process of its own. */
export interface Subject {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
}

const DEFAULTS = `
global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 55s
`;

/** The app behind both: HAProxy answering by itself, the cheapest there is. */
export async function startBackend(folder: string): Promise<Subject> {
  const port = await freePort();
  const answer =
    'http-request return status 200 content-type text/html hdr cache-control no-cache lf-string "Hello, world. This is a small page."';
  return await start(
    folder,
    "backend",
    port,
    `${DEFAULTS}frontend app\n  bind 127.0.0.1:${port}\n  ${answer}\n`,
  );
}

/**
 * HAProxy as a router of the same table: host → app by a map, one backend an app, connections to it kept, the fields
 * that dynos expect, and one line per request with the same content, sent where we read it.
 */
export async function startHaproxy(
  folder: string,
  hosts: readonly string[],
  appPort: number,
): Promise<Subject> {
  const port = await freePort();
  // Read and dropped here, as a host would read and store them in a process of its own.
  const log = createServer((socket) => socket.on("error", () => {}).resume());
  await new Promise<void>((resolve) => log.listen(0, "127.0.0.1", resolve));
  const { port: logPort } = log.address() as AddressInfo;
  const map = join(folder, "hosts.map");
  writeFileSync(map, hosts.map((host, i) => `${host} app-${i}\n`).join(""));
  const config = [
    ringLog(logPort),
    "frontend router",
    `  bind 127.0.0.1:${port}`,
    "  log global",
    '  log-format "at=info method=%HM path=\\"%HU\\" host=%[var(txn.host)] request_id=%[var(txn.id)] fwd=\\"%ci\\" dyno=%s connect=%Tc service=%Tr status=%ST bytes=%B protocol=http1.1 tls=false"',
    "  http-request set-var(txn.host) req.hdr(host)",
    "  http-request set-var(txn.id) uuid",
    "  http-request set-header X-Request-Id %[var(txn.id)]",
    "  http-request add-header X-Forwarded-For %[src]",
    "  http-request set-header X-Forwarded-Proto http",
    "  http-request set-header X-Forwarded-Port 80",
    "  http-request set-header X-Request-Start %[date(0,ms)]",
    '  http-request add-header Via "1.1 heroku-router"',
    '  http-response add-header Via "1.1 heroku-router"',
    "  http-response set-header Server Heroku",
    `  use_backend %[req.hdr(host),lower,map(${map})]`,
    ...hosts.flatMap((_, i) => [
      `backend app-${i}`,
      "  http-reuse always",
      `  server web.1 127.0.0.1:${appPort}`,
    ]),
  ].join("\n");
  const subject = await start(folder, "haproxy", port, `${config}\n`);
  return {
    ...subject,
    stop: async () => {
      await subject.stop();
      log.close();
    },
  };
}

/** The cheapest way that HAProxy has to send lines elsewhere: gathered in memory, sent many at a time. */
function ringLog(port: number): string {
  const ring = [
    "ring lines",
    "  format rfc5424",
    "  maxlen 4096",
    "  size 4194304",
    "  timeout connect 5s",
    "  timeout server 10s",
    `  server reader 127.0.0.1:${port} log-proto octet-count`,
  ];
  return `${ring.join("\n")}\n${DEFAULTS.replace("global\n", "global\n  log ring@lines local3\n")}`;
}

async function start(folder: string, name: string, port: number, config: string): Promise<Subject> {
  const file = join(folder, `${name}.cfg`);
  writeFileSync(file, config);
  const child = spawn("haproxy", ["-db", "-f", file], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  await listening(port, child, () => said);
  return { name, pid: child.pid ?? 0, port, stop: () => endProcess(child) };
}

/** Waits until the process answers at the port; throws with its words when it ends before. */
export async function listening(port: number, child: ChildProcess, said: () => string): Promise<void> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await later(20)) {
    if (child.exitCode !== null) break;
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true));
      socket.on("error", () => resolve(false)).on("connect", () => socket.destroy());
    });
    if (open) return;
  }
  throw new Error(`nothing listens on port ${port}: ${said()}`);
}

export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}
