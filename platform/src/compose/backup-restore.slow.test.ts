import { existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findConfig, insertConfig } from "../delivery/config/index.ts";
import { createArchive } from "../drivers/files/archives/index.ts";
import { listWaitingJobs, sendJobs } from "../drivers/postgres/jobs/index.ts";
import { migrations } from "../drivers/postgres/migrations/index.ts";
import { makeAppendEvent } from "../drivers/postgres/outbox/index.ts";
import { markRead, readEvents } from "../drivers/postgres/outbox/outbox.ts";
import { migrate } from "../drivers/postgres/store/index.ts";
import { systemClock } from "../kernel/index.ts";
import { onOneState } from "./backup-database.ts";
import {
  allRows,
  configIn,
  fillDatabase,
  makeRepository,
  noise,
  openRestored,
  put,
  readRef,
  restoreInto,
  sha256,
  startTestInstance,
  type TestInstance,
  textOf,
} from "./backup-fixtures.ts";
import { keyMarks } from "./backup-form.ts";
import { type AllRefs, readAllRefs, refsOfState } from "./backup-repositories.ts";
import { readMasterKey } from "./master-key.ts";

const APP = "00000000-0000-4000-8000-000000000002";
const OTHER = "00000000-0000-4000-8000-00000000000a";
const SEGMENT = "0000000000000001.log";

let instance: TestInstance;
let blob: string;
let commit: (message: string) => string;

beforeAll(async () => {
  instance = await startTestInstance();
  const { home } = instance.config;
  await fillDatabase(instance.database);
  const config = { id: OTHER, appId: APP, config: { SECRET: "äußerst" }, now: new Date() };
  await insertConfig(instance.database.db, config, instance.master);
  await sendJobs(instance.database, [{ name: "remove-app", data: { appId: OTHER }, key: "k" }]);
  blob = await instance.blob(noise(3 * 1024 * 1024));
  commit = await makeRepository(instance.config, APP);
  const source = noise(1_000);
  put(join(home.sources, "sha256", sha256(source).slice(0, 2), sha256(source)), source);
  put(join(home.sources, "uploads", OTHER), "an upload");
  put(join(home.logs, APP, SEGMENT), "lines\n");
  put(join(home.state, "outputs", APP, "1.1.txt"), "-----> Building\n");
  put(join(home.repositories, "common", APP, "tags", "v1"), blob);
  // What is made again, is on its way, or is nobody's.
  put(join(home.sources, "incoming", "half"), "half");
  put(join(home.images, "ingest", "1-half"), "half");
  put(join(home.buildCache, "x"), "cache");
  put(join(home.git, `${APP}.git`, "config.worktree"), "[core]");
  symlinkSync("/etc/passwd", join(home.sources, "uploads", APP));
});
afterAll(() => instance?.stop());

describe("a home that was restored", () => {
  let restored: ReturnType<typeof configIn>;
  beforeAll(async () => {
    await instance.backUp("whole.backup");
    restored = configIn(instance.folder, "restored");
    await restoreInto(restored, join(instance.folder, "whole.backup"));
  });

  test("has every row of every table, and counts on after them", async () => {
    const { database, close } = await openRestored(restored);
    try {
      const [before, after] = [await allRows(instance.database), await allRows(database)];
      expect(before.size).toBeGreaterThan(25);
      const numbered = ["events", "event_readers"];
      for (const [table, rows] of before)
        if (!numbered.includes(table)) expect(after.get(table), table).toEqual(rows);
      const next = `select nextval(pg_get_serial_sequence('builds', 'sequence')) as n, (select max(sequence) from builds) as m`;
      const [{ n, m }] = (await database.query(next)).rows as [{ n: string; m: string }];
      expect(Number(n)).toBe(Number(m) + 1);
      await expect(database.query("delete from accounts")).rejects.toThrow(/foreign key/);
      expect(await migrate(database.db, migrations, new Date())).toEqual([]);
    } finally {
      await close();
    }
  });

  test("opens what was sealed, and has the jobs that wait", async () => {
    const { database, close } = await openRestored(restored);
    try {
      const config = await findConfig(database.db, OTHER, readMasterKey(restored.home));
      expect(config).toEqual({ SECRET: "äußerst" });
      expect(await listWaitingJobs(database.db)).toEqual([
        { name: "remove-app", data: { appId: OTHER }, key: "k" },
      ]);
    } finally {
      await close();
    }
  });

  test("has its files, and none that are made again or were on their way", () => {
    const { home } = restored;
    expect(textOf(join(home.logs, APP, SEGMENT))).toBe("lines\n");
    expect(textOf(join(home.state, "outputs", APP, "1.1.txt"))).toBe("-----> Building\n");
    expect(textOf(join(home.repositories, "common", APP, "tags", "v1"))).toBe(blob);
    expect(`sha256:${sha256(readFileSync(join(home.images, "blobs/sha256", blob.slice(7))))}`).toBe(blob);
    expect(readdirSync(join(home.sources, "uploads"))).toEqual([OTHER]);
    for (const [folder, name] of [
      [home.sources, "incoming"],
      [home.images, "ingest"],
      [home.buildCache, "x"],
      [join(home.git, `${APP}.git`), "config.worktree"],
      [home.root, "restore-under-way"],
      [home.run, "supervisor.json"],
    ] as const)
      expect(existsSync(join(folder, name)), name).toBe(false);
    const at = (root: string) => statSync(join(root, APP, SEGMENT)).mtime.getTime();
    expect(Math.trunc(at(home.logs) / 1_000)).toBe(Math.trunc(at(instance.config.home.logs) / 1_000));
  });

  test("has its keys and its branch, for nobody else", () => {
    const { home } = restored;
    for (const name of ["keys/master.json", "keys/ca.key", "ca.pem", "access.json"])
      expect(textOf(join(home.root, name)), name).toBe(textOf(join(instance.config.home.root, name)));
    for (const name of ["keys/master.json", "keys/ca.key", "access.json", "keys/postgres.password"])
      expect(statSync(join(home.root, name)).mode & 0o077, name).toBe(0);
    expect(readRef(restored, APP)).toBe(readRef(instance.config, APP));
  });
});

