import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { boundCaches, forgetCache, sweepCaches, tellEmptied } from "./bound-caches.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "caches-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const MIB = 1024 ** 2;
const WIDE = { eachBytes: 100 * MIB, allBytes: 100 * MIB };

/** An app was built, so many seconds after the first, and left a cache of so many MiB. */
async function built(appId: string, megabytes: number, at: number, bounds = WIDE): Promise<void> {
  mkdirSync(join(root, appId), { recursive: true });
  writeFileSync(join(root, appId, "content"), Buffer.alloc(megabytes * MIB, "x"));
  await boundCaches(root, appId, bounds);
  const note = join(root, `${appId}.json`);
  if (existsSync(note)) utimesSync(note, 1_000 + at, 1_000 + at);
}
const kept = () =>
  readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();

it("keeps what is within its bounds, and says nothing", async () => {
  await built("a", 1, 0);
  expect(kept()).toEqual(["a"]);
  expect(await tellEmptied(root, "a")).toBeUndefined();
});

it("empties a cache that has grown too large, and the next build says so once", async () => {
  await built("a", 3, 0, { ...WIDE, eachBytes: 2 * MIB });
  expect(kept()).toEqual([]);
  expect(await tellEmptied(root, "a")).toMatch(/had grown to 0\.0 GiB, more than an app may keep/);
  expect(await tellEmptied(root, "a")).toBeUndefined();
});

it("makes room by what was used longest ago", async () => {
  const bounds = { ...WIDE, allBytes: 6.5 * MIB };
  await built("a", 2, 0, bounds);
  await built("b", 2, 1, bounds);
  await built("a", 2, 2, bounds);
  await built("c", 2, 3, bounds);
  expect(kept()).toEqual(["a", "b", "c"]);
  await built("d", 2, 4, bounds);
  expect(kept()).toEqual(["a", "c", "d"]);
  expect(await tellEmptied(root, "b")).toMatch(/make room for other apps/);
  await built("b", 1, 5, bounds);
  expect(await tellEmptied(root, "b")).toBeUndefined();
});

it("leaves an app alone that has no cache, or whose build has it now", async () => {
  await boundCaches(root, "nobody", WIDE);
  await built("a", 2, 0);
  rmSync(join(root, "a"), { recursive: true });
  await built("b", 1, 1, { ...WIDE, allBytes: MIB / 2 });
  expect(kept()).toEqual([]);
  expect(await tellEmptied(root, "a")).toBeUndefined();
});

it("forgets an app whole", async () => {
  await built("a", 1, 0);
  await forgetCache(root, "a");
  await forgetCache(root, "a");
  expect(readdirSync(root)).toEqual([]);
});

it("finishes what a killed process has begun to remove, and survives a note it cannot read", async () => {
  mkdirSync(join(root, "a.going", "deep"), { recursive: true });
  writeFileSync(join(root, "b.json"), "{");
  await sweepCaches(root);
  await built("c", 1, 0, { ...WIDE, allBytes: 1 });
  expect(readdirSync(root).sort()).toEqual(["b.json", "c.json"]);
  expect(await tellEmptied(root, "b")).toBeUndefined();
  await sweepCaches(join(root, "nowhere"));
});
