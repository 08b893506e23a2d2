import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { type DomainEvent, newId, type Running, silentLogger } from "../../../kernel/index.ts";
import { ageClaims } from "../claims/claim-fixtures.ts";
import { takeClaim } from "../claims/index.ts";
import { migrations } from "../migrations/index.ts";
import { startTestServer, type TestServer } from "../store/database-fixtures.ts";
import { type Database, migrate } from "../store/index.ts";
import { startEventFeed } from "./event-feed.ts";
import { makeAppendEvent } from "./outbox.ts";

const APP = newId();
const LEASE_MS = 600_000;
const append = makeAppendEvent(() => new Date());
let server: TestServer;
let database: Database;
const running: Running[] = [];

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server?.stop());
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

/** One of several processes: what it has read, how often it was asked, what it heard. */
async function startProcess(mayRead: () => Promise<boolean>, pollMs = 20) {
  const process = { seen: [] as unknown[], asked: 0, hints: 0, listening: 0, stop: async () => {} };
  const feed = await startEventFeed({
    ...{ database, logger: silentLogger, pollMs },
    readers: [{ name: "log", handle: async (event: DomainEvent) => void process.seen.push(event.data.name) }],
    mayRead: () => {
      process.asked += 1;
      return mayRead();
    },
    onHint: () => {
      process.hints += 1;
    },
    onListening: () => {
      process.listening += 1;
    },
  });
  running.push(feed);
  process.stop = feed.stop;
  return process;
}

/** Waits until a process has looked twice more: what it would do by now it has done. */
async function looks(process: { readonly asked: number }) {
  const before = process.asked;
  await vi.waitFor(() => expect(process.asked).toBeGreaterThan(before + 1), { timeout: 10_000 });
}

test("one that may not read leaves every event, and still hears of each", async () => {
  const idle = await startProcess(async () => false);
  await vi.waitFor(() => expect(idle.listening).toBe(1));
  await add("a");
  await add("b");
  await vi.waitFor(() => expect(idle.hints).toBe(2));
  await looks(idle);
  expect(idle.seen).toEqual([]);
});

test("one that may read from now on begins where the last reader was", async () => {
  let holder = "one";
  const one = await startProcess(async () => holder === "one");
  const other = await startProcess(async () => holder === "other");
  await add("a", "b");
  await vi.waitFor(() => expect(one.seen).toEqual(["a", "b"]));
  // Until it is noted that the last one was read, another would read it too.
  await looks(one);
  holder = "other";
  await looks(one);
  await add("c");
  await vi.waitFor(() => expect(other.seen).toEqual(["c"]));
  await looks(one);
  expect(one.seen).toEqual(["a", "b"]);
});

test("without an answer it reads nothing, and asks again", async () => {
  let away = true;
  const process = await startProcess(async () => {
    if (away) throw new Error("the store is away");
    return true;
  });
  await add("a");
  await looks(process);
  expect(process.seen).toEqual([]);
  away = false;
  await vi.waitFor(() => expect(process.seen).toEqual(["a"]));
});

test("it is asked again before a second batch", async () => {
  await add(...Array.from({ length: 250 }, (_, i) => `${i}`));
  let allowed = 1;
  const process = await startProcess(async () => allowed-- > 0);
  await vi.waitFor(() => expect(process.seen).toHaveLength(200), { timeout: 10_000 });
  await looks(process);
  expect(process.seen).toHaveLength(200);
  allowed = 1;
  await vi.waitFor(() => expect(process.seen).toHaveLength(250));
});

test("three processes with a claim: each event once, in order; another goes on when the holder is gone", async () => {
  const claims = (holder: string) => async () => {
    const wanted = { subject: "events", holder, leaseMs: LEASE_MS };
    return (await takeClaim(database.db, wanted)) !== undefined;
  };
  const names = ["one", "two", "three"];
  const processes = await Promise.all(names.map((name) => startProcess(claims(name))));
  const all = () => processes.flatMap(({ seen }) => seen);
  await add("a");
  await add("b", "c");
  await vi.waitFor(() => expect(all()).toEqual(["a", "b", "c"]));
  const holder = processes.find(({ seen }) => seen.length > 0);
  await holder?.stop();
  await add("d");
  for (const process of processes) if (process !== holder) await looks(process);
  expect(all()).toHaveLength(3);
  await ageClaims(database.db, LEASE_MS);
  await vi.waitFor(() => expect(all()).toHaveLength(4));
  expect(holder?.seen).toEqual(["a", "b", "c"]);
  expect(processes.filter((process) => process !== holder).flatMap(({ seen }) => seen)).toEqual(["d"]);
});
