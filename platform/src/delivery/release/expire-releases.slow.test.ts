import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newId } from "../../kernel/index.ts";
import { insertImage, listKeptDigests } from "../image/index.ts";
import { changeAppConfig, createRelease, retryRelease, rollBack } from "./create-release.ts";
import { startTestDelivery, type TestDelivery } from "./delivery-fixtures.ts";
import { expireReleases } from "./expire-releases.ts";
import { imageInfo, releaseAnImage } from "./release-fixtures.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;
let world: TestDelivery;
beforeAll(async () => {
  world = await startTestDelivery();
});
afterAll(() => world.stop());

/** The same world so many days later. */
const later = (days: number) => ({
  ...world,
  clock: () => new Date(world.clock().getTime() + days * DAY_MS),
});
const set = (appId: string, value: string, at = world) =>
  changeAppConfig({ appId, actor: world.actor, change: { A: value } }, at);
const back = (appId: string, to: string, at = world) => rollBack({ appId, actor: world.actor, to }, at);
const digestOf = (digit: string) => imageInfo({}, digit).digest;

/** An app with one image, which then had so many releases with another. */
async function appWithHistory(others: number): Promise<string> {
  const app = await world.newApp();
  await releaseAnImage(world, app.id, { web: "old" }, "1");
  await releaseAnImage(world, app.id, { web: "new" }, "2");
  for (let n = 1; n < others; n += 1) await set(app.id, String(n));
  return app.id;
}

const stateOf = async (appId: string, version: number) =>
  (await world.releases(appId)).find((one) => one.version === version)?.imageRemoved;

describe("releases expire", () => {
  test("when they are older than thirty days and not among the last twenty", async () => {
    const appId = await appWithHistory(20);
    expect(await expireReleases(later(29))).toBe(0);
    expect(await expireReleases(later(31))).toBe(1);
    expect(await stateOf(appId, 2)).toBe(true);
    expect(await stateOf(appId, 3)).toBe(false);
    expect(await listKeptDigests(world.db)).not.toContain(digestOf("1"));
    await expect(back(appId, "v2")).rejects.toMatchObject({ id: "invalid_params" });
    expect(await expireReleases(later(31))).toBe(0);
  });

  test("but not while they are among the last twenty, however old they are", async () => {
    const appId = await appWithHistory(19);
    expect(await expireReleases(later(10_000))).toBe(0);
    expect((await back(appId, "v2")).imageDigest).toBe(digestOf("1"));
    // The rollback made a new release of the old image, which keeps it.
    for (let n = 0; n < 19; n += 1) await set(appId, `again ${n}`);
    expect(await expireReleases(later(10_000))).toBe(1);
    expect(await stateOf(appId, 2)).toBe(false);
    expect(await stateOf(appId, 3)).toBe(true);
  });

  test("but not the current one, nor what is in line, however many come after", async () => {
    const app = await world.newApp();
    await releaseAnImage(world, app.id, { web: "serve", release: "migrate" }, "3");
    for (let n = 0; n < 30; n += 1) await set(app.id, String(n));
    expect(await expireReleases(later(400))).toBe(0);
    expect(await stateOf(app.id, 2)).toBe(false);
  });

  test("and with them images that were never released", async () => {
    const app = await world.newApp();
    const info = imageInfo({ web: "serve" }, "4");
    const about = { commit: null, commitDescription: null, stack: "cnb", createdAt: world.clock() };
    await insertImage(world.db, { id: newId(), appId: app.id, digest: info.digest, info, ...about });
    expect(await expireReleases(later(31))).toBe(1);
    expect(await listKeptDigests(world.db)).not.toContain(info.digest);
  });

  test("while no release is made of an image that goes at the same moment", async () => {
    const appId = await appWithHistory(20);
    const image = (await world.releases(appId)).find(({ version }) => version === 2)?.imageId ?? "";
    const wanted = {
      appId,
      actor: world.actor,
      cause: "image",
      description: "Again",
      imageId: image,
    } as const;
    const make = () => world.db.transaction().execute((trx) => createRelease(trx, wanted, later(31)));
    const [, made] = await Promise.allSettled([expireReleases(later(31)), make()]);
    expect(await stateOf(appId, 2)).toBe(made.status === "rejected");
    if (made.status === "rejected") expect(made.reason).toMatchObject({ id: "invalid_params" });
    await expireReleases(later(31));
    expect((await world.current(appId))?.imageRemoved).toBe(false);
  });

  test("some other time, when the process ends", async () => {
    const stopped = AbortSignal.abort(new Error("the process ends"));
    const appId = await appWithHistory(20);
    await expect(expireReleases(later(31), stopped)).rejects.toThrow("the process ends");
    expect(await stateOf(appId, 2)).toBe(false);
    await expireReleases(later(31));
  });
});

test("whatever an app's history is, what may be gone back to keeps its image", async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("code" as const), digit: fc.constantFrom("5", "6", "7", "8") }),
    fc.record({ kind: fc.constant("config" as const), days: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ kind: fc.constant("back" as const), to: fc.nat(30) }),
    fc.record({ kind: fc.constant("retry" as const) }),
    fc.record({ kind: fc.constant("expire" as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 45 }), async (steps) => {
      const app = await world.newApp();
      let days = 0;
      const now = () => later(days);
      for (const [n, one] of steps.entries()) {
        if (one.kind === "code") await releaseAnImage(now(), app.id, { web: "serve" }, one.digit);
        else if (one.kind === "config") {
          days += one.days;
          await set(app.id, String(n), now());
        } else if (one.kind === "back") await back(app.id, `v${one.to}`, now()).catch(() => {});
        else if (one.kind === "retry")
          await retryRelease({ appId: app.id, actor: world.actor }, now()).catch(() => {});
        else await expireReleases(now());
      }
      await expireReleases(now());
      const releases = await world.releases(app.id);
      const young = now().clock().getTime() - 30 * DAY_MS;
      const kept = releases.filter(
        (one, at) => one.current || at >= releases.length - 20 || one.createdAt.getTime() >= young,
      );
      expect(kept.filter((one) => one.imageRemoved)).toEqual([]);
      // And nothing else is.
      const needed = new Set(kept.map((one) => one.imageId));
      for (const one of releases)
        expect(one.imageRemoved).toBe(one.imageId !== null && !needed.has(one.imageId));
    }),
    { numRuns: 25 },
  );
}, 120_000);
