import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { digestOf, MEDIA } from "../../../delivery/image/index.ts";
import { pushBlob, repository, startTestRegistry } from "../../../delivery/registry/registry-fixtures.ts";
import { type MadeStores, registrySuite } from "../../../delivery/registry/registry-suite.ts";
import { repositoryRecordsSuite } from "../../../delivery/registry/repository-records-suite.ts";
import { specificationSuite } from "../../../delivery/registry/specification-suite.ts";
import { uploadStoreSuite } from "../../../delivery/registry/upload-store-suite.ts";
import { BusinessError } from "../../../kernel/index.ts";
import { openDiskImageStore } from "./disk-image-store.ts";
import { openDiskRepositories } from "./disk-repositories.ts";
import { type DiskUploadsOptions, openDiskUploads } from "./disk-uploads.ts";

const at = repository("team/app");

async function openStores(root: string, more: Partial<DiskUploadsOptions> = {}) {
  const images = join(root, "images");
  return {
    content: await openDiskImageStore(images),
    records: openDiskRepositories(join(root, "repositories")),
    uploads: await openDiskUploads({
      ...{ images, mostBytes: 4_000_000, mostUploads: 20 },
      ...more,
    }),
  };
}

async function makeStores(more?: Partial<DiskUploadsOptions>): Promise<MadeStores & { root: string }> {
  const root = await mkdtemp(join(tmpdir(), "registry-"));
  const dispose = () => rm(root, { recursive: true, force: true });
  return { ...(await openStores(root, more)), root, dispose };
}

registrySuite("stores on disk", makeStores);
specificationSuite("stores on disk", makeStores);
repositoryRecordsSuite("disk", makeStores);
uploadStoreSuite("disk", makeStores);

async function withStores(
  work: (stores: Awaited<ReturnType<typeof makeStores>>) => Promise<void>,
  more?: Partial<DiskUploadsOptions>,
): Promise<void> {
  const stores = await makeStores(more);
  await work(stores).finally(stores.dispose);
}

const chunks = (...texts: string[]) => Readable.from(texts.map((text) => Buffer.from(text)));
const uploadFiles = (root: string) => readdir(join(root, "images", "uploads"));

describe("uploads on disk", () => {
  it("go on after the process was replaced, and are blobs only once they are finished", () =>
    withStores(async ({ root, uploads }) => {
      const id = await uploads.begin(at);
      await uploads.append(at, id, chunks("before "));
      const after = await openStores(root);
      expect(await after.uploads.sizeOf(at, id)).toBe(7);
      await after.uploads.append(at, id, chunks("after"));
      expect(await readdir(join(root, "images/blobs/sha256"))).toEqual([]);
      const again = await openStores(root);
      await again.uploads.finish(at, id, digestOf("before after"));
      expect(await again.content.sizeOf(digestOf("before after"))).toBe(12);
      expect(await uploadFiles(root)).toEqual([]);
    }));

  it("are refused beyond their size and number, and leave nothing", () =>
    withStores(
      async ({ root, uploads }) => {
        const id = await uploads.begin(at);
        const large = uploads.append(at, id, chunks("12345", "678901"));
        await expect(large).rejects.toMatchObject({ id: "payload_too_large" });
        expect(await uploadFiles(root)).toEqual([]);
        await uploads.begin(at);
        await uploads.begin(at);
        await expect(uploads.begin(at)).rejects.toMatchObject({ id: "conflict" });
        await uploads.begin(repository("team/app2"));
      },
      { mostBytes: 10, mostUploads: 2 },
    ));

  it("are refused on a disk that is nearly full, while pulls go on", () => {
    let isFull = false;
    return withStores(
      async (stores) => {
        const registry = await startTestRegistry(stores);
        const { digest } = await pushBlob(registry, "team/app", "before");
        isFull = true;
        const pushed = await registry.ask("POST /v2/team/app/blobs/uploads/", registry.push("team/app"));
        expect([pushed.status, pushed.codes]).toEqual([507, ["UNAVAILABLE"]]);
        const pulled = await registry.ask(`GET /v2/team/app/blobs/${digest}`, registry.pull("team"));
        expect(pulled.text).toBe("before");
        await registry.registry.stop();
      },
      {
        requireRoom: async () => {
          if (isFull) throw new BusinessError("insufficient_storage", "The disk is full of sand.");
        },
      },
    );
  });

  it("lie where no name can lead elsewhere", () =>
    withStores(async ({ root, uploads }) => {
      const id = await uploads.begin(at);
      expect(await uploadFiles(root)).toEqual([`team,app,${id}`]);
      for (const bad of ["../x", "a/b", "x\0", ""])
        await expect((async () => uploads.sizeOf({ space: "..", name: "/etc" }, bad))()).rejects.toThrow(
          "does not name an upload",
        );
    }));
});

describe("repositories on disk", () => {
  it("are known by any process that opens them", () =>
    withStores(async ({ root, records }) => {
      const manifest = { digest: digestOf("m"), mediaType: MEDIA.manifest, sizeBytes: 1 };
      await records.holdBlob(at, digestOf("b"));
      await records.holdManifest(at, manifest, "v1");
      const again = openDiskRepositories(join(root, "repositories"));
      expect(await again.holdsBlob(at, digestOf("b"))).toBe(true);
      expect(await again.findManifest(at, "v1")).toEqual(manifest);
      expect((await readdir(join(root, "repositories/team/app"))).sort()).toEqual([
        ...["blobs", "manifests", "tags"],
      ]);
    }));

  it("refuse names and digests that are paths", () =>
    withStores(async ({ records }) => {
      const path = { space: "..", name: "etc" };
      await expect((async () => records.holdBlob(path, digestOf("b")))()).rejects.toThrow("not a repository");
      await expect((async () => records.holdsBlob(at, "../../x"))()).rejects.toThrow("not a sha256 digest");
    }));
});
