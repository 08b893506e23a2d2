import { chmodSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openCertificateAuthority } from "../edge/certificate/index.ts";
import { writeAccessFile } from "./access-file.ts";
import { readConfig } from "./config.ts";
import { type DoctorCall, runDoctor, tryIsolation } from "./doctor-checks.ts";
import type { Finding } from "./doctor-finding.ts";
import { ensureMasterKey, masterKeyFile } from "./master-key.ts";
import { makeHomeFolders } from "./supervisor-home.ts";
import { claimHome } from "./supervisor-instance.ts";

let folder: string;
const servers: Server[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conifer-doctor-test-"));
});
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

/** A server that answers everything with a status; returns its port. */
async function answering(status: number): Promise<number> {
  const server = createServer((_request, response) => response.writeHead(status).end("{}"));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** Most looks are for something else, and a trial takes a second. */
const untried = async () => [];

async function look(
  more: Readonly<Record<string, string>> = {},
  {
    now = new Date(),
    isolation = untried,
    orphans = async () => [],
  }: Partial<Omit<DoctorCall, "config">> = {},
) {
  const config = readConfig({
    CONIFER_HOME: join(folder, "home"),
    CONIFER_LISTEN: "127.0.0.1",
    // Whoever has none of these has them free; a test that wants one taken names it.
    ...{ CONIFER_PORT: "16401", CONIFER_ROUTER_PORT: "16402", CONIFER_ROUTER_TLS_PORT: "16403" },
    ...more,
  });
  const findings = await runDoctor({ config, now, isolation, orphans });
  return { config, of: (matter: string) => findings.filter((one) => one.matter === matter) };
}

function makeHomeThatWasUsed() {
  const { home } = readConfig({ CONIFER_HOME: join(folder, "home") });
  makeHomeFolders(home);
  ensureMasterKey(home);
  mkdirSync(home.postgresData);
  writeFileSync(join(home.postgresData, "PG_VERSION"), "18\n");
  openCertificateAuthority({
    caFile: home.caFile,
    keyFile: join(home.keys, "ca.key"),
    now: () => new Date(),
  });
  return home;
}

const states = (findings: readonly Finding[]) => findings.map(({ state }) => state);

test("a home that was never used is well, and is not made by looking", async () => {
  const { of, config } = await look();
  for (const matter of ["Home", "Key", "Certificate", "Database", "Left-overs", "Clock"])
    expect([matter, states(of(matter))]).toEqual([matter, ["ok"]]);
  expect(() => rmSync(config.home.root, { recursive: true })).toThrow("ENOENT");
});

test("the operator's certificate is looked at, too", async () => {
  const file = join(folder, "fullchain.pem");
  const files = { CONIFER_TLS_CERTIFICATE: file, CONIFER_TLS_KEY: join(folder, "privkey.pem") };
  expect(states((await look(files)).of("Certificate"))).toEqual(["problem"]);
  const { caFile, keys } = makeHomeThatWasUsed();
  const keyFile = join(keys, "ca.key");
  const authority = openCertificateAuthority({ caFile, keyFile, now: () => new Date(), leafDays: 60 });
  writeFileSync(file, authority.issue(["apps.example.com"]).cert);
  expect(states((await look(files)).of("Certificate"))).toEqual(["ok", "ok"]);
  const later = new Date(Date.now() + 61 * 86_400_000);
  const [, given] = (await look(files, { now: later })).of("Certificate");
  expect(given).toMatchObject({ state: "problem", mend: expect.stringContaining(file) });
});

test("a home that was used is well", async () => {
  makeHomeThatWasUsed();
  const { of } = await look();
  for (const matter of ["Home", "Key", "Certificate", "Database", "Left-overs"])
    expect([matter, of(matter).map(({ state, says }) => [state, says])]).toEqual([
      matter,
      [["ok", expect.any(String)]],
    ]);
  expect(of("Database")[0]?.says).toContain("PostgreSQL 18");
});

describe("a home where something is wrong:", () => {
  test("others may read it", async () => {
    const home = makeHomeThatWasUsed();
    chmodSync(home.keys, 0o755);
    chmodSync(masterKeyFile(home), 0o644);
    const { of } = await look();
    expect(of("Home")).toMatchObject([{ state: "problem", mend: `chmod 700 ${home.keys}` }]);
    expect(of("Key")).toMatchObject([{ state: "problem", mend: `chmod 600 ${masterKeyFile(home)}` }]);
  });

  test("the key is gone, or damaged", async () => {
    const home = makeHomeThatWasUsed();
    writeFileSync(masterKeyFile(home), "{}");
    expect((await look()).of("Key")).toMatchObject([
      { state: "problem", says: expect.stringContaining("the current key is missing") },
    ]);
    rmSync(masterKeyFile(home));
    expect((await look()).of("Key")).toMatchObject([
      { state: "problem", says: expect.stringContaining("is gone"), mend: expect.stringContaining("backup") },
    ]);
  });

  test("the authority's certificate has ended", async () => {
    makeHomeThatWasUsed();
    const { of } = await look({}, { now: new Date(Date.now() + 11 * 365 * 24 * 3_600_000) });
    expect(states(of("Certificate"))).toEqual(["problem"]);
  });

  test("it has seen a later time than this", async () => {
    const home = makeHomeThatWasUsed();
    const later = new Date(Date.now() + 3_600_000);
    writeFileSync(join(home.state, "seen"), "");
    utimesSync(join(home.state, "seen"), later, later);
    expect((await look()).of("Clock")).toMatchObject([
      { state: "problem", says: expect.stringMatching(/it is 3[56]\d\d s behind/) },
    ]);
  });

  test("an instance in it was killed", async () => {
    const home = makeHomeThatWasUsed();
    writeFileSync(home.pidFile, JSON.stringify({ pid: 1, startTime: "none", boot: "earlier", children: {} }));
    const { of } = await look();
    expect(of("Instance")[0]?.says).toContain("does not run");
    expect(of("Left-overs")).toMatchObject([{ state: "warning", mend: "npm start removes them" }]);
  });

  test("another is gone, and its dynos' firewall rules are not", async () => {
    const orphans = async () => [{ table: "conifer_0123456789ab", home: "/gone" }];
    const { of } = await look({}, { orphans });
    expect(of("Left-overs")).toMatchObject([{ state: "warning", says: expect.stringContaining("/gone") }]);
    const home = makeHomeThatWasUsed();
    writeFileSync(home.pidFile, JSON.stringify({ pid: 1, startTime: "none", boot: "earlier", children: {} }));
    expect(states((await look({}, { orphans })).of("Left-overs"))).toEqual(["warning", "warning"]);
  });

  test("its ports are somebody else's", async () => {
    const port = await answering(200);
    const { of } = await look({ CONIFER_PORT: String(port) });
    expect(of("Ports")[0]).toMatchObject({
      state: "problem",
      says: expect.stringContaining(`Port ${port} on 127.0.0.1 is taken`),
    });
  });

  test("its database is away", async () => {
    const { of } = await look({ DATABASE_URL: `postgres://nobody@127.0.0.1:1/none` });
    expect(of("Database")).toMatchObject([
      { state: "problem", mend: expect.stringContaining("DATABASE_URL") },
    ]);
  });
});

describe("isolation", () => {
  test("is tried, and leaves nothing", async () => {
    const { of } = await look({}, { isolation: tryIsolation });
    expect(of("Isolation: Privileges")[0]?.says).toContain("enforced");
  });

  test("that cannot be had is a problem", async () => {
    const isolation = async () => Promise.reject(new Error("no namespaces here"));
    expect((await look({}, { isolation })).of("Isolation")).toMatchObject([
      { state: "problem", says: "no namespaces here" },
    ]);
  });
});

describe("an instance that runs", () => {
  test.each([
    [200, "ok", "answers in"],
    [401, "warning", "none of its any more"],
    [503, "problem", "status 503"],
  ])("and answers %i", async (status, state, says) => {
    const home = makeHomeThatWasUsed();
    const claim = await claimHome(home.pidFile);
    const port = await answering(status);
    const rest = { router: "r", domain: "d", email: "e", password: "p", token: "a secret", ca: "c" };
    writeAccessFile(home, { api: `http://127.0.0.1:${port}`, ...rest });
    const { of } = await look({ CONIFER_PORT: String(port) });
    expect(of("Instance")[0]?.says).toBe(`runs as process ${process.pid}`);
    expect(of("API")).toMatchObject([{ state, says: expect.stringContaining(says) }]);
    expect(of("Ports")).toEqual([]);
    expect(JSON.stringify(of("API"))).not.toContain("a secret");
    claim.release();
  });

  test("and was never ready", async () => {
    const home = makeHomeThatWasUsed();
    const claim = await claimHome(home.pidFile);
    expect((await look()).of("API")).toMatchObject([{ state: "problem", says: "it has never been ready" }]);
    claim.release();
  });
});
