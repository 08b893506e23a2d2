import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { authenticatePassword, authenticateToken } from "../accounts/token/index.ts";
import { migrations } from "../drivers/postgres/migrations/index.ts";
import { startTestServer, type TestServer } from "../drivers/postgres/store/database-fixtures.ts";
import { type Database, migrate } from "../drivers/postgres/store/index.ts";
import { systemClock } from "../kernel/index.ts";
import { type Access, readAccessFile } from "./access-file.ts";
import { type FirstStart, spawnFirstStart } from "./first-account-fixtures.ts";
import { makeHome } from "./home.ts";

let server: TestServer;
let folder: string;
let url: string;
let database: Database;
let holder: pg.Client;
const starts: FirstStart[] = [];

beforeAll(async () => {
  server = await startTestServer();
  folder = mkdtempSync(join(tmpdir(), "conifer-race-"));
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  url = await server.newDatabase();
  database = server.open(url);
  await migrate(database.db, migrations, new Date());
  holder = new pg.Client({ connectionString: url });
  await holder.connect();
});
afterEach(async () => {
  for (const { child } of starts.splice(0)) child.kill("SIGKILL");
  await holder.end();
});

let homes = 0;
function newHome(): string {
  const root = join(folder, `home-${++homes}`);
  mkdirSync(root, { mode: 0o700 });
  return root;
}

function start(home: string, settings: Readonly<Record<string, string>> = {}): FirstStart {
  const started = spawnFirstStart({ CONIFER_HOME: home, DATABASE_URL: url, ...settings });
  starts.push(started);
  return started;
}

/** Keeps everybody else from writing the table until `release`. */
async function hold(table: "accounts" | "authorizations"): Promise<void> {
  await holder.query("begin");
  await holder.query(`lock table ${table} in share row exclusive mode`);
}
const release = () => holder.query("commit");

/** Waits until so many others wait for a lock on a table. */
async function waiting(count: number): Promise<void> {
  const text = "select count(*)::int as n from pg_locks where not granted and relation is not null";
  await vi.waitFor(async () => expect((await database.query(text)).rows).toEqual([{ n: count }]), {
    timeout: 20_000,
    interval: 20,
  });
}

const access = (home: string) => readAccessFile(makeHome(home)) as Access;
const emails = async () => (await database.query("select email from accounts order by email")).rows;

async function works({ email, password, token }: Access): Promise<boolean> {
  const deps = { db: database.db, clock: systemClock };
  const byToken = await authenticateToken(token, deps).catch(() => undefined);
  const byPassword = await authenticatePassword(email, password, deps).catch(() => undefined);
  expect(Boolean(byToken)).toBe(Boolean(byPassword));
  return Boolean(byToken);
}

test("two homes at once: one account, and only the file of the faster one holds credentials", async () => {
  await hold("accounts");
  const [one, other] = [newHome(), newHome()];
  const both = [start(one), start(other)];
  await waiting(2);
  await release();
  expect(await Promise.all(both.map(({ ended }) => ended))).toEqual([0, 0]);
  expect(await emails()).toEqual([{ email: "admin@conifer.localhost" }]);
  const files = [access(one), access(other)].sort((a, b) => b.token.length - a.token.length);
  expect(await works(files[0] as Access)).toBe(true);
  expect(files[1]).toMatchObject({ email: "", password: "", token: "", api: "http://localhost:6400" });
});

test("two homes with different first addresses make one account too", async () => {
  await hold("accounts");
  const names = ["one@example.com", "other@example.com"];
  const both = names.map((email) => start(newHome(), { CONIFER_ADMIN_EMAIL: email }));
  await waiting(2);
  await release();
  expect(await Promise.all(both.map(({ ended }) => ended))).toEqual([0, 0]);
  expect(await emails()).toHaveLength(1);
});

test("two processes on one home: its file holds what works, whoever wrote last", async () => {
  await hold("accounts");
  const home = newHome();
  const both = [start(home), start(home)];
  await waiting(2);
  await release();
  expect(await Promise.all(both.map(({ ended }) => ended))).toEqual([0, 0]);
  expect(await works(access(home))).toBe(true);
});

test("processes that were all given the same credentials agree on them", async () => {
  const given = {
    CONIFER_ADMIN_EMAIL: "Me@Example.com",
    CONIFER_ADMIN_PASSWORD: "correct horse",
    CONIFER_ADMIN_TOKEN: `CNFR-${"t".repeat(32)}`,
  };
  await hold("accounts");
  const all = [start(newHome(), given), start(newHome(), given), start(newHome(), given)];
  await waiting(3);
  await release();
  expect(await Promise.all(all.map(({ ended }) => ended))).toEqual([0, 0, 0]);
  const told = { email: "me@example.com", password: "correct horse", token: given.CONIFER_ADMIN_TOKEN };
  expect(await works({ ...told, api: "", router: "", domain: "", ca: "" })).toBe(true);
  expect(await emails()).toEqual([{ email: "me@example.com" }]);
});

test("one that is killed with the account half made: another makes it, and no half is left", async () => {
  await hold("authorizations");
  const [killed, next] = [newHome(), newHome()];
  const first = start(killed);
  await waiting(1);
  expect(existsSync(makeHome(killed).accessFile)).toBe(true);
  first.child.kill("SIGKILL");
  expect(await first.ended).toBe("SIGKILL");
  const second = start(next);
  await waiting(2);
  await release();
  expect(await second.ended).toBe(0);
  expect(await works(access(next))).toBe(true);
  expect(await emails()).toHaveLength(1);
});

test("one that is killed and comes back before anybody else goes on with what its file says", async () => {
  await hold("authorizations");
  const home = newHome();
  const first = start(home);
  await waiting(1);
  const told = access(home);
  first.child.kill("SIGKILL");
  await first.ended;
  await release();
  expect(await start(home).ended).toBe(0);
  expect(access(home)).toEqual(told);
  expect(await works(told)).toBe(true);
});
