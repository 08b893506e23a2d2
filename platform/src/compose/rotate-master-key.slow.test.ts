import { once } from "node:events";
import { utimesSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { openInstallationKey } from "../delivery/attestation/installation-key.ts";
import { findConfig, insertConfig } from "../delivery/config/index.ts";
import { type MasterKey, newId, seal, systemClock, unseal } from "../kernel/index.ts";
import { insertDynoRecord, listDynoSpecs } from "../runtime/formation/dyno-record-store.ts";
import { insertInsideRun, takeInsideRun } from "../runtime/one-off/inside-run-store.ts";
import { onOneState } from "./backup-database.ts";
import {
  configIn,
  openRestored,
  put,
  restoreInto,
  startCommand,
  startTestInstance,
  type TestInstance,
} from "./backup-fixtures.ts";
import { masterKeyFile, openMasterKey, readMasterKey } from "./master-key.ts";
import { forgetKeyVersion, listKeyVersions, rotateMasterKey, SEALED_COLUMNS } from "./rotate-master-key.ts";

const ACCOUNT = newId();
const APP = newId();
/** More than one batch. */
const CONFIGS = 250;

let instance: TestInstance;
let master: MasterKey;
const secrets = new Map<string, string>();

beforeAll(async () => {
  instance = await startTestInstance();
  master = openMasterKey(instance.config.home);
  const { database } = instance;
  await database.query(
    "insert into accounts (id, email, password_hash, created_at, updated_at) values ($1, 'me@example.com', 'x', now(), now())",
    [ACCOUNT],
  );
  await database.query(
    "insert into apps (id, name, owner_id, region, stack, build_stack, created_at, updated_at) values ($1, 'app', $2, 'us', 'cnb', 'cnb', now(), now())",
    [APP, ACCOUNT],
  );
  for (let i = 0; i < CONFIGS; i++) await addConfig();
  await insertDynoRecord(
    database.db,
    { spec: SPEC as never, index: 1, key: "k", size: "Standard-1X", now: new Date() },
    master,
  );
  const run = { id: RUN, appId: APP, dynoId: newId(), dynoName: "web.1", createdAt: new Date() };
  await insertInsideRun(database.db, run as never, seal("bash", RUN, master));
  await openInstallationKey(keyDeps());
});
afterAll(() => instance?.stop());

const RUN = newId();
const SPEC = {
  id: newId(),
  appId: APP,
  type: "web",
  releaseId: newId(),
  releaseVersion: 1,
  displayCommand: "x",
  duty: "serve",
};
const keyDeps = () => ({ db: instance.database.db, clock: systemClock, newId, masterKey: master });
const place = () => ({ home: instance.config.home, db: instance.database.db });
const never = new AbortController().signal;
const rotate = () => rotateMasterKey(place(), { signal: never, onBatch: () => {} });

async function addConfig(): Promise<string> {
  const id = newId();
  secrets.set(id, `secret of ${id}`);
  const config = { SECRET: secrets.get(id) ?? "" };
  await insertConfig(instance.database.db, { id, appId: APP, config, now: new Date() }, master);
  return id;
}

/** Everything that is sealed opens with this key alone. */
async function allOpens(key: MasterKey): Promise<void> {
  const { db } = instance.database;
  for (const [id, secret] of secrets) expect(await findConfig(db, id, key)).toEqual({ SECRET: secret });
  expect(await listDynoSpecs(db, APP, key)).toMatchObject([{ id: SPEC.id }]);
  expect((await openInstallationKey({ ...keyDeps(), masterKey: key })).privateKey.type).toBe("private");
}

/** Nobody gets past the last config meanwhile. */
async function whileLastIsHeld(work: () => Promise<void>): Promise<void> {
  const client = await instance.database.connect();
  try {
    await client.query("begin");
    await client.query("select 1 from configs order by id desc limit 1 for update");
    await work();
  } finally {
    await client.end();
  }
}

const newest = (): MasterKey => {
  const { current, keys } = readMasterKey(instance.config.home);
  return { current, keys: new Map([...keys].filter(([version]) => version === current)) };
};

test("every column of sealed bytes is among those that are wrapped anew", async () => {
  const { rows } = await instance.database.query(
    `select table_name, column_name from information_schema.columns
     where table_schema = 'public' and data_type = 'bytea' and column_name like '%sealed%' order by 1`,
  );
  const known = SEALED_COLUMNS.map(({ table, column }) => ({ table_name: table, column_name: column }));
  expect(rows).toEqual(known.sort((a, b) => (a.table_name < b.table_name ? -1 : 1)));
});

describe("a rotation", () => {
  test("that is killed is finished by the next, which makes no other version; everything opens at any time", async () => {
    const { backUp, folder, config } = instance;
    await backUp("before.backup", { key: { copyTo: join(folder, "before.json") } });
    const child = startCommand("keys", config, ["rotate"]);
    await whileLastIsHeld(async () => {
      await once(child.stderr ?? child, "data");
      child.kill("SIGKILL");
      await once(child, "exit");
    });
    const half = await listKeyVersions(place());
    expect(half.map(({ version }) => version)).toEqual([1, 2]);
    expect(half.every(({ rows }) => rows > 0)).toBe(true);
    await allOpens(master);
    // The server takes a moment to see that the other one is gone.
    const { current, continued, settled, rows } = await vi.waitFor(rotate, { timeout: 10_000, interval: 50 });
    expect({ current, continued, settled }).toEqual({ current: 2, continued: true, settled: true });
    expect(rows).toBe(half[0]?.rows);
    await allOpens(newest());
    expect((await listKeyVersions(place())).map(({ rows: left }) => left)).toEqual([0, CONFIGS + 3]);
  });

  test("while rows are written and read leaves none with the older version", async () => {
    let isOver = false;
    const writing = (async () => {
      for (let written = 0; written < (isOver ? 20 : 300); written++) {
        const id = await addConfig();
        expect(await findConfig(instance.database.db, id, master)).toEqual({ SECRET: secrets.get(id) });
      }
    })();
    const { current, continued } = await rotate();
    isOver = true;
    await writing;
    expect([current, continued]).toEqual([3, false]);
    const left = (await listKeyVersions(place())).map(({ version, rows }) => [version, rows]);
    expect(left).toEqual([
      [1, 0],
      [2, 0],
      [3, secrets.size + 3],
    ]);
    await allOpens(newest());
    const taken = await takeInsideRun(instance.database.db, RUN, { now: new Date(), since: new Date(0) });
    expect(unseal(taken ?? Buffer.alloc(0), RUN, newest()).toString()).toBe("bash");
  });

  test("finds what a transaction writes that began before it", async () => {
    const { db } = instance.database;
    const id = newId();
    const [open, begun] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const old = { current: master.current, keys: master.keys };
    const late = db.transaction().execute(async (trx) => {
      await insertConfig(trx, { id, appId: APP, config: { SECRET: "late" }, now: new Date() }, old);
      begun.resolve();
      await open.promise;
    });
    await begun.promise;
    secrets.set(id, "late");
    const rotating = rotateMasterKey(place(), { signal: never, onBatch: () => open.resolve() });
    await late;
    expect((await rotating).settled).toBe(true);
    expect((await listKeyVersions(place())).filter(({ rows }) => rows > 0)).toHaveLength(1);
    await allOpens(newest());
  });

  test("stands aside for a backup, and tells of a transaction that does not end", async () => {
    await onOneState(instance.database, async () => {
      await expect(rotate()).rejects.toThrow(/A backup or a rotation of the master key is under way/);
    });
    const { current } = master;
    await instance.database.db.transaction().execute(async (trx) => {
      await insertConfig(trx, { id: newId(), appId: APP, config: {}, now: new Date() }, master);
      const options = { signal: never, onBatch: () => {}, patienceMs: 1 };
      expect((await rotateMasterKey(place(), options)).settled).toBe(false);
      await expect(
        rotateMasterKey(place(), { signal: AbortSignal.abort(new Error("broken off")), onBatch: () => {} }),
      ).rejects.toThrow("broken off");
    });
    expect(master.current).toBeGreaterThan(current);
  });
});

describe("an older version", () => {
  const later = () => Date.now() + 11 * 60_000;

  test("is forgotten when nothing is sealed with it, and not before", async () => {
    await rotate();
    const { current } = master;
    await expect(forgetKeyVersion(place(), current, later())).rejects.toThrow(/is the one that seals/);
    await expect(forgetKeyVersion(place(), 99, later())).rejects.toThrow(/no version 99/);
    await expect(forgetKeyVersion(place(), 1, Date.now())).rejects.toThrow(/Forget version 1 in 10 minutes/);
    const old: MasterKey = { current: 1, keys: master.keys };
    const id = newId();
    await insertConfig(
      instance.database.db,
      { id, appId: APP, config: { SECRET: "old" }, now: new Date() },
      old,
    );
    secrets.set(id, "old");
    await expect(forgetKeyVersion(place(), 1, later())).rejects.toThrow(/still seals 1 rows/);
    await rotate();
    const frame = seal("entry", "host-journal", old);
    const head = Buffer.alloc(4);
    head.writeUInt32BE(frame.length);
    const journal = put(join(instance.config.home.state, "host.bin"), Buffer.concat([head, frame]));
    await expect(forgetKeyVersion(place(), 1, later())).rejects.toThrow(
      /still seals what the host remembers/,
    );
    put(journal, "");
    const past = new Date(Date.now() - 11 * 60_000);
    utimesSync(masterKeyFile(instance.config.home), past, past);
    await forgetKeyVersion(place(), 1, Date.now());
    expect([...readMasterKey(instance.config.home).keys.keys()]).not.toContain(1);
    await allOpens(newest());
  });

  test("opens the backups of its time", async () => {
    const { folder } = instance;
    const config = configIn(folder, "before");
    const file = join(folder, "before.backup");
    await expect(restoreInto(config, file, masterKeyFile(instance.config.home))).rejects.toThrow(
      /it has no version 1/,
    );
    await restoreInto(config, file, join(folder, "before.json"));
    const { database, close } = await openRestored(config);
    try {
      const [id, secret] = [...secrets][0] ?? ["", ""];
      expect(await findConfig(database.db, id, readMasterKey(config.home))).toEqual({ SECRET: secret });
    } finally {
      await close();
    }
  });
});
