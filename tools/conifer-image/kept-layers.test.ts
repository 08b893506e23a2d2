import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { digestOf } from "../../platform/src/delivery/image/index.ts";
import { keepLayers, type LayerSet } from "./kept-layers.ts";

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "kept-"));
});
afterEach(() => rmSync(cache, { recursive: true, force: true }));

const digest = digestOf("layer");
const set: LayerSet = {
  layers: [{ what: "it", diffId: digest, descriptor: { mediaType: "x", digest, size: 5 } }],
  packages: [{ kind: "npm", name: "a", version: "1.0.0" }],
};

it("makes layers once for each name", async () => {
  let made = 0;
  const work = async (folder: string) => {
    made += 1;
    writeFileSync(join(folder, "content"), "layer");
    return set;
  };
  const first = await keepLayers(cache, "one", work);
  expect(first).toEqual({ ...set, folder: join(cache, "one") });
  expect(await keepLayers(cache, "one", work)).toEqual(first);
  await keepLayers(cache, "two", work);
  expect(made).toBe(2);
  expect(readdirSync(first.folder).sort()).toEqual(["content", "layers.json"]);
  expect(readdirSync(cache).sort()).toEqual(["one", "two"]);
});

it("keeps nothing of work that failed", async () => {
  const work = async (folder: string) => {
    writeFileSync(join(folder, "half"), "");
    throw new Error("the disk is full");
  };
  await expect(keepLayers(cache, "one", work)).rejects.toThrow("the disk is full");
  expect(readdirSync(cache)).toEqual([]);
});

it("takes what the faster of two makers has made", async () => {
  const [one, two] = await Promise.all([
    keepLayers(cache, "one", async () => set),
    keepLayers(cache, "one", async () => set),
  ]);
  expect(one).toEqual(two);
  expect(readdirSync(cache)).toEqual(["one"]);
});
