import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { digestOf, encodeDocument, MEDIA, makeManifest } from "../delivery/image/index.ts";
import { startTestRegistry } from "../delivery/registry/registry-fixtures.ts";
import {
  openDiskImageStore,
  openDiskRepositories,
  openDiskUploads,
} from "../drivers/embedded/images/index.ts";
import { makeHome } from "./home.ts";
import { openHostImages } from "./host-images.ts";

const APP = "2f1c6a52-5d3e-4b57-8a43-0d9c2f6b7e11";
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "host-images-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Builds an image as the builder of this machine does, names it, and asks the registry for it. */
async function pulled(registryOn: boolean, space = "common") {
  const home = makeHome(root);
  const images = await openHostImages({ home, registry: registryOn });
  const config = encodeDocument(MEDIA.config, {
    architecture: "amd64",
    os: "linux",
    rootfs: { type: "layers", diff_ids: [] },
  });
  await images.write(config.bytes);
  const { digest } = await images.write(
    encodeDocument(MEDIA.manifest, makeManifest(config.descriptor, [])).bytes,
  );
  await images.tag(`${APP}:latest`, digest);
  const registry = await startTestRegistry({
    content: await openDiskImageStore(home.images),
    records: openDiskRepositories(home.repositories),
    uploads: await openDiskUploads({ images: home.images, mostBytes: 1e6, mostUploads: 1 }),
  });
  const reply = await registry.ask(`GET /v2/common/${APP}/manifests/latest`, registry.pull(space));
  await registry.registry.stop();
  return { reply, digest };
}

test("an image that was built here can be pulled while the registry is on, by its space", async () => {
  const { reply, digest } = await pulled(true);
  expect(digestOf(reply.bytes)).toBe(digest);
  expect((await pulled(true, "team")).reply.status).toBe(404);
  expect(readFileSync(join(root, "images/index.json"), "utf8")).toContain(`${APP}:latest`);
});

test("the platform's own images are named by their space, and everybody may pull them", async () => {
  const home = makeHome(root);
  const { digest } = await pulled(true);
  const images = await openHostImages({ home, registry: true });
  await images.tag("conifer/run:debian-12", digest);
  const registry = await startTestRegistry({
    content: await openDiskImageStore(home.images),
    records: openDiskRepositories(home.repositories),
    uploads: await openDiskUploads({ images: home.images, mostBytes: 1e6, mostUploads: 1 }),
  });
  const reply = await registry.ask("GET /v2/conifer/run/manifests/debian-12", registry.pull("team"));
  await registry.registry.stop();
  expect(digestOf(reply.bytes)).toBe(digest);
});

test("with the registry off nothing is written for it", async () => {
  expect((await pulled(false)).reply.status).toBe(404);
  expect(() => readFileSync(join(root, "repositories"))).toThrow("ENOENT");
});

test("an image that is not there gets no name", async () => {
  const images = await openHostImages({ home: makeHome(root), registry: true });
  await expect(images.tag(`${APP}:latest`, digestOf("nothing"))).rejects.toMatchObject({ id: "not_found" });
});
