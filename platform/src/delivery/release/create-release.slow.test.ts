import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { destroyApp } from "../../apps/app/create-app.ts";
import { isId, newId } from "../../kernel/index.ts";
import { findConfig, insertConfig } from "../config/index.ts";
import { changeAppConfig, createRelease, retryRelease, rollBack, succeed } from "./create-release.ts";
import { startTestDelivery, type TestDelivery } from "./delivery-fixtures.ts";
import { releaseAnImage } from "./release-fixtures.ts";
import { findHead, listAppsWithCode, updateRelease } from "./release-store.ts";

let world: TestDelivery;

beforeAll(async () => {
  world = await startTestDelivery();
});
afterAll(() => world.stop());

const set = (appId: string, change: Record<string, string | null>) =>
  changeAppConfig({ appId, actor: world.actor, change }, world);
const back = (appId: string, to: string) => rollBack({ appId, actor: world.actor, to }, world);

async function configOf(appId: string) {
  const current = await world.current(appId);
  return await findConfig(world.db, current?.configId ?? "", world.masterKey);
}

describe("an app's releases", () => {
  test("begin with an empty one", async () => {
    const app = await world.newApp();
    expect(await world.history(app.id)).toEqual(["v1 succeeded current: Initial release"]);
    expect(await world.releases(app.id)).toMatchObject([
      { imageId: null, imageInfo: null, cause: "initial" },
    ]);
    expect(await configOf(app.id)).toEqual({});
  });

  test("follow code and config, each keeping what it does not change", async () => {
    const app = await world.newApp();
    await set(app.id, { A: "1" });
    await releaseAnImage(world, app.id, { web: "serve" });
    await set(app.id, { A: null, B: "2" });
    expect(await world.history(app.id)).toEqual([
      "v1 succeeded: Initial release",
      "v2 succeeded: Set A config vars",
      "v3 succeeded: Deploy 00000000",
      "v4 succeeded current: Set B and remove A config vars",
    ]);
    const [, second, third, fourth] = await world.releases(app.id);
    expect([second?.imageId, third?.imageId === fourth?.imageId]).toEqual([null, true]);
    expect(third?.configId).toBe(second?.configId);
    expect(await configOf(app.id)).toEqual({ B: "2" });
    expect(await findConfig(world.db, third?.configId ?? "", world.masterKey)).toEqual({ A: "1" });
  });

  test("are numbered without gaps however many are made at once, and none of them is lost", async () => {
    const app = await world.newApp();
    const names = Array.from({ length: 50 }, (_, i) => `VAR_${i}`);
    await Promise.all(names.map((name) => set(app.id, { [name]: "x" })));
    const releases = await world.releases(app.id);
    expect(releases.map(({ version }) => version)).toEqual(Array.from({ length: 51 }, (_, i) => i + 1));
    expect(releases.filter(({ current }) => current).map(({ version }) => version)).toEqual([51]);
    expect(Object.keys(await configOf(app.id)).sort()).toEqual(names.sort());
  });

  test("leave no gap when one cannot be made", async () => {
    const app = await world.newApp();
    const broken = { ...world, appendEvent: () => Promise.reject(new Error("the disk is full")) };
    const wanted = { appId: app.id, actor: world.actor, change: { A: "1" } };
    await expect(changeAppConfig(wanted, broken)).rejects.toThrow("the disk is full");
    await set(app.id, { B: "2" });
    expect(await world.history(app.id)).toEqual([
      "v1 succeeded: Initial release",
      "v2 succeeded current: Set B config vars",
    ]);
  });

  test("a change that changes nothing makes none", async () => {
    const app = await world.newApp();
    await set(app.id, { A: "1" });
    expect(await set(app.id, { A: "1", GONE: null })).toEqual({ A: "1" });
    expect(await world.releases(app.id)).toHaveLength(2);
  });

  test("tell what happened, who did it, and no secret", async () => {
    const app = await world.newApp();
    await set(app.id, { PASSWORD: "hunter2" });
    const events = await world.eventsOf(app.id);
    expect(events.map(({ kind, data }) => [kind, data.version])).toEqual([
      ["release.created", 1],
      ["release.succeeded", 1],
      ["app.created", undefined],
      ["release.created", 2],
      ["release.succeeded", 2],
    ]);
    expect(events[3]).toMatchObject({
      actor: world.actor,
      data: { description: "Set PASSWORD config vars" },
    });
    expect(JSON.stringify(events)).not.toContain("hunter2");
  });

  test("of an app that is gone cannot be made", async () => {
    const app = await world.newApp();
    await releaseAnImage(world, app.id, { web: "serve" });
    await destroyApp(
      app,
      { accountId: world.actor.id, email: world.actor.email, scope: [] },
      {
        ...world,
        random: Math.random,
        violatedConstraint: () => undefined,
        alsoCreate: async () => {},
      },
    );
    const gone = expect.objectContaining({ id: "not_found", details: { resource: "app" } });
    await expect(set(app.id, { A: "1" })).rejects.toEqual(gone);
    await expect(retryRelease({ appId: app.id, actor: world.actor }, world)).rejects.toEqual(gone);
    await expect(back(app.id, "v2")).rejects.toMatchObject({ id: "not_found" });
    expect(await world.releases(app.id)).toEqual([]);
  });
});

