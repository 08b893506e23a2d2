import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFakeImageStore } from "../../../delivery/image/image-store-fake.ts";
import {
  digestOf,
  type ImageStore,
  joinImages,
  LABEL,
  type LayerEntry,
  packLayer,
  readPlatformImage,
} from "../../../delivery/image/index.ts";
import type { HostRelease } from "../../cnb/builds/index.ts";
import { openImageUnpacker } from "./unpack-image.ts";
import { layerFile, type MadeAppImage, makeAppImage, TEST_HOST } from "./unpacked-images-fixtures.ts";

const HOST = TEST_HOST;

let folder: string;
let store: ImageStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "layers-"));
  store = makeFakeImageStore();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const file = layerFile;
const makeImage = (layers: readonly (readonly LayerEntry[])[], made?: MadeAppImage) =>
  makeAppImage(store, layers, made);
const open = (host = HOST) => openImageUnpacker({ store, folder, host });

describe("an unpacked image", () => {
  it("has its layers as folders, the topmost first, and how to start it", async () => {
    const digest = await makeImage([[file("/workspace/a", "lower")], [file("/workspace/b", "upper")]]);
    const image = await (await open())(digest);
    expect(image.lowerDirs).toHaveLength(2);
    expect(await readFile(join(image.lowerDirs[0] ?? "", "workspace/b"), "utf8")).toBe("upper");
    expect(image.env).toEqual({ PATH: "/cnb/process:/usr/bin", EMPTY: "", WITH: "a=b" });
    expect(image.workingDir).toBe("/workspace");
    expect(image.processArgv("web")).toEqual(["/cnb/process/web"]);
    expect(() => image.processArgv("worker")).toThrow('no process type "worker". It has: web.');
    expect(image.shellArgv("echo a; b").at(-1)).toBe("echo a; b");
  });

  it("is the one of this machine's processors, of several", async () => {
    const both = await Promise.all(
      (["amd64", "arm64"] as const).map(async (architecture) => {
        const digest = await makeImage([[file("/workspace/a", architecture)]], { architecture });
        return await readPlatformImage(store, { digest });
      }),
    );
    const { index, info } = joinImages(both);
    await store.write(index.bytes);
    for (const architecture of ["amd64", "arm64"] as const) {
      const { lowerDirs } = await (await open({ ...HOST, architecture }))(info.digest);
      expect(await readFile(join(lowerDirs[0] ?? "", "workspace/a"), "utf8")).toBe(architecture);
    }
    const [arm64] = both.slice(1);
    const alone = joinImages(arm64 ? [arm64] : []);
    await store.write(alone.index.bytes);
    await expect((await open())(alone.info.digest)).rejects.toThrow("for arm64 and this machine is amd64");
  });

  it("is unpacked once, however many ask at once", async () => {
    const digest = await makeImage([[file("/workspace/a", "x")]]);
    const unpack = await open();
    const images = await Promise.all([unpack(digest), unpack(digest), unpack(digest)]);
    expect(new Set(images.flatMap(({ lowerDirs }) => lowerDirs)).size).toBe(1);
    const made = await stat(images[0]?.lowerDirs[0] ?? "");
    await (await open())(digest);
    expect((await stat(images[0]?.lowerDirs[0] ?? "")).ino).toBe(made.ino);
    expect((await readdir(folder)).filter((name) => name.startsWith(".") && name !== ".boot")).toEqual([]);
  });

  it("is unpacked anew after a restart of the machine, and unfinished work is removed", async () => {
    const digest = await makeImage([[file("/workspace/a", "x")]]);
    const before = (await (await open())(digest)).lowerDirs[0] ?? "";
    await writeFile(join(before, "workspace/a"), "");
    await writeFile(join(folder, ".boot"), "an earlier start");
    await writeFile(join(folder, ".123-left"), "");
    const after = await (await open())(digest);
    expect(await readFile(join(after.lowerDirs[0] ?? "", "workspace/a"), "utf8")).toBe("x");
    expect(await readdir(folder)).not.toContain(".123-left");
  });

  it("leaves nothing of a layer that cannot be unpacked", async () => {
    const digest = await makeImage([[file("/../out", "x")]]);
    await expect((await open())(digest)).rejects.toThrow("leads out");
    expect(await readdir(folder)).toEqual([".boot"]);
  });

  it("hides files of lower layers where the image says so", async () => {
    const digest = await makeImage([[file("/workspace/a", "x")], [file("/workspace/.wh.a", "")]]);
    const { lowerDirs } = await (await open())(digest);
    const hidden = await stat(join(lowerDirs[0] ?? "", "workspace/a"));
    expect({ device: hidden.isCharacterDevice(), rdev: hidden.rdev }).toEqual({ device: true, rdev: 0 });
    const opaque = await makeImage([[file("/workspace/.wh..wh..opq", "")]]);
    await expect((await open())(opaque)).rejects.toThrow("not supported");
  });
});

