import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { authenticatePassword, authenticateToken } from "../accounts/token/index.ts";
import { migrations } from "../drivers/postgres/migrations/index.ts";
import { startTestServer, type TestServer } from "../drivers/postgres/store/database-fixtures.ts";
import { type Database, migrate } from "../drivers/postgres/store/index.ts";
import { systemClock } from "../kernel/index.ts";
import { type Access, readAccessFile } from "./access-file.ts";
import { type Config, readConfig } from "./config.ts";
import { ensureFirstAccount } from "./control-first-account.ts";

let server: TestServer;
let folder: string;
let database: Database;
let config: Config;
let homes = 0;

beforeAll(async () => {
  server = await startTestServer();
  folder = mkdtempSync(join(tmpdir(), "conifer-first-"));
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  database = server.open(await server.newDatabase());
  await migrate(database.db, migrations, new Date());
  config = makeHome();
});

function makeHome(environment: Record<string, string> = {}): Config {
  const made = readConfig({ CONIFER_HOME: join(folder, String(++homes)), ...environment });
  mkdirSync(made.home.root, { mode: 0o700 });
  return made;
}

const access = (of = config) => readAccessFile(of.home) as Access;

/** What the file holds works. */
async function expectWorking({ email, password, token }: Access): Promise<void> {
  const deps = { db: database.db, clock: systemClock };
  expect(await authenticateToken(token, deps)).toMatchObject({ email, scope: ["global"] });
  expect(await authenticatePassword(email, password, deps)).toMatchObject({ email });
}

const accounts = async () =>
  (await database.query("select email from accounts order by email")).rows.map(
    (row) => (row as { email: string }).email,
  );

test("the first start makes an account that works, and says where everything is", async () => {
  await ensureFirstAccount(database.db, config);
  expect(access()).toMatchObject({
    api: "http://localhost:6400",
    router: "http://localhost:8080",
    domain: "localhost",
    email: "admin@conifer.localhost",
    ca: config.home.caFile,
  });
  await expectWorking(access());
});

test("later starts change nothing but addresses", async () => {
  await ensureFirstAccount(database.db, config);
  const before = access();
  await ensureFirstAccount(database.db, { ...config, apiPort: 7000, adminEmail: "other@example.com" });
  expect(access()).toEqual({ ...before, api: "http://localhost:7000" });
  expect(await accounts()).toEqual(["admin@conifer.localhost"]);
});

test("the operator may choose address and password", async () => {
  config = makeHome({ CONIFER_ADMIN_EMAIL: "Me@Example.com", CONIFER_ADMIN_PASSWORD: "correct horse" });
  await ensureFirstAccount(database.db, config);
  expect(access()).toMatchObject({ email: "me@example.com", password: "correct horse" });
  await expectWorking(access());
});

test("a start that was killed after the file was written goes on with what it says", async () => {
  const elsewhere = server.open(await server.newDatabase());
  await migrate(elsewhere.db, migrations, new Date());
  await ensureFirstAccount(elsewhere.db, config);
  const before = access();
  await ensureFirstAccount(database.db, config);
  expect(access()).toEqual(before);
  await expectWorking(before);
});

test("a store that another home has filled gives nothing away", async () => {
  await ensureFirstAccount(database.db, config);
  const other = makeHome();
  await ensureFirstAccount(database.db, other);
  expect(access(other)).toMatchObject({ email: "", password: "", token: "" });
  expect(await accounts()).toHaveLength(1);
});

test("a damaged file is written anew", async () => {
  writeFileSync(config.home.accessFile, "{ half");
  await ensureFirstAccount(database.db, config);
  await expectWorking(access());
  writeFileSync(config.home.accessFile, "{ half");
  await ensureFirstAccount(database.db, config);
  expect(access()).toMatchObject({ email: "", api: "http://localhost:6400" });
});
