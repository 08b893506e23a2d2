import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Db, newId, StaleClaim } from "../../../kernel/index.ts";
import { makeFakeDynoHost } from "../../../runtime/dyno/dyno-host-fake.ts";
import { migrations } from "../migrations/index.ts";
import { startTestServer, type TestServer } from "../store/database-fixtures.ts";
import { migrate } from "../store/index.ts";
import { takeClaim } from "./claim-store.ts";

const LEASE_MS = 10_000;
let server: TestServer;
let db: Db;
let nowMs: number;
const clock = () => new Date(nowMs);

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());
beforeEach(async () => {
  nowMs = Date.parse("2026-11-21T04:00:00Z");
  db = server.open(await server.newDatabase()).db;
  await migrate(db, migrations, clock());
});

const take = (holder: string, subject = "app/1") =>
  takeClaim(db, { subject, holder, leaseMs: LEASE_MS }, clock);

describe("a claim", () => {
  test("is one holder's until its lease has run out", async () => {
    expect(await take("a")).toEqual({ subject: "app/1", number: 1 });
    expect(await take("b")).toBeUndefined();
    nowMs += LEASE_MS - 1;
    expect(await take("b")).toBeUndefined();
    nowMs += 1;
    expect(await take("b")).toEqual({ subject: "app/1", number: 2 });
    expect(await take("a")).toBeUndefined();
  });

  test("is kept with its number when it is renewed in time", async () => {
    for (let i = 0; i < 5; i++) {
      expect(await take("a")).toMatchObject({ number: 1 });
      nowMs += LEASE_MS / 2;
    }
    expect(await take("b")).toBeUndefined();
  });

  test("gets a new number when its own holder comes too late", async () => {
    await take("a");
    nowMs += LEASE_MS;
    expect(await take("a")).toMatchObject({ number: 2 });
  });

  test("is each subject's own", async () => {
    expect(await take("a", "app/1")).toMatchObject({ number: 1 });
    expect(await take("b", "app/2")).toMatchObject({ number: 1 });
  });

  test("goes to one of many who ask at once, each time under a higher number", async () => {
    let highest = 0;
    for (let round = 0; round < 5; round++) {
      const asked = await Promise.all(Array.from({ length: 8 }, (_, i) => take(`holder-${round}-${i}`)));
      const got = asked.filter((claim) => claim !== undefined);
      expect(got).toHaveLength(1);
      expect(got[0]?.number).toBeGreaterThan(highest);
      highest = got[0]?.number ?? 0;
      nowMs += LEASE_MS;
    }
  });
});

test("a claimant that was stopped past its lease can do no harm: the engine refuses it", async () => {
  const engine = makeFakeDynoHost({ now: clock });
  const appId = newId();
  const formation = { appId, dynos: [] };
  const first = await take("first");
  if (!first) throw new Error("no claim");
  await engine.apply(formation, first);

  nowMs += LEASE_MS;
  const second = await take("second");
  if (!second) throw new Error("no claim");
  await engine.apply(formation, second);

  await expect(engine.apply(formation, first)).rejects.toThrow(StaleClaim);
  await engine.apply(formation, second);
  expect(await take("first")).toBeUndefined();
});
