import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { findAppForUpdate, updateApp } from "../../../apps/app/index.ts";
import { type Db, type NewEvent, newId, pause } from "../../../kernel/index.ts";
import { migrations } from "../migrations/index.ts";
import { seeds } from "../migrations/migration-fixtures.ts";
import { startTestServer, type TestServer } from "../store/database-fixtures.ts";
import { type Database, migrate } from "../store/index.ts";
import { makeAppendEvent, markRead, pruneEvents, readEvents, readLags } from "./outbox.ts";

const NOW = new Date("2026-11-21T04:00:00Z");
const append = makeAppendEvent(() => NOW);
let server: TestServer;
let database: Database;
let db: Db;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());
beforeEach(async () => {
  database = server.open(await server.newDatabase());
  db = database.db;
  await migrate(db, migrations, NOW);
});

const named = (name: string, appId = newId()): NewEvent => ({
  kind: "app.updated",
  appId,
  actor: null,
  data: { name },
});

/** Appends in a transaction of its own, or in the one given. */
const add = (name: string, trx?: Db) =>
  trx ? append(trx, named(name)) : db.transaction().execute((own) => append(own, named(name)));

const namesFor = async (reader: string, limit = 100) =>
  (await readEvents(db, reader, limit)).map(({ data }) => data.name);

/** What may be read now, in pieces, marked as read. */
async function readAll(reader: string): Promise<unknown[]> {
  const names: unknown[] = [];
  for (;;) {
    const events = await readEvents(db, reader, 50);
    for (const { seq, data } of events) {
      await markRead(db, reader, seq);
      names.push(data.name);
    }
    if (events.length === 0) return names;
  }
}

/** An app with its owner, straight into the tables. */
async function seedApp(): Promise<string> {
  const rows = { ...seeds["0002-accounts"], ...seeds["0003-apps"] };
  for (const table of ["accounts", "apps"]) {
    const row = rows[table] ?? {};
    const places = Object.keys(row).map((_, i) => `$${i + 1}`);
    const text = `insert into ${table} (${Object.keys(row).join(", ")}) values (${places.join(", ")})`;
    await database.query(text, Object.values(row));
  }
  return String(rows.apps?.id);
}

/** A transaction that stays open until it is told. */
async function openTransaction(begin: (trx: Db) => Promise<void>) {
  const gate = Promise.withResolvers<"commit" | "roll back">();
  const begun = Promise.withResolvers<void>();
  const ended = db
    .transaction()
    .execute(async (trx) => {
      await begin(trx);
      begun.resolve();
      if ((await gate.promise) === "roll back") throw new Error("rolled back");
    })
    .catch((thrown) => {
      begun.reject(thrown);
      if (thrown.message !== "rolled back") throw thrown;
    });
  await begun.promise;
  return async (how: "commit" | "roll back") => {
    gate.resolve(how);
    await ended;
  };
}

test("an event comes back as it was recorded", async () => {
  const actor = { id: newId(), email: "me@example.com" };
  const event: NewEvent = { kind: "release.created", appId: newId(), actor, data: { version: 3, list: [1] } };
  await db.transaction().execute((trx) => append(trx, event));
  expect(await readEvents(db, "log", 10)).toEqual([{ ...event, seq: "1", at: NOW }]);
});

test("an event of a transaction that is rolled back never was", async () => {
  const end = await openTransaction((trx) => add("never", trx));
  await end("roll back");
  await add("after");
  expect(await namesFor("log")).toEqual(["after"]);
});

