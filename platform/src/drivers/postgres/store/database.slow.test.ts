import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startTestServer, type TestServer } from "./database-fixtures.ts";
import { type Database, isStoreAway, violatedConstraint } from "./open-database.ts";

let server: TestServer;
let database: Database;

beforeAll(async () => {
  server = await startTestServer();
  database = server.open(await server.newDatabase());
});
afterAll(() => server.stop());

test("times, large integers, bytes and JSON come back as documented", async () => {
  const { rows } =
    await sql`select timestamptz '2026-11-21 04:00:00.5+00' as time, 9007199254740993::bigint as large,
    'x'::bytea as bytes, '{"a":[1]}'::jsonb as json`.execute(database.db);
  expect(rows[0]).toEqual({
    time: new Date("2026-11-21T04:00:00.500Z"),
    large: "9007199254740993",
    bytes: Buffer.from("x"),
    json: { a: [1] },
  });
});

test("violated constraints are told by name", async () => {
  await database.query("create table parents (id int primary key, name text constraint parents_name unique)");
  await database.query("create table children (parent int constraint children_parent references parents)");
  await database.query("insert into parents values (1, 'a')");
  const constraintOf = (text: string) => database.query(text).then(() => "none", violatedConstraint);
  expect(await constraintOf("insert into parents values (2, 'a')")).toBe("parents_name");
  expect(await constraintOf("insert into children values (7)")).toBe("children_parent");
  expect(await constraintOf("insert into nowhere values (1)")).toBeUndefined();
});

describe("a server that goes away", () => {
  test("is told apart, and used again when it is back", async () => {
    const working = database.query("select pg_sleep(30)").then(
      () => undefined,
      (thrown) => thrown,
    );
    await vi.waitFor(async () => {
      const { rows } = await database.query("select 1 from pg_stat_activity where query like '%sleep(30)'");
      expect(rows).not.toEqual([]);
    });
    await server.down();
    expect(isStoreAway(await working)).toBe(true);
    for (let i = 0; i < 10; i++) {
      const thrown = await database.query("select 1").catch((e) => e);
      expect([String(thrown), isStoreAway(thrown)]).toEqual([String(thrown), true]);
    }
    expect(isStoreAway(await database.connect().catch((e) => e))).toBe(true);
    await server.up();
    expect((await database.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  });
});

test("a connection that is lost in the middle of a transaction fails that transaction alone", async () => {
  const failed = await database.db
    .transaction()
    .execute(async (trx) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx);
      await database.query("select pg_terminate_backend($1, 5000)", [rows[0]?.pid]);
      await sql`select 1`.execute(trx);
    })
    .catch((thrown) => thrown);
  expect(isStoreAway(failed)).toBe(true);
  expect((await database.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
});

test("a connection of its own is outside the pool and has no time limit", async () => {
  const client = await database.connect();
  expect((await client.query("show statement_timeout")).rows).toEqual([{ statement_timeout: "0" }]);
  expect((await database.query("show statement_timeout")).rows).toEqual([{ statement_timeout: "30s" }]);
  await client.end();
});
