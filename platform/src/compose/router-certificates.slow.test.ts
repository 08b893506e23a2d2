import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type PeerCertificate } from "node:tls";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { holdProofs } from "../drivers/acme/issuer/held-proofs-fixtures.ts";
import {
  buildPebble,
  ELSEWHERE,
  type Pebble,
  type PebbleOptions,
  startPebble,
} from "../drivers/acme/issuer/pebble-fixtures.ts";
import { endpointRoutes } from "../drivers/embedded/dynos/index.ts";
import { startLocalServer } from "../drivers/embedded/local/index.ts";
import { makeRouteTableClient } from "../drivers/embedded/routes/index.ts";
import { answeringDyno, ask, type FakeDyno } from "../edge/proxy/proxy-fixtures.ts";
import type { EndpointNews } from "../edge/route/index.ts";
import { appRoute, endpoint } from "../edge/route/route-fixtures.ts";
import { freePort } from "../kernel/free-port-fixtures.ts";
import { pause, type Running, silentLogger } from "../kernel/index.ts";
import { readConfig } from "./config.ts";
import { runDoctor } from "./doctor-checks.ts";
import { makeHome } from "./home.ts";

const SECRET = "a secret of this test";
const DOMAIN = "apps.example.com";
const BLOG = `blog.${DOMAIN}`;
const WAIT = { timeout: 45_000, interval: 200 };

const noPebble = await buildPebble();

let root: string;
let ports: { http: number; tls: number };
const kept: Running[] = [];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "conifer-issued-"));
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

async function startAuthority(options: Partial<PebbleOptions> = {}): Promise<Pebble> {
  return await keep(startPebble({ httpPort: ports.http, ...options }));
}

const settings = ({ directory, caFile }: Pick<Pebble, "directory" | "caFile">) => ({
  ...{ CONIFER_HOME: root, CONIFER_DOMAIN: DOMAIN, CONIFER_LISTEN: "127.0.0.1", CONIFER_CA_BUNDLE: caFile },
  ...{ CONIFER_ROUTER_PORT: String(ports.http), CONIFER_ROUTER_TLS_PORT: String(ports.tls) },
  ...{ CONIFER_ACME_DIRECTORY: directory, CONIFER_ACME_AGREE: "yes", CONIFER_ACME_EMAIL: "you@example.com" },
  ...{ CONIFER_ACME_KEY_ID: ELSEWHERE.id, CONIFER_ACME_KEY: ELSEWHERE.key },
});

/** The real process, which knows routes from its disk or from `putRoute`. */
async function startRouter(
  authority: Pick<Pebble, "directory" | "caFile">,
): Promise<Running & { child: ChildProcess }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "router.ts")], {
    env: { ...process.env, ...settings(authority) },
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  await Promise.race([once(child, "message"), once(child, "exit")]);
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  return await keep({ child, stop });
}

async function startHost(dyno: FakeDyno): Promise<void> {
  async function* watch(signal: AbortSignal): AsyncGenerator<EndpointNews> {
    yield { kind: "all", apps: { "id-of-blog": [endpoint("web.1", { port: dyno.port })] } };
    await pause(60_000, signal);
  }
  const routes = [endpointRoutes({ watch }), { handlers: { "POST /logs": async () => {} } }];
  await keep(
    startLocalServer({ socketPath: makeHome(root).hostSocket, secret: SECRET, logger: silentLogger, routes }),
  );
}

async function putRoute(name: string, ...hosts: string[]): Promise<void> {
  const client = makeRouteTableClient({ socketPath: makeHome(root).routerSocket, secret: SECRET });
  await client.put(Date.now(), appRoute(name, { hosts }));
}

interface Shown {
  readonly issuer: string;
  readonly serial: string;
  /** Whether whoever trusts the root trusts it for this host. */
  readonly trusted: boolean;
}

/** What a visitor of a host is shown. */
async function shown(host: string, ca?: string): Promise<Shown> {
  const socket = connect({
    host: "127.0.0.1",
    port: ports.tls,
    servername: host,
    rejectUnauthorized: false,
    ...(ca ? { ca } : {}),
  });
  try {
    await once(socket, "secureConnect");
    const { issuer, serialNumber }: PeerCertificate = socket.getPeerCertificate();
    return { issuer: String(issuer.CN), serial: serialNumber, trusted: socket.authorized };
  } finally {
    socket.destroy();
  }
}

const issuerOf = async (host: string) => (await shown(host)).issuer;
const record = (host: string) =>
  JSON.parse(readFileSync(join(root, "acme", "names", `${host}.json`), "utf8"));
const names = () =>
  readdirSync(join(root, "acme", "names"))
    .filter((name) => name.endsWith(".json"))
    .sort();