describe("what an app's image stands on", () => {
  const app = (topLayer: string, version: string, image = "conifer/run:debian-12") => ({
    [LABEL.lifecycle]: JSON.stringify({ runImage: { image, topLayer } }),
    [LABEL.distroName]: "debian",
    [LABEL.distroVersion]: version,
  });
  const layers = [[file("/workspace/a", "x")]];
  const rootLayer = [file("/usr/bin/tool", "of the run image")];

  const cases: readonly [string, MadeAppImage, HostRelease, RegExp | undefined][] = [
    ["of this release", { labels: app("", "12") }, HOST, undefined],
    ["of another release", { labels: app("", "11") }, HOST, /stands on debian 11 .* Rebase it/],
    ["of another architecture", { architecture: "arm64" }, HOST, /for arm64 and this machine is amd64/],
  ];
  it.each(cases)("is this machine's base: %s", async (_, made, host, message) => {
    const digest = await makeImage(layers, made);
    const unpacking = (await open(host))(digest);
    if (message) await expect(unpacking).rejects.toThrow(message);
    else expect((await unpacking).lowerDirs).toHaveLength(1);
  });

  it("is a run image of this release: the machine's base stands in for its layers", async () => {
    const top = digestOf(await buffer(packLayer(rootLayer, { uid: 1000, gid: 1000 })));
    const digest = await makeImage([rootLayer, ...layers], { labels: app(top, "12") });
    const { lowerDirs } = await (await open())(digest);
    expect(lowerDirs).toHaveLength(1);
    expect(await readFile(join(lowerDirs[0] ?? "", "workspace/a"), "utf8")).toBe("x");
  });

  it("is a run image of another release, or one that is not there", async () => {
    const top = digestOf(await buffer(packLayer(rootLayer, { uid: 1000, gid: 1000 })));
    const other = await makeImage([rootLayer, ...layers], { labels: app(top, "11") });
    await expect((await open())(other)).rejects.toThrow(/stands on debian 11 .* Rebase it/);
    const broken = await makeImage([rootLayer, ...layers], { labels: app(digestOf("gone"), "12") });
    await expect((await open())(broken)).rejects.toThrow("does not hold the top layer");
    expect(await readdir(folder)).toEqual([".boot"]);
  });

  it("is a run image of others: a root of its own, once for all apps on it, with the user it names", async () => {
    const passwd = file("/etc/passwd", "web:x:1234:4321::/home/web:/bin/sh\n");
    const covered = [file("/usr/bin/.wh.tool", ""), passwd];
    const top = digestOf(await buffer(packLayer(covered, { uid: 1000, gid: 1000 })));
    const labels = app(top, "12", "registry.test/acme/run:1");
    const unpack = await open();
    const one = await unpack(await makeImage([rootLayer, covered, ...layers], { labels, user: "web" }));
    const two = await unpack(await makeImage([rootLayer, covered], { labels, user: "4321:7" }));
    expect(one.user).toEqual({ uid: 1234, gid: 4321, home: "/home/web" });
    expect(two.user).toEqual({ uid: 4321, gid: 7, home: "/" });
    expect(one.lowerDirs).toHaveLength(2);
    expect(two.lowerDirs).toEqual([one.lowerDirs[1]]);
    expect(await readdir(join(one.lowerDirs[1] ?? "", "usr/bin"))).toEqual([]);
    expect(await readFile(join(one.lowerDirs[0] ?? "", "workspace/a"), "utf8")).toBe("x");
  });
});
