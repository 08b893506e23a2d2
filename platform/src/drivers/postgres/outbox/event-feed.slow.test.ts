import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type DomainEvent, newId, type Running, silentLogger } from "../../../kernel/index.ts";
import { migrations } from "../migrations/index.ts";
import { startTestServer, type TestServer } from "../store/database-fixtures.ts";
import { type Database, migrate } from "../store/index.ts";
import { type EventReader, startEventFeed } from "./event-feed.ts";
import { makeAppendEvent } from "./outbox.ts";

const APP = newId();
const append = makeAppendEvent(() => new Date());
let server: TestServer;
let database: Database;
const running: Running[] = [];

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());
beforeEach(async () => {
  database = server.open(await server.newDatabase());
  await migrate(database.db, migrations, new Date());
});
afterEach(async () => {
  for (const feed of running.splice(0)) await feed.stop();
});

const add = (...names: string[]) =>
  database.db.transaction().execute(async (trx) => {
    for (const name of names)
      await append(trx, { kind: "app.updated", appId: APP, actor: null, data: { name } });
  });

/** A reader that notes the names it has dealt with. */
function noting(name: string, before: (event: DomainEvent) => void | Promise<void> = () => {}) {
  const seen: unknown[] = [];
  const handle = async (event: DomainEvent) => {
    await before(event);
    seen.push(event.data.name);
  };
  return { name, seen, handle };
}

async function feed(readers: readonly EventReader[], options: { pollMs?: number; onHint?: () => void } = {}) {
  const started = await startEventFeed({
    database,
    readers,
    logger: silentLogger,
    pollMs: 60_000,
    ...options,
  });
  running.push(started);
  return started;
}

const listeners = async () =>
  (
    await database.query(
      "select pid from pg_stat_activity where query ilike 'listen %' and datname = current_database()",
    )
  ).rows as { pid: number }[];

/** Waits until hints arrive, so that a test cannot win by the look at the start. */
async function listening(count = 1) {
  await vi.waitFor(async () => expect(await listeners()).toHaveLength(count), { timeout: 5_000 });
}

describe("a reader", () => {
  test("is told of what was there and of what comes, long before the timer", async () => {
    await add("a", "b");
    const log = noting("log");
    await feed([log]);
    await vi.waitFor(() => expect(log.seen).toEqual(["a", "b"]));
    await listening();
    await add("c");
    await vi.waitFor(() => expect(log.seen).toEqual(["a", "b", "c"]));
  });

  test("that fails gets the event again, and holds up nobody else", async () => {
    let failures = 2;
    const bad = noting("bad", (event) => {
      if (event.data.name === "a" && failures-- > 0) throw new Error("not yet");
    });
    const good = noting("good");
    await feed([bad, good], { pollMs: 20 });
    await add("a", "b");
    await vi.waitFor(() => expect(good.seen).toEqual(["a", "b"]));
    await vi.waitFor(() => expect(bad.seen).toEqual(["a", "b"]));
  });

  test("goes on after a restart where it was", async () => {
    const first = noting("log");
    const one = await feed([first]);
    await add("a");
    await vi.waitFor(() => expect(first.seen).toEqual(["a"]));
    await one.stop();
    await add("b");
    const second = noting("log");
    await feed([second]);
    await vi.waitFor(() => expect(second.seen).toEqual(["b"]));
  });

  test("reads more than a batch without waiting", async () => {
    await add(...Array.from({ length: 450 }, (_, i) => `${i}`));
    const log = noting("log");
    await feed([log]);
    await vi.waitFor(() => expect(log.seen).toHaveLength(450), { timeout: 10_000 });
    expect(log.seen).toEqual(Array.from({ length: 450 }, (_, i) => `${i}`));
  });

  test("looks by itself when no hint comes", async () => {
    const log = noting("log");
    await feed([log], { pollMs: 30 });
    await listening();
    const hints = vi.spyOn(database, "connect").mockRejectedValue(new Error("no hints today"));
    for (const { pid } of await listeners()) await database.query("select pg_terminate_backend($1)", [pid]);
    await listening(0);
    await add("unannounced");
    await vi.waitFor(() => expect(log.seen).toEqual(["unannounced"]));
    hints.mockRestore();
  });

  test("hears of events again after the connection for hints was lost", async () => {
    const log = noting("log");
    await feed([log]);
    await listening();
    for (const { pid } of await listeners()) await database.query("select pg_terminate_backend($1)", [pid]);
    await listening(0);
    await listening(1);
    await add("after");
    await vi.waitFor(() => expect(log.seen).toEqual(["after"]));
  });

  test("goes on by itself after the store was away", async () => {
    const log = noting("log");
    await feed([log], { pollMs: 100 });
    await add("before");
    await vi.waitFor(() => expect(log.seen).toEqual(["before"]));
    await server.down();
    await server.up();
    await add("after");
    await vi.waitFor(() => expect(log.seen).toEqual(["before", "after"]), { timeout: 10_000 });
  });
});

test("hints name the kind and the app as they come, and the place in a trace where there is one", async () => {
  const hints: unknown[] = [];
  await startEventFeed({
    database,
    readers: [],
    logger: silentLogger,
    pollMs: 60_000,
    onHint: (...hint) => hints.push(hint),
  }).then((started) => running.push(started));
  await listening();
  await add("a");
  await vi.waitFor(() => expect(hints).toEqual([["app.updated", APP, undefined]]));
  const place = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const traced = makeAppendEvent(
    () => new Date(),
    () => place,
  );
  await traced(database.db, { kind: "app.deleted", appId: APP, actor: null, data: {} });
  await vi.waitFor(() => expect(hints[1]).toEqual(["app.deleted", APP, place]));
});

test("tells when hints are heard, at first and after each loss of its connection", async () => {
  const onListening = vi.fn();
  await startEventFeed({ database, readers: [], logger: silentLogger, pollMs: 60_000, onListening }).then(
    (started) => running.push(started),
  );
  await vi.waitFor(() => expect(onListening).toHaveBeenCalledTimes(1));
  for (const { pid } of await listeners()) await database.query("select pg_terminate_backend($1)", [pid]);
  await vi.waitFor(() => expect(onListening).toHaveBeenCalledTimes(2), { timeout: 10_000 });
});

test("stopping finishes the event at hand, takes no other, and leaves no connection", async () => {
  const gate = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  const log = noting("log", async () => {
    reached.resolve();
    await gate.promise;
  });
  await add("a", "b");
  const started = await feed([log]);
  await reached.promise;
  await listening();
  const stopping = started.stop();
  gate.resolve();
  await stopping;
  expect(log.seen).toEqual(["a"]);
  await listening(0);
});