test("a backup without the key holds no secret that it does not open", async () => {
  const file = join(instance.folder, "apart.backup");
  await instance.backUp("apart.backup", { key: { copyTo: join(instance.folder, "apart.json") } });
  expect(textOf(join(instance.folder, "apart.json"))).toBe(
    textOf(join(instance.config.home.keys, "master.json")),
  );
  const { zstdDecompressSync } = await import("node:zlib");
  const plain = zstdDecompressSync(readFileSync(file)).toString("latin1");
  const { home } = instance.config;
  const key = Object.values(JSON.parse(textOf(join(home.keys, "master.json"))).keys)[0] as string;
  for (const secret of [key, "a password", "a token", "PRIVATE KEY", "äußerst"])
    expect(plain.includes(secret), secret).toBe(false);
  const into = configIn(instance.folder, "with-key-file");
  await restoreInto(into, file, join(instance.folder, "apart.json"));
  expect(textOf(into.home.accessFile)).toContain("a password");
});

describe("readers of events", () => {
  test("go on in a restored home where they were, and get what comes then", async () => {
    const append = makeAppendEvent(systemClock);
    const { db } = instance.database;
    const event = (name: string) =>
      ({ kind: "app.updated", appId: APP, actor: null, data: { name } }) as const;
    // This server's transactions have far higher numbers than those of a new one.
    for (let i = 0; i < 300; i++) await instance.database.query("select pg_current_xact_id()");
    for (const name of ["one", "two", "three"])
      await db.transaction().execute((trx) => append(trx, event(name)));
    const [first] = (await readEvents(db, "late", 100)).filter(({ data }) => data.name === "one");
    await markRead(db, "late", first?.seq ?? "");
    await instance.backUp("events.backup");
    const config = configIn(instance.folder, "events");
    await restoreInto(config, join(instance.folder, "events.backup"));
    const { database, close } = await openRestored(config);
    try {
      await database.db.transaction().execute((trx) => append(trx, event("four")));
      const names = (await readEvents(database.db, "late", 100)).map(({ data }) => data.name);
      expect(names).toEqual(["two", "three", "four"]);
    } finally {
      await close();
    }
  });
});

describe("a branch that moves while the backup is made", () => {
  test("is where the database knows it to be", async () => {
    const { database, config } = instance;
    const { git } = config.home;
    const main = async (before: AllRefs) =>
      (await onOneState(database, async (trx) => refsOfState(trx, before, await readAllRefs(git))))
        .get(APP)
        ?.refs.get("refs/heads/main");
    const before = await readAllRefs(git);
    const was = readRef(config, APP);
    const is = commit("Later");
    expect(await main(before)).toBe(was);
    const building =
      "update builds set git_ref = 'refs/heads/main', source_version = $1, status = $2 where app_id = $3";
    await database.query(building, [is, "pending", APP]);
    expect(await main(before)).toBe(was);
    await database.query(building, [is, "succeeded", APP]);
    expect(await main(before)).toBe(is);
    expect(await main(await readAllRefs(git))).toBe(is);
    expect(await main(new Map())).toBe(is);
  });
});

