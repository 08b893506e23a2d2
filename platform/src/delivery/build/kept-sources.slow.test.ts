import { afterAll, beforeAll, expect, test } from "vitest";
import { newId } from "../../kernel/index.ts";
import { markImagesRemoved } from "../image/index.ts";
import { startTestDelivery, type TestDelivery } from "../release/delivery-fixtures.ts";
import { releaseAnImage } from "../release/release-fixtures.ts";
import {
  type BuildChange,
  finishBuild,
  insertBuild,
  listKeptSources,
  updatePendingBuild,
} from "./build-store.ts";

let world: TestDelivery;
let appId: string;
beforeAll(async () => {
  world = await startTestDelivery();
  appId = (await world.newApp()).id;
});
afterAll(() => world.stop());

const DAY_MS = 24 * 60 * 60 * 1_000;
const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const daysAgo = (days: number) => new Date(world.clock().getTime() - days * DAY_MS);
const kept = () => listKeptSources(world.db, daysAgo(30));

/** A build of a source, which has ended so many days ago; undefined while it is under way. */
async function build(
  digit: string,
  endedDaysAgo: number | undefined,
  change: BuildChange = {},
): Promise<void> {
  const id = newId();
  const source = { sourceUrl: null, sourceChecksum: null, sourceVersion: null, sourceDescription: null };
  const of = { id, appId, actor: world.actor, gitRef: null, stack: "cnb", now: daysAgo(endedDaysAgo ?? 0) };
  await insertBuild(world.db, { ...of, ...source, sourceDigest: digest(digit) });
  await updatePendingBuild(world.db, id, change, of.now);
  if (endedDaysAgo !== undefined) await finishBuild(world.db, id, of.now);
}

test("a source is kept while its build is under way, with the part that is built", async () => {
  await build("1", undefined, { builtDigest: digest("2") });
  expect(await kept()).toEqual(expect.arrayContaining([digest("1"), digest("2")]));
});

test("a source of a build that made nothing is kept for a time", async () => {
  await build("3", 29, { status: "failed" });
  await build("4", 31, { status: "failed" });
  const sources = await kept();
  expect(sources).toContain(digest("3"));
  expect(sources).not.toContain(digest("4"));
});

test("a source is kept for as long as the image that was made of it", async () => {
  const { imageId } = await releaseAnImage(world, appId, { web: "serve" });
  await build("5", 400, { status: "succeeded", imageId: imageId ?? "", builtDigest: digest("6") });
  expect(await kept()).toEqual(expect.arrayContaining([digest("5"), digest("6")]));
  await markImagesRemoved(world.db, [imageId ?? ""], world.clock());
  const sources = await kept();
  expect(sources).not.toContain(digest("5"));
  expect(sources).not.toContain(digest("6"));
});
