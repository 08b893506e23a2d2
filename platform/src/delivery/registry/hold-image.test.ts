import { expect, test } from "vitest";
import {
  digestOf,
  encodeDocument,
  joinImages,
  MEDIA,
  makeManifest,
  readPlatformImage,
} from "../image/index.ts";
import { storePlatformImage } from "../image/platform-image-fixtures.ts";
import { holdImage } from "./hold-image.ts";
import { makeFakeRegistryStores } from "./registry-fake.ts";
import { repository, startTestRegistry } from "./registry-fixtures.ts";

const at = repository("team/app");

/** An image in the store, as a builder of this machine leaves it. */
async function builtImage(stores: ReturnType<typeof makeFakeRegistryStores>) {
  const { digest, sizeBytes } = await stores.content.write(Buffer.from("layer"));
  const config = encodeDocument(MEDIA.config, {
    architecture: "amd64",
    os: "linux",
    rootfs: { type: "layers", diff_ids: [digest] },
  });
  await stores.content.write(config.bytes);
  const layer = { mediaType: MEDIA.layer, digest, size: sizeBytes };
  const manifest = encodeDocument(MEDIA.manifest, makeManifest(config.descriptor, [layer]));
  await stores.content.write(manifest.bytes);
  return { digest: manifest.descriptor.digest, layer: digest, bytes: manifest.bytes };
}

test("an image for several processors is put in with each of its own, and the tag is the index's", async () => {
  const stores = makeFakeRegistryStores();
  const images = await Promise.all(
    ["amd64", "arm64"].map(async (architecture) => {
      const digest = await storePlatformImage(stores.content, architecture, {
        layers: [`app for ${architecture}`],
      });
      return await readPlatformImage(stores.content, { digest });
    }),
  );
  const { index, info } = joinImages(images);
  await stores.content.write(index.bytes);
  await holdImage(stores, { repository: at, digest: info.digest, tag: "latest" });
  const registry = await startTestRegistry(stores);
  const ask = (path: string) => registry.ask(`GET /v2/team/app/${path}`, registry.pull("team"));
  const reply = await ask("manifests/latest");
  expect(reply).toMatchObject({ status: 200, bytes: index.bytes });
  expect(reply.headers["content-type"]).toBe(MEDIA.index);
  for (const { digest, manifest } of images) {
    expect((await ask(`manifests/${digest}`)).status).toBe(200);
    expect((await ask(`blobs/${manifest.layers[0]?.digest}`)).text).toMatch(/^app for /);
  }
  expect((await ask("tags/list")).text).toContain('"tags":["latest"]');
  await registry.registry.stop();
});

test("an image that was built here can be pulled from the repository it is put in, and from no other", async () => {
  const stores = makeFakeRegistryStores();
  const image = await builtImage(stores);
  const registry = await startTestRegistry(stores);
  const path = (name: string) => `GET /v2/${name}/manifests/v3`;
  expect((await registry.ask(path("team/app"), registry.pull("team"))).status).toBe(404);
  await holdImage(stores, { repository: at, digest: image.digest, tag: "v3" });
  await holdImage(stores, { repository: at, digest: image.digest, tag: "v3" });
  const reply = await registry.ask(path("team/app"), registry.pull("team"));
  expect(reply).toMatchObject({ status: 200, bytes: image.bytes });
  expect(reply.headers["content-type"]).toBe(MEDIA.manifest);
  const blob = await registry.ask(`GET /v2/team/app/blobs/${image.layer}`, registry.pull("team"));
  expect(blob.text).toBe("layer");
  expect((await registry.ask(path("team/other"), registry.pull("team"))).status).toBe(404);
  await registry.registry.stop();
});

test("what the store has not is not found, and nothing is held", async () => {
  const stores = makeFakeRegistryStores();
  const digest = digestOf("nothing");
  await expect(holdImage(stores, { repository: at, digest })).rejects.toMatchObject({ id: "not_found" });
  expect(await stores.records.tags(at)).toBeUndefined();
});