describe("what is damaged in the home", () => {
  test("is told, and the rest is backed up and restored without it", async () => {
    const bytes = noise(5_000);
    const digest = await instance.blob(bytes);
    const path = join(instance.config.home.images, "blobs/sha256", digest.slice(7));
    writeFileSync(path, bytes.subarray(1));
    await instance.database.query("update oci_images set digest = $1", [`sha256:${"0".repeat(64)}`]);
    const report = await instance.backUp("damaged.backup");
    expect(report.problems).toEqual([
      `images/blobs/sha256/${digest.slice(7)} is damaged: its content is not what its name says`,
      expect.stringContaining("is not whole: its part sha256:0000"),
    ]);
    const config = configIn(instance.folder, "damaged");
    const restored = await restoreInto(config, join(instance.folder, "damaged.backup"));
    expect(restored.problems).toHaveLength(3);
    expect(existsSync(join(config.home.images, "blobs/sha256", digest.slice(7)))).toBe(false);
  });
});

describe("refused before anything is written", () => {
  const file = () => join(instance.folder, "whole.backup");
  const refused = async (name: string, message: RegExp, [from, keyFile]: [string?, string?] = []) => {
    const config = configIn(instance.folder, name);
    const before = existsSync(config.home.root) ? readdirSync(config.home.root) : undefined;
    await expect(restoreInto(config, from ?? file(), keyFile)).rejects.toThrow(message);
    expect(existsSync(config.home.root) ? readdirSync(config.home.root) : undefined).toEqual(before);
  };
  const keyOf = (keys: Record<string, Buffer>, current = 1) =>
    put(
      join(instance.folder, `key-${noise(4).toString("hex")}.json`),
      JSON.stringify({
        current,
        keys: Object.fromEntries(Object.entries(keys).map(([v, key]) => [v, key.toString("base64")])),
      }),
    );

  test("a home that has something in it", async () => {
    put(join(instance.folder, "taken", "something"), "mine");
    await refused("taken", /is not empty: it has something. Nothing was changed/);
  });

  test("the home of an instance that runs", () => refused("home", /is in use, by process/));

  test("without the key, with another one, and with one that lacks a version", async () => {
    const apart = join(instance.folder, "apart.backup");
    await refused("nokey", /is not in this backup. Give it with --key-file/, [apart]);
    await refused("nokey", /its version 1 is another key than the backup's/, [
      apart,
      keyOf({ 1: noise(32) }),
    ]);
    await refused("nokey", /it has no version 1/, [apart, keyOf({ 2: noise(32) }, 2)]);
    await refused("nokey", /a key does not have 32 bytes/, [apart, keyOf({ 1: noise(31) })]);
    await refused("nokey", /its version 1 is another key/, [file(), keyOf({ 1: noise(32) })]);
  });

  test("a byte that changed, an end that is missing", async () => {
    const bytes = readFileSync(file());
    for (const at of [bytes.length >> 2, bytes.length >> 1, bytes.length - 2_000])
      await refused("altered", /is not a whole backup: .* Nothing was changed/, [
        put(join(instance.folder, "altered.backup"), bytes.with(at, (bytes[at] ?? 0) ^ 1) as Buffer),
      ]);
    const cut = put(join(instance.folder, "cut.backup"), bytes.subarray(0, bytes.length >> 1));
    await refused("altered", /is not a whole backup/, [cut]);
  });

  const head = () => ({
    ...{ format: 1, conifer: "9.9.9", createdAt: "2026-11-22T10:00:00Z", withKey: true },
    ...{ migrations: migrations.map(({ name }) => name), keys: keyMarks(instance.master) },
  });

  test("a newer schema by its name, and a newer form", async () => {
    await instance.database.query("insert into schema_migrations values ('9999-later', now())");
    await instance.backUp("newer.backup");
    await instance.database.query("delete from schema_migrations where name = '9999-later'");
    await refused("newer", /has the migration 9999-later, which this one \(\d\S*\) does not know/, [
      join(instance.folder, "newer.backup"),
    ]);
    const newer = join(instance.folder, "form.backup");
    await (await createArchive(newer, { ...head(), format: 2 })).finish({});
    await refused("newer", /A newer Conifer \(9.9.9\) wrote this backup, in form 2/, [newer]);
  });

  test.each([
    ["git", `${APP}.git/config`],
    ["git", `${APP}.git/hooks/post-receive`],
    ["git", `${APP}.git/objects/info/alternates`],
    ["keys", "secret"],
    ["state", "host.bin"],
    ["logs", "not-an-app/x.log"],
    ["database", "Accounts/1"],
  ])("%s/%s, which no backup has", async (section, path) => {
    const from = join(instance.folder, `hostile-${noise(4).toString("hex")}.backup`);
    const writer = await createArchive(from, head());
    await writer.add({ section, path, size: 1, content: [Buffer.from("x")] });
    await writer.finish({ tables: {}, jobs: 0, problems: [] });
    const key = join(instance.config.home.keys, "master.json");
    await refused("hostile", /does not belong into a backup/, [from, key]);
  });
});
