import { describe, expect, it } from "vitest";
import { findPlatform, joinImages, readPlatformImage, readPlatforms } from "./image-platforms.ts";
import { type FakeImageStore, makeFakeImageStore } from "./image-store-fake.ts";
import { encodeDocument, MEDIA, makeIndex, parseIndex } from "./oci-documents.ts";
import { storePlatformImage } from "./platform-image-fixtures.ts";

const read = (store: FakeImageStore, digest: string, builder?: string) =>
  readPlatformImage(store, { digest, ...(builder === undefined ? {} : { builder }) });

async function two(store = makeFakeImageStore()) {
  const amd64 = await storePlatformImage(store, "amd64", { layers: ["node for amd64", "app", "packages"] });
  const arm64 = await storePlatformImage(store, "arm64", { layers: ["node for arm64", "app", "packages"] });
  return { store, amd64, arm64 };
}

describe("images of one build for several kinds of processors", () => {
  it("are joined in an index that does not depend on which was built first", async () => {
    const { store, amd64, arm64 } = await two();
    const images = [await read(store, arm64, "acme/builder@sha256:1"), await read(store, amd64)];
    const { index, info, shared, layers } = joinImages(images);
    expect(joinImages(images.toReversed()).index.bytes).toEqual(index.bytes);
    expect(
      parseIndex(index.bytes).manifests.map(({ digest, mediaType, platform }) => [
        digest,
        mediaType,
        platform,
      ]),
    ).toEqual([
      [amd64, MEDIA.manifest, { architecture: "amd64", os: "linux" }],
      [arm64, MEDIA.manifest, { architecture: "arm64", os: "linux" }],
    ]);
    expect(index.descriptor.mediaType).toBe(MEDIA.index);
    expect(info).toMatchObject({
      digest: index.descriptor.digest,
      architecture: "amd64",
      platforms: [
        { architecture: "amd64", digest: amd64 },
        { architecture: "arm64", digest: arm64, builder: "acme/builder@sha256:1" },
      ],
      processes: [{ type: "web", command: ["serve"] }],
    });
    expect({ shared, layers }).toEqual({ shared: { layers: 2, bytes: "apppackages".length }, layers: 3 });
  });

  it("take the room of what they do not share", async () => {
    const { store, amd64, arm64 } = await two();
    const images = [await read(store, amd64), await read(store, arm64)];
    const configs = images.reduce((sum, { manifest }) => sum + manifest.config.size, 0);
    const texts = ["node for amd64", "node for arm64", "app", "packages"].join("").length;
    expect(joinImages(images).info.sizeBytes).toBe(configs + texts);
  });

  it("are not joined when a release could not start both", async () => {
    const store = makeFakeImageStore();
    const amd64 = await storePlatformImage(store, "amd64");
    const arm64 = await storePlatformImage(store, "arm64", { command: ["other"] });
    const images = [await read(store, amd64), await read(store, arm64)];
    expect(() => joinImages(images)).toThrow("it runs other processes on arm64 than on amd64");
    expect(() => joinImages([])).toThrow("there is no image");
  });
});

describe("what a digest stands for", () => {
  it("is the image itself, or each of an index", async () => {
    const { store, amd64, arm64 } = await two();
    const joined = joinImages([await read(store, amd64), await read(store, arm64)]);
    const index = await store.write(joined.index.bytes);
    expect(await readPlatforms(store, arm64)).toEqual([{ architecture: "arm64", digest: arm64 }]);
    expect(await readPlatforms(store, index.digest)).toEqual([
      { architecture: "amd64", digest: amd64 },
      { architecture: "arm64", digest: arm64 },
    ]);
    expect(await findPlatform(store, index.digest, "arm64")).toBe(arm64);
    expect(await findPlatform(store, amd64, "arm64")).toBeUndefined();
  });

  it("is nothing where it is for processors that apps are not built for", async () => {
    const store = makeFakeImageStore();
    const other = await storePlatformImage(store, "s390x");
    expect(await readPlatforms(store, other)).toEqual([]);
    const named = { mediaType: MEDIA.manifest, digest: other, size: 1 };
    const index = makeIndex([
      { ...named, platform: { architecture: "s390x", os: "linux" } },
      { ...named, platform: { architecture: "amd64", os: "windows" } },
      named,
    ]);
    const { digest } = await store.write(encodeDocument(MEDIA.index, index).bytes);
    expect(await readPlatforms(store, digest)).toEqual([]);
  });

  it("is told to be missing, or to be no image", async () => {
    const store = makeFakeImageStore();
    await expect(readPlatforms(store, `sha256:${"0".repeat(64)}`)).rejects.toMatchObject({ id: "not_found" });
    const { digest } = await store.write(Buffer.from('{"manifests":"x"}'));
    await expect(readPlatforms(store, digest)).rejects.toThrow("the index's manifests are not a list");
  });
});
