import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ImageLayer, writeImage, writeLayer } from "../../../../../buildpacks/lifecycle/image-layout.ts";
import { type FakeImageStore, makeFakeImageStore } from "../../../delivery/image/image-store-fake.ts";
import { makeManifest, parseIndex } from "../../../delivery/image/index.ts";
import { type HostRelease, makeHostRunImage, makeRunConfig } from "../../cnb/builds/index.ts";
import { writeSparseLayout } from "../../cnb/builds/run-image.ts";
import { takeRunImage } from "./take-run-image.ts";

const HOST: HostRelease = { architecture: "amd64", distroName: "debian", distroVersion: "12" };

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "run-image-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

it("the host's run image is the same each time, and names the base", async () => {
  expect(makeHostRunImage(HOST)).toEqual(makeHostRunImage(HOST));
  const { name, path, config, manifest, layers } = makeHostRunImage(HOST);
  expect({ name, path }).toEqual({
    name: "conifer/host-base:debian-12",
    path: "index.docker.io/conifer/host-base/debian-12",
  });
  expect(layers.size).toBe(0);
  const document = JSON.parse(config.bytes.toString());
  expect(document.config.Labels).toEqual({
    "io.buildpacks.base.distro.name": "debian",
    "io.buildpacks.base.distro.version": "12",
  });
  expect(document).not.toHaveProperty("history");
  await writeSparseLayout(join(root, "run"), manifest, []);
  expect(parseIndex(await readFile(join(root, "run/index.json"))).manifests[0]?.digest).toBe(manifest.digest);
});

describe("a run image in a layout", () => {
  let store: FakeImageStore;
  beforeEach(() => {
    store = makeFakeImageStore();
  });

  /** Writes a layout of these layers and returns their digests. */
  async function leave(texts: readonly string[], release: HostRelease = HOST): Promise<string[]> {
    const layers: ImageLayer[] = [];
    for (const text of texts) layers.push(await writeLayer(root, Readable.from([Buffer.from(text)])));
    const parts = layers.map(({ diffId }) => ({ diffId, what: "packages" }));
    await writeImage(root, makeRunConfig(release, parts), (config) =>
      makeManifest(
        config,
        layers.map(({ descriptor }) => descriptor),
      ),
    );
    return layers.map(({ diffId }) => diffId);
  }

  it("comes into the store whole and under its name", async () => {
    const [system = "", programs = ""] = await leave(["system", "programs"]);
    const image = await takeRunImage(root, store, HOST);
    expect(image.name).toBe("conifer/run:debian-12");
    expect([...image.layers]).toEqual([
      [system, system],
      [programs, programs],
    ]);
    expect(store.tags.get(image.name)).toBe(image.manifest.digest);
    for (const digest of [system, programs, image.config.digest]) expect(await store.has(digest)).toBe(true);
  });

  it("is not read again when it is there", async () => {
    await leave(["system"]);
    const first = await takeRunImage(root, store, HOST);
    await rm(join(root, "blobs"), { recursive: true });
    expect(await takeRunImage(root, store, HOST)).toEqual(first);
  });

  const refused: readonly [string, () => Promise<unknown>, RegExp][] = [
    ["is not there", async () => {}, /cannot be used: .*npm run -s images/],
    ["is cut short", () => leave(["system"]).then(([one]) => spoil(one)), /cannot be used/],
    ["is of another release", () => leave(["x"], { ...HOST, distroVersion: "11" }), /is debian 11 for amd64/],
    ["is for another machine", () => leave(["x"], { ...HOST, architecture: "arm64" }), /debian 12 for arm64/],
  ];
  it.each(refused)("%s: refused with what to do", async (_, prepare, message) => {
    await prepare();
    await expect(takeRunImage(root, store, HOST)).rejects.toThrow(message);
    expect(store.tags.size).toBe(0);
  });

  const spoil = (digest = "") => writeFile(join(root, "blobs/sha256", digest.slice("sha256:".length)), "cut");
});
