import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openLayerCache } from "./layer-cache.ts";
import { fingerprint } from "./tree-entries.ts";

/** Builds that go on until they are killed, or for so many rounds: take a layer out of the cache, change it, put all back, each with its round in every file. */
const BUILDS = `
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
const [root, sources, move, rounds] = process.argv.slice(2);
const { openLayerCache } = await import(join(sources, "layer-cache.ts"));
const { fingerprint } = await import(join(sources, "tree-entries.ts"));
process.stdout.write("ready");
for (let round = 1; round <= Number(rounds); round++) {
  const cache = await openLayerCache(join(root, "cache"));
  rmSync(join(root, "layers"), { recursive: true, force: true });
  for (const layer of cache.layers) await cache.take(layer, join(root, "layers", layer.name), move === "move");
  const next = ["a", "b", "c"].map((name) => {
    const folder = join(root, "layers", name);
    mkdirSync(folder, { recursive: true });
    for (const file of ["one", "two"]) writeFileSync(join(folder, file), String(round));
    const types = { build: true, launch: false };
    return { buildpackId: "test/a", name, ...types, metadata: { round }, fingerprint: fingerprint(folder), folder };
  });
  if (round % 5 === 0) await cache.putBack(next);
  else await cache.replace(next, move === "move");
}
`;

/** The names of the layers that the cache has; each must be whole, and of one round. */
async function soundLayers(root: string): Promise<readonly string[]> {
  const cache = await openLayerCache(join(root, "cache"));
  for (const layer of cache.layers) {
    const folder = join(root, "cache/layers/test_a", layer.name);
    const files = await Promise.all(["one", "two"].map((name) => readFile(join(folder, name), "utf8")));
    const round = String(layer.metadata.round);
    expect({ name: layer.name, files }).toEqual({ name: layer.name, files: [round, round] });
    expect(fingerprint(folder)).toBe(layer.fingerprint);
  }
  return cache.layers.map(({ name }) => name).sort();
}

it.each(["move", "copy"])(
  "a build that is killed costs the cache layers and leaves no wrong one (%s)",
  async (move) => {
    const root = await mkdtemp(join(tmpdir(), "killed-"));
    try {
      const program = join(root, "builds.mjs");
      await writeFile(program, BUILDS);
      const build = (rounds: number) => {
        const flags = ["--disable-warning=ExperimentalWarning", program, root, import.meta.dirname];
        const stdio = ["ignore", "pipe", "inherit"] as const;
        return spawn(process.execPath, [...flags, move, String(rounds)], { stdio: [...stdio] });
      };
      for (let kill = 0; kill < 8; kill++) {
        const child = build(Number.POSITIVE_INFINITY);
        await once(child.stdout, "data");
        await new Promise((resolve) => setTimeout(resolve, 20 + 11 * kill));
        child.kill("SIGKILL");
        await once(child, "close");
        await soundLayers(root);
      }
      const last = build(1);
      last.stdout.resume();
      expect(await once(last, "close")).toEqual([0, null]);
      expect(await soundLayers(root)).toEqual(["a", "b", "c"]);
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  },
);
