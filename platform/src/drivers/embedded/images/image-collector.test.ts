import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { repository } from "../../../delivery/registry/registry-fixtures.ts";
import { type LogFields, type Running, silentLogger } from "../../../kernel/index.ts";
import { startLocalServer } from "../local/index.ts";
import { startImageCollector } from "./image-collector.ts";
import { collectionRoutes, makeCollectionClient } from "./image-routes.ts";
import { holdMade, isWhole, makeImage, openSweptStores, type SweptStores } from "./sweep-fixtures.ts";

const APP_ID = "2f1c6a52-5d3e-4b57-8a43-0d9c2f6b7e11";
const APP = repository(`common/${APP_ID}`);
let stores: SweptStores;
let told: { level: string; message: string; fields: LogFields }[];
const swept: number[] = [];
const running: Running[] = [];
beforeEach(async () => {
  stores = await openSweptStores();
  told = [];
  swept.length = 0;
});
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
  await stores.dispose();
});

/** A collector without a time of grace: only what is touched while it sweeps is kept for that. */
function start() {
  const note =
    (level: string) =>
    (message: string, fields: LogFields = {}) => {
      told.push({ level, message, fields });
    };
  const logger = { ...silentLogger, info: note("info"), error: note("error") };
  const { content, images, repositories } = stores;
  const collector = startImageCollector({
    ...{ content, images, repositories, logger, graceMs: -60_000 },
    swept: ({ freedBytes }) => swept.push(freedBytes),
  });
  running.push(collector);
  return collector;
}

const done = (times = 1) => vi.waitFor(() => expect(told).toHaveLength(times), { timeout: 10_000 });

test("collects in the background, one at a time, and tells how much it has freed", async () => {
  const image = await makeImage(stores);
  const [kept, collector] = [await makeImage(stores), start()];
  expect(await Promise.all([collector.collect([kept.digest]), collector.collect([])])).toEqual([true, false]);
  await done();
  const freed = image.bytes.length + image.parts.reduce((sum, part) => sum + part.size, 0);
  expect(told).toMatchObject([
    {
      ...{ level: "info", message: "images that nothing reaches are removed" },
      fields: { manifests: 0, blobs: 3, freed_bytes: freed, waiting: 0, more: false },
    },
  ]);
  expect(swept).toEqual([freed]);
  expect([await isWhole(stores, kept), await isWhole(stores, image)]).toEqual([true, false]);
  await vi.waitFor(async () => expect(await collector.collect([kept.digest])).toBe(true));
});

test("forgets an app's names and tags, which then keep nothing; others' stay, and twice is once", async () => {
  const [mine, other] = [await makeImage(stores), await makeImage(stores)];
  await holdMade(stores, APP, mine, { tag: "latest" });
  await stores.content.tag(`${APP_ID}:latest`, mine.digest);
  await stores.content.tag("conifer/run:debian-12", other.digest);
  const collector = start();
  for (let time = 0; time < 2; time += 1) await collector.forget(APP_ID);
  await collector.forget("../../etc");
  await collector.collect([]);
  await done();
  expect([await isWhole(stores, mine), await isWhole(stores, other)]).toEqual([false, true]);
  expect(await stores.records.tags(APP)).toBeUndefined();
});

test("tells what is in the way of it, and tries again the next time", async () => {
  const image = await makeImage(stores);
  const collector = start();
  const read = vi.spyOn(stores.content, "read").mockRejectedValue(new Error("a bad sector"));
  await collector.collect([image.digest]);
  await done();
  expect(told).toMatchObject([{ level: "error", message: "images cannot be collected" }]);
  read.mockRestore();
  await vi.waitFor(async () => expect(await collector.collect([image.digest])).toBe(true));
  await done(2);
  expect(await isWhole(stores, image)).toBe(true);
});

test("collects nothing more once it is stopped", async () => {
  const collector = start();
  await collector.stop();
  expect(await collector.collect([])).toBe(false);
});

test("does so for another process, which names what is to stay", async () => {
  const folder = mkdtempSync(join(tmpdir(), "collector-"));
  const peer = { socketPath: join(folder, "host.sock"), secret: "a secret" };
  running.push({ stop: async () => rmSync(folder, { recursive: true, force: true }) });
  const routes = [collectionRoutes(start())];
  running.push(await startLocalServer({ ...peer, routes, logger: silentLogger }));
  const [kept, gone] = [await makeImage(stores), await makeImage(stores)];
  await stores.content.tag(`${APP_ID}:latest`, gone.digest);
  const client = makeCollectionClient(peer);
  await client.forget(APP_ID);
  expect(await client.collect([kept.digest])).toBe(true);
  await done();
  expect([await isWhole(stores, kept), await isWhole(stores, gone)]).toEqual([true, false]);
});
