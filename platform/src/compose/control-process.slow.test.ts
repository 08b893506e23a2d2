import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { createServer } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { connect as connectTls } from "node:tls";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../drivers/postgres/store/database-fixtures.ts";
import { CertificatesOnDemand } from "../edge/certificate/index.ts";
import { scriptedIssuer } from "../edge/certificate/scripted-issuer-fixtures.ts";
import { freePort } from "../kernel/free-port-fixtures.ts";
import { type Running, silentLogger, systemClock } from "../kernel/index.ts";
import { METRICS_TYPE, makeMeter } from "../observe/metric/index.ts";
import { readAccessFile } from "./access-file.ts";
import { type Config, readConfig } from "./config.ts";
import { startControl } from "./control-process.ts";
import { ensureMasterKey } from "./master-key.ts";
import { metricsTokenFile } from "./operator-token.ts";
import { makeReadiness } from "./role-readiness.ts";
import { startRoleSocket } from "./role-socket.ts";
import { makeHomeFolders } from "./supervisor-home.ts";

const ACCEPT = "application/vnd.heroku+json; version=3";
let server: TestServer;
let folder: string;
const running: Running[] = [];

beforeAll(async () => {
  server = await startTestServer();
  folder = mkdtempSync(join(tmpdir(), "conifer-process-"));
});
afterEach(async () => {
  for (const control of running.splice(0)) await control.stop();
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A home as the supervisor leaves it for the control process. */
async function makeConfig(name: string, environment: Record<string, string> = {}): Promise<Config> {
  const config = readConfig({
    CONIFER_HOME: join(folder, name),
    CONIFER_PORT: String(await freePort()),
    DATABASE_URL: await server.newDatabase(),
    ...environment,
  });
  makeHomeFolders(config.home);
  writeFileSync(config.home.secretFile, randomBytes(16).toString("hex"), { mode: 0o600 });
  ensureMasterKey(config.home);
  return config;
}

async function start(config: Config): Promise<Running> {
  const control = await startControl(config, silentLogger);
  running.push(control);
  return control;
}

test("the domain's certificate is the one that the router keeps, as soon as it is there", async () => {
  const domain = "apps.example.com";
  const config = await makeConfig("issued", {
    ...{ CONIFER_DOMAIN: domain, CONIFER_ACME_DIRECTORY: "https://ca.example.com/directory" },
    CONIFER_ACME_AGREE: "yes",
  });
  await start(config);
  const issuerAt = async (servername: string) => {
    const client = connectTls({
      port: config.apiPort,
      host: "127.0.0.1",
      servername,
      rejectUnauthorized: false,
    });
    await once(client, "secureConnect");
    const { issuer } = client.getPeerCertificate();
    client.destroy();
    return issuer.CN;
  };
  expect(await issuerAt(domain)).toMatch(/^Conifer local authority/);
  const certificates = await CertificatesOnDemand.open({
    ...{
      folder: config.home.acme,
      authority: config.acme?.directory ?? "",
      own: [domain],
      wants: () => true,
    },
    ...{ issuer: scriptedIssuer(Date.now), now: systemClock, logger: silentLogger },
  });
  await certificates.work(new AbortController().signal);
  await expect.poll(() => issuerAt(domain)).toBe("Scripted");
  expect(await issuerAt("localhost")).toMatch(/^Conifer local authority/);
  expect(await issuerAt(`blog.${domain}`)).toMatch(/^Conifer local authority/);
});

test("one port serves the API over http and https and, inside TLS, rendezvous", async () => {
  const config = await makeConfig("whole");
  await start(config);
  const { token, email } = readAccessFile(config.home) ?? {};
  const headers = { accept: ACCEPT, authorization: `Bearer ${token}` };
  const plain = await fetch(`http://127.0.0.1:${config.apiPort}/account`, { headers });
  expect([plain.status, await plain.json()]).toMatchObject([200, { email }]);

  const ca = readFileSync(config.home.caFile, "utf8");
  const secure = request(`https://localhost:${config.apiPort}/account`, { headers, ca, family: 4 });
  secure.end();
  const [answer] = await once(secure, "response");
  expect([answer.statusCode, JSON.parse(await text(answer))]).toMatchObject([200, { email }]);

  const client = connectTls({ port: config.apiPort, host: "127.0.0.1", ca, servername: "localhost" });
  await once(client, "secureConnect");
  client.on("error", () => {});
  client.write("rz-nonsense\r\n".padEnd(600, "x"));
  await once(client.resume(), "close");

  const page = await fetch(`http://127.0.0.1:${config.apiPort}/`, { headers: { accept: "text/html" } });
  expect(page.headers.get("content-type")).toContain("text/html");
});

test("a port that is taken is told with the variable, and nothing stays behind", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as { port: number };
  const config = await makeConfig("taken", { CONIFER_PORT: String(port) });
  await expect(startControl(config, silentLogger)).rejects.toThrow(
    `starting the API: Port ${port} on 127.0.0.1 is taken by another program. Stop it, or set CONIFER_PORT to a free port.`,
  );
  other.close();
  await once(other, "close");
  await start(config);
  expect((await fetch(`http://127.0.0.1:${port}/apps`)).status).toBe(406);
});

test("a stop lets nothing hang, and the next start goes on with the same account", async () => {
  const config = await makeConfig("again");
  const first = await start(config);
  const before = readAccessFile(config.home);
  const controller = new AbortController();
  const idle = await fetch(`http://127.0.0.1:${config.apiPort}/apps`, { signal: controller.signal });
  await idle.text();
  const began = performance.now();
  await first.stop();
  expect(performance.now() - began).toBeLessThan(8_000);
  running.length = 0;
  await start(config);
  expect(readAccessFile(config.home)).toEqual(before);
});

const [outside] = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .filter(({ internal, family }) => !internal && family === "IPv4");

test.skipIf(!outside)("beyond loopback plain http only leads to https, whose certificate fits", async () => {
  const address = outside?.address ?? "";
  const config = await makeConfig("beyond", { CONIFER_LISTEN: `127.0.0.1,${address}` });
  await start(config);
  const { token } = readAccessFile(config.home) ?? {};
  const headers = { accept: ACCEPT, authorization: `Bearer ${token}` };
  const url = `http://${address}:${config.apiPort}/account?x=1`;
  const plain = await fetch(url, { headers, redirect: "manual" });
  expect([plain.status, plain.headers.get("location")]).toEqual([308, url.replace("http:", "https:")]);
  expect((await fetch(`http://127.0.0.1:${config.apiPort}/account`, { headers })).status).toBe(200);
  const secure = request(url.replace("http:", "https:"), {
    headers,
    ca: readFileSync(config.home.caFile, "utf8"),
  });
  secure.end();
  const [answer] = await once(secure, "response");
  expect(answer.statusCode).toBe(200);
  answer.resume();
});

test("health is told at the API's port, for every process of the machine", async () => {
  const config = await makeConfig("health");
  await start(config);
  const at = (path: string, headers = {}) => fetch(`http://127.0.0.1:${config.apiPort}${path}`, { headers });
  expect([(await at("/healthz")).status, (await at("/readyz")).status]).toEqual([200, 503]);

  const readiness = makeReadiness();
  readiness.enter();
  for (const role of ["control", "host", "router"] as const) {
    const socket = await startRoleSocket(role, config, {
      readiness,
      meter: makeMeter(role),
      logger: silentLogger,
    });
    if (socket) running.push(socket);
  }
  const ready = await at("/readyz");
  expect([ready.status, await ready.text()]).toEqual([200, '{"ready":true}\n']);
  const headers = { authorization: `Bearer ${readFileSync(metricsTokenFile(config.home), "utf8")}` };
  expect(await (await at("/readyz", headers)).json()).toEqual({
    ready: true,
    checks: ["control", "host", "router"].map((role) => ({ role, name: "start", ok: true })),
  });

  expect((await at("/metrics")).status).toBe(401);
  await running.pop()?.stop();
  const scraped = await at("/metrics", headers);
  const text = await scraped.text();
  expect([scraped.status, scraped.headers.get("content-type")]).toEqual([200, METRICS_TYPE]);
  for (const role of ["control", "host"]) {
    expect(text).toContain(`conifer_role_up{role="${role}"} 1\n`);
    expect(text).toMatch(new RegExp(`process_resident_memory_bytes\\{role="${role}"\\} \\d`));
  }
  expect(text).toContain('conifer_role_up{role="router"} 0\n');
});
