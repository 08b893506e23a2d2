import { mkdir, readdir, readFile, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { specOf } from "../../../delivery/build/builder-suite.ts";
import { encodeDocument, MEDIA, makeManifest } from "../../../delivery/image/index.ts";
import { type BuildBench, makeBuildBench, makePlainRunner } from "./build-fixtures.ts";
import {
  CACHE_NAME,
  clearBuildFolder,
  fillBuildFolder,
  removeBuildFolder,
  returnCache,
} from "./build-folder.ts";
import { forgetOldBuilds, KEPT_FILES, keepResult, readKept } from "./kept-builds.ts";

let bench: BuildBench;
let root: string;
beforeEach(async () => {
  bench = await makeBuildBench(makePlainRunner);
  root = join(bench.home, "builds", "one");
  await mkdir(root, { recursive: true });
});
afterEach(() => bench.dispose());

const fill = (source: string, more: Parameters<typeof specOf>[1] = {}) =>
  fillBuildFolder({ root, sandbox: join(root, "sandbox") }, specOf(source, { appId: "app-1", ...more }), {
    ...{ ...bench.options.machine, fetching, cacheName: "app-1" },
    findBuilder: async () => undefined,
  });
const fetching = { signal: new AbortController().signal, tell: () => {} };

describe("the folder of a build", () => {
  it("holds the source, variables that nobody else may read, and layouts", async () => {
    const source = await bench.addSource({ page: "hello" });
    const folder = await fill(source, { env: { SECRET: "s3cret" } });
    expect(await readFile(join(folder.workspace, "page"), "utf8")).toBe("hello");
    const secret = join(folder.platform, "env", "SECRET");
    expect(await readFile(secret, "utf8")).toBe("s3cret");
    expect((await stat(secret)).mode & 0o777).toBe(0o400);
    expect(await readdir(join(folder.layouts, "index.docker.io/conifer"))).toEqual(["host-base"]);
    expect(await readdir(folder.layers)).toEqual([CACHE_NAME]);
    expect(folder.known.size).toBe(0);
  });

  it("takes no project.toml that is a link: it could lead anywhere on this machine", async () => {
    const link = { name: "project.toml", type: "symlink" as const, linkname: "/etc/hostname" };
    const folder = await fill(await bench.addTar([link, { name: "page", content: "x" }]));
    expect(await readdir(folder.workspace)).toEqual(["page", "project.toml"]);
  });

  it.each([
    ["a path that climbs", { name: "../out", content: "x" }, /leads out/],
    ["too many bytes", { name: "big", content: "x".repeat(60_000_000) }, /unpacks to more than/],
  ])("is not made of a source with %s", async (_, entry, message) => {
    await expect(fill(await bench.addTar([entry]))).rejects.toThrow(message);
  });

  it("moves the app's cache in, and back, also when nobody is left who knows of the build", async () => {
    const cache = join(bench.options.machine.cacheRoot, "app-1");
    await mkdir(join(cache, "layers"), { recursive: true });
    const folder = await fill(await bench.addSource({ page: "x" }));
    expect(await readdir(join(folder.layers, CACHE_NAME))).toEqual(["layers"]);
    await expect(stat(cache)).rejects.toThrow("ENOENT");
    await returnCache(root, bench.options.machine.cacheRoot);
    expect(await readdir(cache)).toEqual(["layers"]);
    await returnCache(root, bench.options.machine.cacheRoot);
    expect(await readdir(cache)).toEqual(["layers"]);
  });

  it("is emptied but for what is kept, and removed twice without harm", async () => {
    await fill(await bench.addSource({ page: "x" }));
    await keepResult(root, { kind: "cancelled" });
    await clearBuildFolder(root, KEPT_FILES);
    expect(await readdir(root)).toEqual(["result.json"]);
    await removeBuildFolder(root);
    await removeBuildFolder(root);
  });
});

describe("the previous image", () => {
  async function makePrevious(layers: readonly string[]): Promise<string> {
    const written = [];
    for (const text of layers) written.push(await bench.images.write(Buffer.from(text)));
    const config = encodeDocument(MEDIA.config, {
      architecture: "amd64",
      os: "linux",
      config: {},
      rootfs: { type: "layers", diff_ids: written.map(({ digest }) => digest) },
    });
    await bench.images.write(config.bytes);
    const descriptors = written.map(({ digest, sizeBytes }) => ({
      mediaType: MEDIA.layer,
      digest,
      size: sizeBytes,
    }));
    const manifest = encodeDocument(MEDIA.manifest, makeManifest(config.descriptor, descriptors));
    return (await bench.images.write(manifest.bytes)).digest;
  }

  it("is handed over without its layers, which may then be used again", async () => {
    const previousImage = await makePrevious(["one", "two"]);
    const folder = await fill(await bench.addSource({ page: "x" }), { previousImage });
    expect(folder.known.size).toBe(2);
    const blobs = join(folder.layouts, "index.docker.io/conifer/app/previous/blobs/sha256");
    expect(await readdir(blobs)).toHaveLength(2);
  });

  it("is not, when it or one of its layers is gone", async () => {
    const previousImage = await makePrevious(["one", "two"]);
    const [one] = (await fill(await bench.addSource({ page: "x" }), { previousImage })).known.keys();
    await removeBuildFolder(root);
    await mkdir(root);
    await bench.images.remove(one ?? "");
    const folder = await fill(await bench.addSource({ page: "x" }), { previousImage });
    expect(folder.known.size).toBe(0);
    expect(await readdir(join(folder.layouts, "index.docker.io/conifer"))).toEqual(["host-base"]);
  });
});

describe("builds that have ended", () => {
  const never = () => new AbortController().signal;

  it("are remembered, but not lost ones", async () => {
    expect(await readKept(root, never())).toBeUndefined();
    await keepResult(root, { kind: "lost", message: "gone" });
    expect(await readKept(root, never())).toBeUndefined();
  });

  it("are forgotten, the oldest first", async () => {
    const folder = join(bench.home, "ended");
    for (const name of ["a", "b", "c"]) {
      await mkdir(join(folder, name), { recursive: true });
      await keepResult(join(folder, name), { kind: "cancelled" });
      const at = { a: 3, b: 1, c: 2 }[name] ?? 0;
      await utimes(join(folder, name, "result.json"), at, at);
    }
    await mkdir(join(folder, "running"));
    await forgetOldBuilds(folder, 2);
    expect((await readdir(folder)).sort()).toEqual(["a", "c", "running"]);
  });
});