describe("a reader", () => {
  test("gets the same events again until it marks them, in order, a piece at a time", async () => {
    for (const name of ["a", "b", "c"]) await add(name);
    expect(await namesFor("log", 2)).toEqual(["a", "b"]);
    expect(await namesFor("log", 2)).toEqual(["a", "b"]);
    const [first] = await readEvents(db, "log", 1);
    await markRead(db, "log", first?.seq ?? "");
    expect(await namesFor("log")).toEqual(["b", "c"]);
  });

  test("has a cursor of its own, which never goes back", async () => {
    for (const name of ["a", "b", "c"]) await add(name);
    const events = await readEvents(db, "log", 10);
    await markRead(db, "log", events[2]?.seq ?? "");
    await markRead(db, "log", events[0]?.seq ?? "");
    expect(await namesFor("log")).toEqual([]);
    expect(await namesFor("clean-up")).toEqual(["a", "b", "c"]);
    await markRead(db, "log", "999999");
    await add("d");
    expect(await namesFor("log")).toEqual(["d"]);
  });

  test("never passes a transaction that is still open", async () => {
    await add("before");
    const end = await openTransaction((trx) => add("slow", trx));
    await add("quick");
    expect(await readAll("log")).toEqual(["before"]);
    expect(await readAll("log")).toEqual([]);
    await end("commit");
    expect(await readAll("log")).toEqual(["slow", "quick"]);
  });

  test("goes on past one that was rolled back", async () => {
    const end = await openTransaction((trx) => add("slow", trx));
    await add("quick");
    expect(await readAll("log")).toEqual([]);
    await end("roll back");
    expect(await readAll("log")).toEqual(["quick"]);
  });

  test("misses nothing of a transaction that began early and wrote its event late", async () => {
    const wrote = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const late = db.transaction().execute(async (trx) => {
      await sql`insert into claims values ('x', 1, 'me', now())`.execute(trx);
      wrote.resolve();
      await go.promise;
      await add("late", trx);
    });
    await wrote.promise;
    await add("quick");
    expect(await readAll("log")).toEqual([]);
    go.resolve();
    await late;
    expect((await readAll("log")).sort()).toEqual(["late", "quick"]);
  });

  test("sees one app's events in the order of its changes, whoever waited for whom", async () => {
    const appId = await seedApp();
    let changes = 0;
    const change = async (trx: Db) => {
      await findAppForUpdate(trx, appId);
      await updateApp(trx, appId, { maintenance: changes % 2 === 0 }, NOW);
      changes += 1;
      await add(`change ${changes}`, trx);
    };
    const bystander = async () => {
      for (let i = 0; i < 20; i++)
        await db.transaction().execute(async (trx) => {
          await add("other", trx);
          await sql`select pg_sleep(0.003)`.execute(trx);
        });
    };
    const seen: unknown[] = [];
    const all = Promise.all([
      bystander(),
      ...Array.from({ length: 60 }, () => db.transaction().execute(change)),
    ]);
    for (let writing = true; writing; ) {
      writing = await Promise.race([all.then(() => false), pause(1).then(() => true)]);
      seen.push(...(await readAll("log")));
    }
    expect(seen.filter((name) => name !== "other")).toEqual(
      Array.from({ length: 60 }, (_, i) => `change ${i + 1}`),
    );
  });

  test("gets every event once, whatever commits meanwhile", async () => {
    const writers = Array.from({ length: 4 }, async (_, w) => {
      for (let i = 0; i < 30; i++)
        await db.transaction().execute(async (trx) => {
          await add(`${w}-${i}-a`, trx);
          if (i % 3 === 0) await sql`select pg_sleep(0.002)`.execute(trx);
          await add(`${w}-${i}-b`, trx);
        });
    });
    const seen: unknown[] = [];
    let writing = true;
    const reading = (async () => {
      while (writing) seen.push(...(await readAll("log")));
    })();
    await Promise.all(writers);
    writing = false;
    await reading;
    seen.push(...(await readAll("log")));
    expect(seen).toHaveLength(240);
    expect(new Set(seen).size).toBe(240);
    for (let w = 0; w < 4; w++) {
      const own = seen.filter((name) => String(name).startsWith(`${w}-`));
      expect(own).toEqual(Array.from({ length: 30 }, (_, i) => [`${w}-${i}-a`, `${w}-${i}-b`]).flat());
    }
  });
});

describe("pruning", () => {
  const later = new Date(NOW.getTime() + 1_000);

  test("removes what is old and read by all", async () => {
    for (const name of ["a", "b", "c"]) await add(name);
    await readAll("log");
    const [first] = await readEvents(db, "slow", 1);
    await markRead(db, "slow", first?.seq ?? "");
    expect(await pruneEvents(db, NOW)).toBe(0);
    expect(await pruneEvents(db, later)).toBe(1);
    expect(await namesFor("slow")).toEqual(["b", "c"]);
    await readAll("slow");
    expect(await pruneEvents(db, later)).toBe(2);
  });

  test("leaves cursors where they are", async () => {
    await add("a");
    await readAll("log");
    expect(await pruneEvents(db, later)).toBe(1);
    await add("b");
    expect(await readAll("log")).toEqual(["b"]);
  });
});

test("how far each reader is behind is told, by events and by the age of the oldest", async () => {
  expect(await readLags(db, NOW)).toEqual([]);
  for (const name of ["a", "b", "c"]) await add(name);
  await readAll("log");
  const [first] = await readEvents(db, "slow", 1);
  await markRead(db, "slow", first?.seq ?? "");
  const later = new Date(NOW.getTime() + 90_000);
  expect(await readLags(db, later)).toEqual([
    { reader: "log", events: 0, seconds: 0 },
    { reader: "slow", events: 2, seconds: 90 },
  ]);
  const earlier = new Date(NOW.getTime() - 90_000);
  expect((await readLags(db, earlier)).map(({ seconds }) => seconds)).toEqual([0, 0]);
});
