import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CachedLayer, openLayerCache } from "./layer-cache.ts";
import { fingerprint } from "./tree-entries.ts";

let root: string;
const at = (...names: string[]) => join(root, ...names);
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "cache-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** A layer's content under `layers/`, as a build leaves it. */
async function makeLayer(name: string, text = name): Promise<CachedLayer & { folder: string }> {
  const folder = at("layers", name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "file"), text);
  const flags = { build: false, launch: false, metadata: { text } };
  return { buildpackId: "test/a", name, ...flags, fingerprint: fingerprint(folder), folder };
}

const names = async () => (await openLayerCache(at("cache"))).layers.map(({ name }) => name);

async function fill(...layers: string[]): Promise<void> {
  const made = [];
  for (const name of layers) made.push(await makeLayer(name));
  await (await openLayerCache(at("cache"))).replace(made, true);
}

describe("a layer cache", () => {
  it("is empty where there is none, and where its index is not what it should be", async () => {
    expect(await names()).toEqual([]);
    await mkdir(at("cache"));
    for (const text of [
      "",
      "not json",
      '{"version":2,"layers":[{}]}',
      "null",
      "[]",
      '{"version":1}',
      '{"version":1,"layers":5}',
    ]) {
      await writeFile(at("cache/layers.json"), text);
      expect(await names()).toEqual([]);
    }
  });

  it("keeps layers by moving them, and gives them back the same way", async () => {
    await fill("x", "y");
    expect(existsSync(at("layers/x"))).toBe(false);
    const cache = await openLayerCache(at("cache"));
    const [x] = cache.layers;
    if (!x) throw new Error("the layer is missing");
    expect(await cache.take(x, at("again/x"), true)).toBe(true);
    expect(await readFile(at("again/x/file"), "utf8")).toBe("x");
    expect(fingerprint(at("again/x"))).toBe(x.fingerprint);
    expect(await names()).toEqual(["y"]);
  });

  it("gives copies and keeps its own when it is not to move", async () => {
    await fill("x");
    const cache = await openLayerCache(at("cache"));
    const [x] = cache.layers;
    if (!x) throw new Error("the layer is missing");
    await cache.take(x, at("copy"), false);
    await writeFile(at("copy/file"), "changed");
    expect(await names()).toEqual(["x"]);
    expect(await readFile(at("cache/layers/test_a/x/file"), "utf8")).toBe("x");
  });

  it("holds only what the last build left", async () => {
    await fill("old");
    await fill("new");
    expect(await names()).toEqual(["new"]);
    expect(existsSync(at("cache/layers/test_a/old"))).toBe(false);
  });

  it("takes back what has not changed, beside what was never taken out", async () => {
    await fill("x", "y");
    const cache = await openLayerCache(at("cache"));
    const [x] = cache.layers;
    if (!x) throw new Error("the layer is missing");
    await cache.take(x, at("again/x"), true);
    await cache.putBack([{ ...x, folder: at("again/x") }]);
    expect((await names()).sort()).toEqual(["x", "y"]);
    expect(await readFile(at("cache/layers/test_a/x/file"), "utf8")).toBe("x");
  });

  it("copies links as they are, and leaves out what only the build had: sockets and pipes", async () => {
    const layer = await makeLayer("x");
    await symlink("file", join(layer.folder, "link"));
    await symlink("/nowhere", join(layer.folder, "dangling"));
    spawnSync("/usr/bin/mkfifo", [join(layer.folder, "pipe")]);
    const server = createServer();
    server.listen(join(layer.folder, "socket"));
    await once(server, "listening");
    try {
      const cache = await openLayerCache(at("cache"));
      await cache.replace([layer], false);
      expect((await readdir(at("cache/layers/test_a/x"))).sort()).toEqual(["dangling", "file", "link"]);
      expect(await readlink(at("cache/layers/test_a/x/link"))).toBe("file");
      const [kept] = cache.layers;
      expect(kept?.fingerprint).toBe(fingerprint(at("cache/layers/test_a/x")));
      if (kept) expect(await cache.take(kept, at("again/x"), false)).toBe(true);
      expect((await readdir(at("again/x"))).sort()).toEqual(["dangling", "file", "link"]);
    } finally {
      server.close();
    }
  });

  it("keeps the content it has over what is put back in its place", async () => {
    await fill("x");
    const cache = await openLayerCache(at("cache"));
    await cache.putBack([await makeLayer("x", "other")]);
    expect(await readFile(at("cache/layers/test_a/x/file"), "utf8")).toBe("x");
    expect(await names()).toEqual(["x"]);
  });

  it("tells layers of two buildpacks with one name apart", async () => {
    const [one, two] = [await makeLayer("x", "1"), await makeLayer("y", "2")];
    await (await openLayerCache(at("cache"))).replace(
      [one, { ...two, name: "x", buildpackId: "test/b" }],
      true,
    );
    const cache = await openLayerCache(at("cache"));
    const second = cache.layers.find(({ buildpackId }) => buildpackId === "test/b");
    if (second) await cache.take(second, at("again/x"), true);
    expect(await readFile(at("again/x/file"), "utf8")).toBe("2");
    expect(cache.layers.map(({ buildpackId }) => buildpackId)).toEqual(["test/a"]);
  });

  it("says so when it has lost a layer's content", async () => {
    await fill("x");
    await rm(at("cache/layers/test_a/x"), { recursive: true });
    const cache = await openLayerCache(at("cache"));
    const [x] = cache.layers;
    expect(x && (await cache.take(x, at("again/x"), true))).toBe(false);
  });

  it("does not name content that is being replaced, should the process be killed then", async () => {
    await fill("x");
    const cache = await openLayerCache(at("cache"));
    const gone = { ...(await makeLayer("y")), folder: at("layers/not-there") };
    await expect(cache.replace([gone], true)).rejects.toThrow("ENOENT");
    expect(await names()).toEqual([]);
  });
});

describe("after a restart of the machine", () => {
  const restart = async () => {
    const index = JSON.parse(await readFile(at("cache/layers.json"), "utf8"));
    await writeFile(at("cache/layers.json"), JSON.stringify({ ...index, boot: "an earlier start" }));
  };

  it("trusts what is exactly as it was recorded", async () => {
    await fill("whole", "cut");
    await restart();
    // What was written shortly before a crash may have no content after it.
    await writeFile(at("cache/layers/test_a/cut/file"), "");
    expect(await names()).toEqual(["whole"]);
  });
});