describe.skipIf(noPebble)(
  `certificates of an ACME server${noPebble ? ` (${noPebble})` : ""}`,
  { timeout: 120_000 },
  () => {
    test("are issued while apps are served, for names that are served here alone", async () => {
      const authority = await startAuthority();
      const dyno = await keep(answeringDyno(() => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
      await startHost(dyno);
      await startRouter(authority);
      await putRoute("blog", BLOG);
      expect(await issuerOf(BLOG)).toMatch(/^Conifer local authority/);
      expect(await issuerOf(`evil.${DOMAIN}`)).toMatch(/^Conifer local authority/);
      const root = await authority.root();
      await expect
        .poll(() => shown(BLOG, root), WAIT)
        .toMatchObject({ issuer: expect.stringContaining("Pebble"), trusted: true });
      await expect.poll(() => shown(DOMAIN, root), WAIT).toMatchObject({ trusted: true });
      expect(await issuerOf(`evil.${DOMAIN}`)).toMatch(/^Conifer local authority/);
      expect(names()).toEqual([`${DOMAIN}.json`, `${BLOG}.json`]);
      const path = "/.well-known/acme-challenge/abcdefghijklmnopqrstuvwxyz";
      expect((await ask(ports.http, `GET ${path} HTTP/1.1`, `Host: ${BLOG}`)).body).toBe("ok");
    });

    test("outlive kill -9, and are shown while the authority is away", async () => {
      const authority = await startAuthority();
      const first = await startRouter(authority);
      await putRoute("blog", BLOG);
      await shown(BLOG);
      await expect.poll(() => issuerOf(BLOG), WAIT).toContain("Pebble");
      const { serial } = await shown(BLOG);
      await first.stop();
      await authority.stop();
      writeFileSync(join(root, "bundle.pem"), "");
      await startRouter({ directory: authority.directory, caFile: join(root, "bundle.pem") });
      expect(await shown(BLOG)).toMatchObject({ serial });
      await putRoute("late", `late.${DOMAIN}`);
      expect(await issuerOf(`late.${DOMAIN}`)).toMatch(/^Conifer local authority/);
      await expect.poll(() => existsSync(join(root, "acme", "authority.json")), WAIT).toBe(true);
      expect(await shown(BLOG)).toMatchObject({ serial });
    });

    test("that were on their way at kill -9 come with the next process, from the same order", async () => {
      const authority = await startAuthority();
      const held = await keep(holdProofs(authority));
      const front = { ...authority, directory: held.directory };
      const first = await startRouter(front);
      await held.asked;
      await first.stop();
      await held.hungUp;
      const { order } = record(DOMAIN);
      expect(order.reference).toBeTruthy();
      held.letGo();
      await startRouter(front);
      await expect.poll(() => issuerOf(DOMAIN), WAIT).toContain("Pebble");
      // It is shown first, and written then.
      await expect.poll(() => record(DOMAIN).current?.key, WAIT).toBe(order.key);
    });

    test("are replaced in time, without a restart", async () => {
      const authority = await startAuthority({ goodSeconds: 15 });
      await startRouter(authority);
      await expect.poll(() => issuerOf(DOMAIN), WAIT).toContain("Pebble");
      const { serial } = await shown(DOMAIN);
      await expect
        .poll(() => shown(DOMAIN), WAIT)
        .toMatchObject({
          serial: expect.not.stringContaining(serial),
          issuer: expect.stringContaining("Pebble"),
        });
    });

    test("that the authority refuses leave others alone, and doctor says why", async () => {
      const authority = await startAuthority();
      await startRouter(authority);
      const refused = "shop.blocked-domain.example";
      await putRoute("shop", refused);
      await shown(refused);
      await expect
        .poll(() => names().includes(`${refused}.json`) && record(refused).nextAt > Date.now(), WAIT)
        .toBe(true);
      await putRoute("blog", BLOG);
      await shown(BLOG);
      await expect.poll(() => issuerOf(BLOG), WAIT).toContain("Pebble");
      expect(await issuerOf(refused)).toMatch(/^Conifer local authority/);
      const config = readConfig(settings(authority));
      const findings = await runDoctor({
        config,
        now: new Date(),
        isolation: async () => [],
        orphans: async () => [],
      });
      const told = findings.filter(({ matter }) => matter === "Certificate").map(({ says }) => says);
      expect(told).toContainEqual(expect.stringMatching(/^2 of 127\.0\.0\.1:\d+; the first ends on /));
      expect(told).toContainEqual(
        expect.stringMatching(/^shop\.blocked-domain\.example: it has none.*rejectedIdentifier/),
      );
    });
  },
);
