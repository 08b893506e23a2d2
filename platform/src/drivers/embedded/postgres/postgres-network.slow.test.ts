import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { openCertificateAuthority } from "../../../edge/certificate/index.ts";
import { freePort } from "../../../kernel/free-port-fixtures.ts";
import { systemClock } from "../../../kernel/index.ts";
import { type EmbeddedPostgres, startPostgres } from "./index.ts";
import { postgresIn } from "./postgres-fixtures.ts";
import { serverProcesses } from "./postgres-remains.ts";
import type { PostgresNetwork } from "./postgres-settings.ts";

const PASSWORD = "a password: of/our own?";
let root: string;
let network: PostgresNetwork;
let server: EmbeddedPostgres;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "conifer-pgnet-"));
  network = { port: await freePort(), ...makeKeys(), accessFile: join(root, "postgres.access") };
  mkdirSync(join(root, "keys"), { recursive: true });
  writeFileSync(join(root, "keys/postgres.password"), PASSWORD, { mode: 0o600 });
  server = await startPostgres({ ...postgresIn(root), network });
});
afterAll(async () => {
  await server?.stop();
  rmSync(root, { recursive: true, force: true });
});

/** As the installation makes them: a certificate for one name, and the authority that clients trust. */
function makeKeys() {
  for (const name of ["ours", "other"]) {
    const caFile = join(root, `${name}.pem`);
    const authority = openCertificateAuthority({
      ...{ caFile, keyFile: join(root, `${name}-keys/ca.key`), now: systemClock },
    });
    const { cert, key } = authority.issue(["conifer.internal"]);
    writeFileSync(join(root, `${name}-leaf.pem`), cert);
    writeFileSync(join(root, `${name}-leaf.key`), key, { mode: 0o600 });
  }
  return { certificateFile: join(root, "ours-leaf.pem"), keyFile: join(root, "ours-leaf.key") };
}

interface Way {
  readonly user?: string;
  readonly password?: string;
  readonly mode?: string;
  readonly ca?: string;
}

/** The address that an installation gives to its roles, or one that differs from it. */
function url({ user = "conifer", password = PASSWORD, mode = "verify-ca", ca = "ours" }: Way = {}): string {
  const rest =
    mode === "disable" ? "sslmode=disable" : `sslmode=${mode}&sslrootcert=${join(root, `${ca}.pem`)}`;
  const who = `${user}:${encodeURIComponent(password)}`;
  return `postgres://${who}@127.0.0.1:${network.port}/postgres?uselibpqcompat=true&${rest}`;
}

async function ask(connectionString: string, text = "select 1 as one"): Promise<unknown[]> {
  const client = new pg.Client({ connectionString });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

describe("over the network", () => {
  test("node-postgres reaches it by the address of the installation, over TLS 1.3", async () => {
    const rows = await ask(url(), "select ssl, version from pg_stat_ssl where pid = pg_backend_pid()");
    expect(rows).toEqual([{ ssl: true, version: "TLSv1.3" }]);
  });

  test.each<[string, Way, RegExp]>([
    ["no TLS", { mode: "disable" }, /no pg_hba.conf entry .*no encryption/],
    ["a wrong password", { password: "guess" }, /password authentication failed/],
    ["another user with the password", { user: "postgres" }, /no pg_hba.conf entry/],
    ["an authority that did not make the certificate", { ca: "other" }, /certificate|issuer/],
  ])("%s is refused", async (_name, way, message) => {
    await expect(ask(url(way))).rejects.toThrow(message);
  });

  test("TLS 1.2 is refused before anything is said", async () => {
    await expect(secured("TLSv1.2")).rejects.toThrow(/protocol version|alert/i);
    expect(await secured("TLSv1.3")).toBe("TLSv1.3");
  });

  test("what a client that stays silent holds is no other's place", async () => {
    const silent = Array.from({ length: 20 }, () => connect(network.port, "127.0.0.1"));
    try {
      await Promise.all(silent.map((one) => new Promise((resolve) => one.once("connect", resolve))));
      expect(await ask(url())).toEqual([{ one: 1 }]);
    } finally {
      for (const one of silent) one.destroy();
    }
  });
});

/** PostgreSQL's request for TLS, then a handshake of one version: resolves with what was agreed. */
async function secured(version: "TLSv1.2" | "TLSv1.3"): Promise<string | null> {
  const plain = connect(network.port, "127.0.0.1");
  try {
    plain.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
    const answer = await new Promise<Buffer>((resolve) => plain.once("data", resolve));
    expect(answer.toString()).toBe("S");
    const ca = readFileSync(join(root, "ours.pem"));
    const only = { minVersion: version, maxVersion: version };
    return await new Promise((resolve, reject) => {
      const socket = connectTls({ socket: plain, ca, servername: "conifer.internal", ...only });
      socket.once("secureConnect", () => resolve(socket.getProtocol())).once("error", reject);
    });
  } finally {
    plain.destroy();
  }
}

describe("on its own machine", () => {
  test("the socket is still there, for its owner, with the password", async () => {
    expect(await ask(server.url)).toEqual([{ one: 1 }]);
    expect(statSync(join(root, "run")).mode & 0o777).toBe(0o700);
    const wrong = new URL(server.url);
    wrong.password = "guess";
    await expect(ask(wrong.href)).rejects.toThrow(/password authentication failed/);
  });

  test("the rules are nobody else's to read", () => {
    expect(statSync(network.accessFile).mode & 0o077).toBe(0);
  });
});

test("a server that was killed is back on the same port, with its rules and its data", async () => {
  await ask(url(), "create table kept as select 42 as v");
  const first = server.pid();
  process.kill(first ?? 0, "SIGKILL");
  await vi.waitFor(async () => expect(await ask(url(), "select v from kept")).toEqual([{ v: 42 }]), {
    timeout: 20_000,
    interval: 50,
  });
  expect(server.pid()).not.toBe(first);
  await expect(ask(url({ mode: "disable" }))).rejects.toThrow(/no pg_hba.conf entry/);
});

test("rules that somebody loosened are ours again after a start; the data takes no other password", async () => {
  await server.stop();
  writeFileSync(network.accessFile, "host all all all trust\n");
  server = await startPostgres({ ...postgresIn(root), network });
  await expect(ask(url({ mode: "disable", password: "x" }))).rejects.toThrow(/no pg_hba.conf entry/);
  expect(await ask(url(), "select v from kept")).toEqual([{ v: 42 }]);
});

test("a port that is taken is a failure to start in the server's words, and nothing stays", async () => {
  const other = mkdtempSync(join(tmpdir(), "conifer-pgnet-"));
  try {
    const second = startPostgres({
      ...postgresIn(other),
      network: { ...network, accessFile: join(other, "access") },
    });
    await expect(second).rejects.toThrow(/did not start.*Address already in use/s);
    expect(await serverProcesses(join(other, "postgres"))).toEqual([]);
  } finally {
    rmSync(other, { recursive: true, force: true });
  }
});

test("a key that anybody may read is a failure to start, in the server's words", async () => {
  const other = mkdtempSync(join(tmpdir(), "conifer-pgnet-"));
  try {
    const keyFile = join(other, "open.key");
    writeFileSync(keyFile, readFileSync(network.keyFile), { mode: 0o644 });
    const second = startPostgres({
      ...postgresIn(other),
      network: { ...network, port: await freePort(), keyFile, accessFile: join(other, "access") },
    });
    await expect(second).rejects.toThrow(/private key file .* has group or world access/);
  } finally {
    rmSync(other, { recursive: true, force: true });
  }
});
