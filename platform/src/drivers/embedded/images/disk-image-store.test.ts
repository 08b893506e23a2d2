import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeFakeImageStore } from "../../../delivery/image/image-store-fake.ts";
import { imageStoreSuite } from "../../../delivery/image/image-store-suite.ts";
import { joinImages, MEDIA, readPlatformImage } from "../../../delivery/image/index.ts";
import { storePlatformImage } from "../../../delivery/image/platform-image-fixtures.ts";
import { openDiskImageStore } from "./disk-image-store.ts";

imageStoreSuite("fake", async () => ({ store: makeFakeImageStore(), dispose: async () => {} }));

imageStoreSuite("disk", async () => {
  const root = await mkdtemp(join(tmpdir(), "images-"));
  return { store: await openDiskImageStore(root), dispose: () => rm(root, { recursive: true, force: true }) };
});

describe("the layout on disk", () => {
  const withRoot = async (work: (root: string) => Promise<void>) => {
    const root = await mkdtemp(join(tmpdir(), "images-"));
    await work(root).finally(() => rm(root, { recursive: true, force: true }));
  };

  it("names an image for several processors as the index that it is, with all that it names new for the sweep", () =>
    withRoot(async (root) => {
      const store = await openDiskImageStore(root);
      const images = await Promise.all(
        ["amd64", "arm64"].map(async (architecture) => {
          const digest = await storePlatformImage(store, architecture, { layers: [architecture] });
          return await readPlatformImage(store, { digest });
        }),
      );
      const { index } = joinImages(images);
      const { digest } = await store.write(index.bytes);
      const blobs = join(root, "blobs/sha256");
      const old = new Date("2020-01-01");
      for (const name of await readdir(blobs)) await utimes(join(blobs, name), old, old);
      await store.tag("a:latest", digest);
      const { manifests } = JSON.parse(await readFile(join(root, "index.json"), "utf8"));
      expect(manifests).toMatchObject([{ mediaType: MEDIA.index, digest, size: index.bytes.length }]);
      const names = await readdir(blobs);
      expect(names).toHaveLength(7);
      for (const name of names)
        expect((await stat(join(blobs, name))).mtimeMs).toBeGreaterThan(old.getTime());
    }));

  it("names images in index.json as OCI layout readers expect", () =>
    withRoot(async (root) => {
      const store = await openDiskImageStore(root);
      const { digest } = await store.write(Buffer.from("{}"));
      await Promise.all([store.tag("a:v1", digest), store.tag("b:v1", digest), store.tag("a:v1", digest)]);
      expect(JSON.parse(await readFile(join(root, "oci-layout"), "utf8"))).toEqual({
        imageLayoutVersion: "1.0.0",
      });
      const index = JSON.parse(await readFile(join(root, "index.json"), "utf8"));
      const names = index.manifests.map(
        (m: { annotations: Record<string, string> }) => m.annotations["org.opencontainers.image.ref.name"],
      );
      expect(names.sort()).toEqual(["a:v1", "b:v1"]);
      expect(index.manifests[0]).toMatchObject({
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        digest,
        size: 2,
      });
    }));

  it("keeps its content when opened again, and removes what a killed writer left", () =>
    withRoot(async (root) => {
      const { digest } = await (await openDiskImageStore(root)).write(Buffer.from("kept"));
      await writeFile(join(root, "ingest", "4194305-left"), "half a blob");
      const again = await openDiskImageStore(root);
      expect(await again.has(digest)).toBe(true);
      expect(await readdir(join(root, "ingest"))).toEqual([]);
    }));

  it("does not write again what is there, and still wants its content", () =>
    withRoot(async (root) => {
      const store = await openDiskImageStore(root);
      const { digest } = await store.write(Buffer.from("kept"));
      const inode = async () => (await stat(join(root, "blobs", "sha256", digest.slice(7)))).ino;
      const before = await inode();
      expect(await store.write(Buffer.from("kept"), digest)).toEqual({ digest, sizeBytes: 4 });
      expect(await inode()).toBe(before);
      await expect(store.write(Buffer.from("another"), digest)).rejects.toThrow(`not ${digest}`);
    }));

  it("refuses digests that are paths", () =>
    withRoot(async (root) => {
      const store = await openDiskImageStore(root);
      await expect(store.read("sha256:../../index.json")).rejects.toThrow("not a sha256 digest");
      await expect(store.remove("../oci-layout")).rejects.toThrow("not a sha256 digest");
    }));
});
