import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../store/database-fixtures.ts";
import { type Database, type Migration, migrate } from "../store/index.ts";
import { migrations } from "./index.ts";
import { seeds } from "./migration-fixtures.ts";

const NOW = new Date("2026-11-21T04:00:00Z");
const NAMES = migrations.map(({ name }) => name);
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

async function empty(): Promise<{ url: string; database: Database }> {
  const url = await server.newDatabase();
  return { url, database: server.open(url) };
}

/** Everything the schema is made of, in words that can be compared. */
async function schemaOf(database: Database): Promise<readonly unknown[]> {
  const { rows: columns } = await database.query(
    `select table_name, column_name, data_type, is_nullable, column_default
     from information_schema.columns where table_schema = 'public' order by 1, 2`,
  );
  const { rows: indexes } = await database.query(
    "select indexdef from pg_indexes where schemaname = 'public' order by 1",
  );
  const { rows: constraints } = await database.query(
    `select conrelid::regclass::text as "table", conname, pg_get_constraintdef(oid) as definition
     from pg_constraint where connamespace = 'public'::regnamespace order by 1, 2`,
  );
  return [...columns, ...indexes, ...constraints];
}

async function rowsOf(database: Database, table: string): Promise<readonly unknown[]> {
  return (await database.query(`select * from ${table}`)).rows;
}

describe("the steps", () => {
  test("have names in order, each once", () => {
    expect(NAMES).toEqual([...new Set(NAMES)].sort());
    expect(NAMES.every((name) => /^\d{4}-[a-z-]+$/.test(name))).toBe(true);
  });

  test("make the schema from nothing, and then there is nothing to do", async () => {
    const { database } = await empty();
    expect(await migrate(database.db, migrations, NOW, "1.2.3")).toEqual(NAMES);
    const made = await schemaOf(database);
    expect(await migrate(database.db, migrations, NOW)).toEqual([]);
    expect(await schemaOf(database)).toEqual(made);
    expect(await rowsOf(database, "schema_migrations")).toEqual(
      NAMES.map((name) => ({ name, applied_at: NOW, taken_by: "1.2.3" })),
    );
  });

  test.each(NAMES.map((name, i) => [name, i + 1] as const))(
    "after %s keep the data that was there",
    async (_name, count) => {
      const whole = await empty();
      await migrate(whole.database.db, migrations, NOW);
      const { database } = await empty();
      await migrate(database.db, migrations.slice(0, count), NOW);
      const tables: string[] = [];
      for (const { name } of migrations.slice(0, count)) {
        for (const [table, row] of Object.entries(seeds[name] ?? {})) {
          await insert(database, table, row);
          tables.push(table);
        }
      }
      const before = new Map<string, unknown>();
      for (const table of tables) before.set(table, await rowsOf(database, table));
      expect(await migrate(database.db, migrations, NOW)).toEqual(NAMES.slice(count));
      expect(await schemaOf(database)).toEqual(await schemaOf(whole.database));
      for (const table of tables) {
        const rows = await rowsOf(database, table);
        expect(rows).toHaveLength(1);
        expect(rows).toMatchObject(before.get(table) as object[]);
      }
    },
  );
});

async function insert(database: Database, table: string, row: Record<string, unknown>): Promise<void> {
  const names = Object.keys(row);
  const places = names.map((_, i) => `$${i + 1}`);
  await database.query(
    `insert into ${table} (${names.join(", ")}) values (${places.join(", ")})`,
    Object.values(row),
  );
}

describe("a newer schema is refused by name, and nothing is changed", () => {
  const newer = ["9998-later", "9999-latest"];
  const refused = async (database: Database) => {
    const before = await schemaOf(database);
    const failure = await migrate(database.db, [...migrations, addTable("9000-mine")], NOW, "1.2.3").catch(
      String,
    );
    expect(await schemaOf(database)).toEqual(before);
    return failure;
  };

  test("with both versions, where the newer one noted its own", async () => {
    const { database } = await empty();
    const steps = newer.map((name) => addTable(name));
    await migrate(database.db, [...migrations, ...steps], NOW, "2.0.0");
    expect(await refused(database)).toMatch(
      /made by a newer Conifer \(2\.0\.0\): it has the migrations 9998-later, 9999-latest, which this one \(1\.2\.3\) does not know.*Start the newer Conifer, or restore/,
    );
  });

  test("also when the record of its steps has no versions, as older ones wrote it", async () => {
    const { database } = await empty();
    await database.query(
      "create table schema_migrations (name text primary key, applied_at timestamptz not null)",
    );
    await insert(database, "schema_migrations", { name: "9999-latest", applied_at: NOW });
    expect(await refused(database)).toMatch(
      /made by a newer Conifer: it has the migration 9999-latest, which this one \(1\.2\.3\) does not know/,
    );
  });
});

test("a record of steps without versions gets them with the next step", async () => {
  const { database } = await empty();
  await database.query(
    "create table schema_migrations (name text primary key, applied_at timestamptz not null)",
  );
  await insert(database, "schema_migrations", { name: "0001-old", applied_at: NOW });
  expect(await migrate(database.db, [addTable("0001-old")], NOW, "1.2.3")).toEqual([]);
  expect(await rowsOf(database, "schema_migrations")).toEqual([{ name: "0001-old", applied_at: NOW }]);
  await migrate(database.db, [addTable("0001-old"), addTable("0002-new")], NOW, "1.2.3");
  expect(await rowsOf(database, "schema_migrations")).toEqual([
    { name: "0001-old", applied_at: NOW, taken_by: null },
    { name: "0002-new", applied_at: NOW, taken_by: "1.2.3" },
  ]);
});

const addTable = (name: string, more: Migration["up"] = async () => {}): Migration => ({
  name,
  up: async (db) => {
    await sql`create table ${sql.id(`t_${name.replace("-", "_")}`)} (id int)`.execute(db);
    await more(db);
  },
});

test("a step that fails undoes those before it, and is named", async () => {
  const { database } = await empty();
  const bad = addTable("0002-bad", async (db) => void (await sql`select 1 / 0`.execute(db)));
  await expect(migrate(database.db, [addTable("0001-good"), bad], NOW)).rejects.toThrow(
    "the migration 0002-bad failed: division by zero",
  );
  expect(await schemaOf(database)).toEqual([]);
  expect(await migrate(database.db, [addTable("0001-good")], NOW)).toEqual(["0001-good"]);
});

test("of several processes at once one takes the steps and the others wait, however long", async () => {
  const { url } = await empty();
  const slow = addTable("0001-slow", async (db) => void (await sql`select pg_sleep(1)`.execute(db)));
  const migrateImpatiently = async () => {
    const pool = new pg.Pool({ connectionString: url, max: 1, statement_timeout: 300 });
    const db = new Kysely<object>({ dialect: new PostgresDialect({ pool }) });
    return await migrate(db, [slow], NOW).finally(() => db.destroy());
  };
  const outcomes = await Promise.all([1, 2, 3].map(migrateImpatiently));
  expect(outcomes.sort((a, b) => b.length - a.length)).toEqual([["0001-slow"], [], []]);
});

test("a process that is killed in the middle leaves nothing half done", async () => {
  const { url, database } = await empty();
  const program = fileURLToPath(new URL("./migration-fixtures.ts", import.meta.url));
  const child = spawn(process.execPath, [program, url], { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = await once(child.stdout, "data");
  expect(String(said)).toContain("in the middle");
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(await migrate(database.db, migrations, NOW)).toEqual(NAMES);
  expect((await database.query("select to_regclass('half_done') as found")).rows).toEqual([{ found: null }]);
});
