import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../drivers/postgres/store/database-fixtures.ts";
import type { Database } from "../drivers/postgres/store/index.ts";
import {
  allRows,
  configIn,
  fillDatabase,
  openRestored,
  restoreInto,
  startTestInstance,
  type TestInstance,
} from "./backup-fixtures.ts";
import { backUpHome } from "./backup-home.ts";
import { readConfig } from "./config.ts";
import { makeHomeFolders } from "./supervisor-home.ts";
import { claimHome } from "./supervisor-instance.ts";

let instance: TestInstance;
let operators: TestServer;
let blob: string;
beforeAll(async () => {
  [instance, operators] = await Promise.all([startTestInstance(), startTestServer()]);
  await fillDatabase(instance.database);
  blob = await instance.blob(Buffer.from("an image's layer"));
  await instance.backUp("first.backup");
});
afterAll(async () => {
  await instance?.stop();
  await operators?.stop();
});

/** A home whose database is the operator's. */
const configOn = (name: string, url: string) =>
  readConfig({ CONIFER_HOME: join(instance.folder, name), DATABASE_URL: url });
const backupOf = (name: string) => join(instance.folder, name);

/** All rows but those that get numbers of their server's own. */
async function rowsOf(database: Database) {
  const rows = new Map(await allRows(database));
  for (const numbered of ["events", "event_readers"]) rows.delete(numbered);
  return rows;
}

test("a backup goes into a database of the operator's, and from there into one of Conifer's own", async () => {
  const url = await operators.newDatabase();
  const config = configOn("foreign", url);
  await restoreInto(config, backupOf("first.backup"));
  expect(existsSync(join(config.home.images, "blobs", "sha256", blob.slice("sha256:".length)))).toBe(true);
  expect(existsSync(config.home.postgresData)).toBe(false);
  expect(await rowsOf(operators.open(url))).toEqual(await rowsOf(instance.database));

  makeHomeFolders(config.home);
  const claim = await claimHome(config.home.pidFile);
  const call = { key: "in", now: new Date("2026-11-23T10:00:00Z"), progress: silent } as const;
  const { signal } = new AbortController();
  await backUpHome({ ...call, config, file: backupOf("second.backup"), signal });
  claim.release();

  const own = configIn(instance.folder, "own-again");
  await restoreInto(own, backupOf("second.backup"));
  const { database, close } = await openRestored(own);
  try {
    expect(await rowsOf(database)).toEqual(await rowsOf(instance.database));
  } finally {
    await close();
  }
});

test("a database that has something in it is left as it is, and the home, too", async () => {
  const url = await operators.newDatabase();
  const database = operators.open(url);
  await database.query("create table invoices (id int)");
  const config = configOn("refused", url);
  await expect(restoreInto(config, backupOf("first.backup"))).rejects.toThrow(
    /DATABASE_URL is not empty: it has the table \S*invoices\. Nothing was changed/,
  );
  expect(existsSync(config.home.root) ? readdirSync(config.home.root) : []).toEqual([]);
  const { rows } = await database.query("select tablename from pg_tables where schemaname = 'public'");
  expect(rows).toEqual([{ tablename: "invoices" }]);
});

test("a database that cannot be reached is told, and nothing is left behind", async () => {
  const url = (await operators.newDatabase()).replace(/\/test_\d+\?/, "/there_is_none?");
  const config = configOn("away", url);
  await expect(restoreInto(config, backupOf("first.backup"))).rejects.toThrow(/there_is_none/);
  expect(existsSync(config.home.root) ? readdirSync(config.home.root) : []).toEqual([]);
});

const silent = { begin: () => {}, added: () => {} };