describe("a rollback", () => {
  test("is a new release with image and config of the old one, which stay the app's", async () => {
    const app = await world.newApp();
    await set(app.id, { A: "old" });
    await releaseAnImage(world, app.id, { web: "one" }, "a");
    await set(app.id, { A: "new", B: "new" });
    await releaseAnImage(world, app.id, { web: "two" }, "b");
    const made = await back(app.id, "v3");
    expect(made).toMatchObject({ version: 6, status: "succeeded", current: true, cause: "rollback" });
    expect(made.imageDigest).toBe(`sha256:${"a".repeat(64)}`);
    expect(await configOf(app.id)).toEqual({ A: "old" });
    await set(app.id, { C: "3" });
    expect(await configOf(app.id)).toEqual({ A: "old", C: "3" });
    expect((await world.history(app.id)).slice(-2)).toEqual([
      "v6 succeeded: Rollback to v3",
      "v7 succeeded current: Set C config vars",
    ]);
  });

  test("takes an id as well as a number, and the current release too", async () => {
    const app = await world.newApp();
    const { id } = await releaseAnImage(world, app.id, { web: "one" });
    expect((await back(app.id, id)).description).toBe("Rollback to v2");
    expect((await back(app.id, "3")).description).toBe("Rollback to v3");
  });

  test.each([
    ["v1", /no code/],
    ["v9", /Couldn't find that release/],
    [newId(), /Couldn't find that release/],
    ["nonsense", /Couldn't find that release/],
  ])("to %s is refused", async (to, why) => {
    const app = await world.newApp();
    await releaseAnImage(world, app.id, { web: "one" });
    await expect(back(app.id, to)).rejects.toThrow(why);
    expect(await world.releases(app.id)).toHaveLength(2);
  });

  test("to another app's release is refused as if it were not there", async () => {
    const [mine, other] = [await world.newApp(), await world.newApp()];
    const { id } = await releaseAnImage(world, other.id, { web: "one" });
    expect(isId(id)).toBe(true);
    await expect(back(mine.id, id)).rejects.toThrow(/Couldn't find that release/);
  });
});

describe("a retry", () => {
  const retry = (appId: string, description?: string) =>
    retryRelease({ appId, actor: world.actor, ...(description ? { description } : {}) }, world);

  test("runs the command of the newest release again, with its image and the config of now", async () => {
    const app = await world.newApp();
    await releaseAnImage(world, app.id, { web: "one" }, "a");
    const failed = await releaseAnImage(world, app.id, { web: "two", release: "migrate" }, "b");
    await updateRelease(world.db, failed.id, { status: "failed" }, new Date());
    const again = await retry(app.id);
    expect(again).toMatchObject({
      version: 4,
      status: "pending",
      runsCommand: true,
      imageId: failed.imageId,
    });
    expect(again.description).toBe("Retry of v3: Deploy 00000000");
    expect(await world.current(app.id)).toMatchObject({ version: 2 });
  });

  test("has the description that the client gives", async () => {
    const app = await world.newApp();
    expect(await retry(app.id, "Retry of v1")).toMatchObject({ description: "Retry of v1", imageId: null });
  });

  test("waits for what is in line, and takes its image then", async () => {
    const app = await world.newApp();
    await releaseAnImage(world, app.id, { release: "migrate" });
    await set(app.id, { A: "1" });
    expect(await retry(app.id)).toMatchObject({ status: "pending", inheritsImage: true });
  });
});

describe("a release with a command", () => {
  test("is pending, and so is what comes after it, until it has settled", async () => {
    const app = await world.newApp();
    await releaseAnImage(world, app.id, { web: "one" }, "a");
    await releaseAnImage(world, app.id, { web: "two", release: "migrate" }, "b");
    await set(app.id, { A: "1" });
    expect(await world.history(app.id)).toEqual([
      "v1 succeeded: Initial release",
      "v2 succeeded current: Deploy 00000000",
      "v3 pending: Deploy 00000000",
      "v4 pending: Set A config vars",
    ]);
    const [, , third, fourth] = await world.releases(app.id);
    expect([third?.runsCommand, third?.inheritsImage]).toEqual([true, false]);
    expect([fourth?.runsCommand, fourth?.inheritsImage, fourth?.imageId]).toEqual([false, true, null]);
  });

  test("whose config is set meanwhile builds on it, whatever becomes of the release", async () => {
    const app = await world.newApp();
    await releaseAnImage(world, app.id, { release: "migrate" });
    await set(app.id, { A: "1" });
    await set(app.id, { B: "2" });
    const newest = (await world.releases(app.id)).at(-1);
    expect(await findConfig(world.db, newest?.configId ?? "", world.masterKey)).toEqual({ A: "1", B: "2" });
    expect(await configOf(app.id)).toEqual({});
  });
});

test("a release that becomes current marks the app as released", async () => {
  const app = await world.newApp();
  const before = await world.current(app.id);
  const made = await world.db
    .transaction()
    .execute((trx) =>
      createRelease(
        trx,
        { appId: app.id, actor: world.actor, cause: "image", description: "By hand" },
        { ...world, clock: () => new Date("2026-05-01T00:00:00Z") },
      ),
    );
  expect([before?.version, made.version, made.current]).toEqual([1, 2, true]);
  const again = await world.db.transaction().execute((trx) => succeed(trx, made, world));
  expect(again).toMatchObject({ version: 2, current: true });
});

test("the newest build that has released is remembered", async () => {
  const app = await world.newApp();
  const build = { id: newId(), sequence: 12n };
  await world.db
    .transaction()
    .execute((trx) =>
      createRelease(
        trx,
        { appId: app.id, actor: world.actor, cause: "code", description: "Deploy", build },
        world,
      ),
    );
  expect(await findHead(world.db, app.id)).toMatchObject({ newestBuild: 12n, nextVersion: 3 });
});

test("config vars in which new code asks for a secret get one, which stays", async () => {
  const app = await world.newApp();
  await set(app.id, { MINE: "mine" });
  await releaseAnImage(world, app.id, { web: "one", release: "migrate" }, "a", ["MINE", "SECRET_KEY_BASE"]);
  const pending = (await world.releases(app.id)).at(-1);
  const first = await findConfig(world.db, pending?.configId ?? "", world.masterKey);
  expect(first).toEqual({ MINE: "mine", SECRET_KEY_BASE: expect.stringMatching(/^[0-9a-f]{64}$/) });
  await releaseAnImage(world, app.id, { web: "two" }, "b", ["SECRET_KEY_BASE"]);
  const newest = (await world.releases(app.id)).at(-1);
  expect(await findConfig(world.db, newest?.configId ?? "", world.masterKey)).toEqual(first);
  expect(await world.history(app.id)).toHaveLength(4);
});

test("apps with code are told from those without", async () => {
  const [empty, full] = [await world.newApp(), await world.newApp()];
  await releaseAnImage(world, full.id, { web: "one" });
  const found = await listAppsWithCode(world.db);
  expect([found.has(empty.id), found.has(full.id)]).toEqual([false, true]);
});

describe("config vars at rest", () => {
  type Row = { sealed: Buffer };
  const rowsOf = async (appId: string) =>
    (
      await world.database.query("select id, sealed from configs where app_id = $1 order by created_at", [
        appId,
      ])
    ).rows as readonly (Row & { id: string })[];

  test("are not readable in the table", async () => {
    const app = await world.newApp();
    await set(app.id, { SECRET_NAME: "secret-value" });
    for (const { sealed } of await rowsOf(app.id)) {
      expect(sealed.toString("latin1")).not.toMatch(/SECRET_NAME|secret-value/);
      expect(Buffer.from(sealed.toString("latin1"), "base64").toString("latin1")).not.toMatch(/secret/i);
    }
  });

  test("cannot be moved to another row, nor read with another key", async () => {
    const app = await world.newApp();
    await set(app.id, { A: "mine" });
    const other = await world.newApp();
    const [, mine] = await rowsOf(app.id);
    const [theirs] = await rowsOf(other.id);
    await world.database.query("update configs set sealed = $1 where id = $2", [mine?.sealed, theirs?.id]);
    await expect(findConfig(world.db, theirs?.id ?? "", world.masterKey)).rejects.toThrow();
    const wrong = { current: 1, keys: new Map([[1, Buffer.alloc(32, 8)]]) };
    await expect(findConfig(world.db, mine?.id ?? "", wrong)).rejects.toThrow();
    expect(await findConfig(world.db, mine?.id ?? "", world.masterKey)).toEqual({ A: "mine" });
  });

  test("of the same text are sealed differently each time", async () => {
    const app = await world.newApp();
    const ids = [newId(), newId()];
    for (const id of ids)
      await insertConfig(
        world.db,
        { id, appId: app.id, config: { A: "1" }, now: new Date() },
        world.masterKey,
      );
    const [, first, second] = await rowsOf(app.id);
    expect(first?.sealed.equals(second?.sealed ?? Buffer.alloc(0))).toBe(false);
  });
});
