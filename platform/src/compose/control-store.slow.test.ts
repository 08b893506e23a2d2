import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../drivers/postgres/store/database-fixtures.ts";
import { silentLogger } from "../kernel/index.ts";
import { openStore } from "./control-store.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

test("a store is opened with its schema up to date", async () => {
  const url = await server.newDatabase();
  const database = await openStore(url, silentLogger);
  expect((await database.query("select count(*)::int as count from apps")).rows).toEqual([{ count: 0 }]);
  await database.close();
});

test("a store that is still starting is waited for", async () => {
  const url = await server.newDatabase();
  await server.down();
  const opening = openStore(url, silentLogger);
  await server.up();
  const database = await opening;
  expect((await database.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  await database.close();
});

test("a store that refuses is told at once, with the reason", async () => {
  const url = (await server.newDatabase()).replace(/\/test_\d+\?/, "/no_such_database?");
  await expect(openStore(url, silentLogger)).rejects.toThrow(
    /^The database cannot be used: database "no_such_database" does not exist$/,
  );
});

test("a store of a newer Conifer is told at once", async () => {
  const url = await server.newDatabase();
  const database = await openStore(url, silentLogger);
  await database.query("insert into schema_migrations values ('9999-later', now())");
  await database.close();
  await expect(openStore(url, silentLogger)).rejects.toThrow(/made by a newer Conifer.*9999-later/);
});
