import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type Claim, type Db, newId, StaleClaim } from "../../../kernel/index.ts";
import { makeFakeDynoHost } from "../../../runtime/dyno/dyno-host-fake.ts";
import { migrations } from "../migrations/index.ts";
import { startTestServer, type TestServer } from "../store/database-fixtures.ts";
import { migrate } from "../store/index.ts";
import { ageClaims } from "./claim-fixtures.ts";
import { holdClaim, takeClaim } from "./claim-store.ts";

const LEASE_MS = 600_000;
let server: TestServer;
let db: Db;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());
afterEach(() => vi.useRealTimers());
beforeEach(async () => {
  db = server.open(await server.newDatabase()).db;
  await migrate(db, migrations, new Date());
});

const take = (holder: string, subject = "app/1") => takeClaim(db, { subject, holder, leaseMs: LEASE_MS });
const pass = (ms: number) => ageClaims(db, ms);

describe("a claim", () => {
  test("is one holder's until its lease has run out", async () => {
    expect(await take("a")).toEqual({ subject: "app/1", number: 1 });
    expect(await take("b")).toBeUndefined();
    await pass(LEASE_MS / 2);
    expect(await take("b")).toBeUndefined();
    await pass(LEASE_MS / 2);
    expect(await take("b")).toEqual({ subject: "app/1", number: 2 });
    expect(await take("a")).toBeUndefined();
  });

  test("is kept with its number when it is renewed in time", async () => {
    for (let i = 0; i < 5; i++) {
      expect(await take("a")).toMatchObject({ number: 1 });
      await pass(LEASE_MS / 2);
    }
    expect(await take("b")).toBeUndefined();
  });

  test("gets a new number when its own holder comes too late", async () => {
    await take("a");
    await pass(LEASE_MS);
    expect(await take("a")).toMatchObject({ number: 2 });
  });

  test("is each subject's own", async () => {
    expect(await take("a", "app/1")).toMatchObject({ number: 1 });
    expect(await take("b", "app/2")).toMatchObject({ number: 1 });
  });

  test.each([
    ["ahead", 3_600_000],
    ["behind", -3_600_000],
  ])(
    "is its holder's, and the next one's in time, although somebody's clock is an hour %s",
    async (_how, ms) => {
      expect(await take("a")).toMatchObject({ number: 1 });
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
      expect(await take("b")).toBeUndefined();
      await pass(LEASE_MS);
      expect(await take("b")).toMatchObject({ number: 2 });
      vi.useRealTimers();
      expect(await take("a")).toBeUndefined();
      await pass(LEASE_MS);
      expect(await take("a")).toMatchObject({ number: 3 });
    },
  );

  test("goes to one of many who ask at once, each time under a higher number", async () => {
    let highest = 0;
    for (let round = 0; round < 5; round++) {
      const asked = await Promise.all(Array.from({ length: 8 }, (_, i) => take(`holder-${round}-${i}`)));
      const got = asked.filter((claim) => claim !== undefined);
      expect(got).toHaveLength(1);
      expect(got[0]?.number).toBeGreaterThan(highest);
      highest = got[0]?.number ?? 0;
      await pass(LEASE_MS);
    }
  });
});

describe("a transaction that holds a claim", () => {
  test("ends before anybody takes it", async () => {
    const first = await taken("a");
    await pass(LEASE_MS);
    const order: string[] = [];
    let next: Promise<void> | undefined;
    await db.transaction().execute(async (trx) => {
      await holdClaim(trx, first);
      next = take("b").then((claim) => void order.push(`b has ${claim?.number}`));
      await vi.waitFor(async () => expect(await waitingForLocks()).toBe(1), { timeout: 30_000 });
      order.push("a is done");
    });
    await next;
    expect(order).toEqual(["a is done", "b has 2"]);
  });

  test("goes on after the lease while nobody has taken it, and fails when somebody has", async () => {
    const first = await taken("a");
    const hold = () => db.transaction().execute((trx) => holdClaim(trx, first));
    await pass(LEASE_MS);
    await hold();
    await take("b");
    await expect(hold()).rejects.toThrow(StaleClaim);
  });

  test("fails for a claim that is not on record", async () => {
    const hold = holdClaim(db, { subject: "app/9", number: 1 });
    await expect(hold).rejects.toThrow(StaleClaim);
  });
});

async function taken(holder: string): Promise<Claim> {
  const claim = await take(holder);
  if (!claim) throw new Error("no claim");
  return claim;
}

async function waitingForLocks(): Promise<number> {
  const { rows } = await sql<{ count: string }>`
    select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(
    db,
  );
  return Number(rows[0]?.count);
}

test("a claimant that was stopped past its lease can do no harm: the engine refuses it", async () => {
  const engine = makeFakeDynoHost({ now: () => new Date() });
  const appId = newId();
  const formation = { appId, dynos: [] };
  const first = await take("first");
  if (!first) throw new Error("no claim");
  await engine.apply(formation, first);

  await pass(LEASE_MS);
  const second = await take("second");
  if (!second) throw new Error("no claim");
  await engine.apply(formation, second);

  await expect(engine.apply(formation, first)).rejects.toThrow(StaleClaim);
  await engine.apply(formation, second);
  expect(await take("first")).toBeUndefined();
});
