import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { newId } from "../../kernel/index.ts";
import { startTestDelivery, type TestDelivery } from "../release/delivery-fixtures.ts";
import { imageInfo } from "../release/release-fixtures.ts";
import { findImage, findNewestImage, insertImage, listKeptDigests } from "./oci-image-store.ts";

let world: TestDelivery;
let appId: string;

beforeAll(async () => {
  world = await startTestDelivery();
});
afterAll(() => world.stop());
beforeEach(async () => {
  appId = (await world.newApp()).id;
});

/** Records an image at a time of the hour. */
async function record(digit: string, minute: number): Promise<string> {
  const id = newId();
  const info = imageInfo({ web: "serve" }, digit);
  const createdAt = new Date(Date.UTC(2026, 0, 1, 0, minute));
  const about = { commit: "abc", commitDescription: null, stack: "cnb" };
  await insertImage(world.db, { id, appId, digest: info.digest, info, ...about, createdAt });
  return id;
}

const remove = (id: string) =>
  world.database.query("update oci_images set removed_at = now() where id = $1", [id]);
const digest = (digit: string) => `sha256:${digit.repeat(64)}`;

test("an image is found by its id with all that is known of it", async () => {
  const id = await record("a", 0);
  const createdAt = new Date("2026-01-01T00:00:00Z");
  expect(await findImage(world.db, appId, id)).toEqual({
    id,
    appId,
    digest: digest("a"),
    info: imageInfo({ web: "serve" }, "a"),
    commit: "abc",
    commitDescription: null,
    stack: "cnb",
    removedAt: null,
    createdAt,
    updatedAt: createdAt,
  });
});

test("of several records with one digest the newest is found", async () => {
  await record("a", 0);
  const newer = await record("a", 1);
  await record("b", 2);
  expect((await findImage(world.db, appId, digest("a")))?.id).toBe(newer);
});

test("an app finds its own images only", async () => {
  const id = await record("a", 0);
  const other = await world.newApp();
  expect(await findImage(world.db, other.id, id)).toBeUndefined();
  expect(await findImage(world.db, other.id, digest("a"))).toBeUndefined();
  expect(await findNewestImage(world.db, other.id)).toBeUndefined();
});

test("the newest image is the newest that still has its content", async () => {
  const first = await record("a", 0);
  const second = await record("b", 1);
  expect((await findNewestImage(world.db, appId))?.id).toBe(second);
  await remove(second);
  expect((await findNewestImage(world.db, appId))?.id).toBe(first);
  expect((await findImage(world.db, appId, second))?.removedAt).toBeInstanceOf(Date);
});

test("what is kept are images, and those of their process types", async () => {
  const [web, worker] = [digest("e"), digest("f")];
  const own = (image: string) => ({ container: { image, sizeBytes: 1 } });
  const info = imageInfo({ web: "a", worker: "b" }, "e");
  const processes = info.processes.map((process) => ({
    ...process,
    ...own(process.type === "web" ? web : worker),
  }));
  const about = { commit: null, commitDescription: null, stack: "container", createdAt: new Date() };
  const id = newId();
  await insertImage(world.db, { id, appId, digest: web, info: { ...info, processes }, ...about });
  const kept = await listKeptDigests(world.db);
  expect(kept.filter((one) => one === web || one === worker).sort()).toEqual([web, worker]);
  await remove(id);
  expect(await listKeptDigests(world.db)).not.toContain(worker);
});
