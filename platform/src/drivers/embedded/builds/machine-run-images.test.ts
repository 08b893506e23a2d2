import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeImageStore, makeFakeImageStore } from "../../../delivery/image/image-store-fake.ts";
import { digestOf, encodeDocument, hexOf, MEDIA, makeIndex } from "../../../delivery/image/index.ts";
import { RUN_NAME, storeRunImage } from "../../../delivery/rebase/rebase-fixtures.ts";
import { runImagesSuite } from "../../../delivery/rebase/run-images-suite.ts";
import { storeOwnRunImage } from "../../cnb/builds/own-run-image-fixtures.ts";
import { openMachineRunImages } from "./machine-run-images.ts";

const open = (store: FakeImageStore, shelf: string, runImage?: string, otherRunImage?: string) =>
  openMachineRunImages({
    ...{ store, runImage, otherRunImage, shelf, registries: [], architecture: "amd64" },
  });

runImagesSuite("machine", async () => {
  const store = makeFakeImageStore();
  return {
    store,
    open: (own) => open(store, "/nowhere", own),
    storeOwn: () => storeOwnRunImage(store),
    dispose: async () => {},
  };
});

describe("on a machine", () => {
  let folder: string;
  let store: FakeImageStore;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "machine-run-images-"));
    store = makeFakeImageStore();
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** Writes an OCI layout with all that a store holds, whose image is this one. */
  async function layOut(from: FakeImageStore, digest: string): Promise<string> {
    await mkdir(join(folder, "layout/blobs/sha256"), { recursive: true });
    let size = 0;
    for await (const blob of from.list()) {
      if (blob.digest === digest) size = blob.sizeBytes;
      const path = join(folder, "layout/blobs/sha256", hexOf(blob.digest));
      await writeFile(path, await buffer(await from.read(blob.digest)));
    }
    await writeFile(join(folder, "layout/oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
    const index = makeIndex([{ mediaType: MEDIA.manifest, digest, size }]);
    await writeFile(join(folder, "layout/index.json"), JSON.stringify(index));
    return join(folder, "layout");
  }

  it("a layout is brought into the store, whole", async () => {
    const elsewhere = makeFakeImageStore();
    const layout = await layOut(elsewhere, await storeOwnRunImage(elsewhere));
    const build = await open(store, folder).bring(layout, undefined);
    expect(build.name).toBe("conifer/run:debian-12");
    for await (const { digest } of elsewhere.list()) expect(await store.has(digest)).toBe(true);
  });

  it("the installation's own is that of the folder in the settings, once it is in the store", async () => {
    const elsewhere = makeFakeImageStore();
    const digest = await storeOwnRunImage(elsewhere);
    const layout = await layOut(elsewhere, digest);
    expect(await open(store, folder, layout).list()).toEqual([]);
    await storeOwnRunImage(store);
    expect(await open(store, folder, layout).list()).toMatchObject([
      { name: "conifer/run:debian-12", digest },
    ]);
  });

  it("of a layout that has it for several processors, all are brought", async () => {
    const elsewhere = makeFakeImageStore();
    const each = [
      { architecture: "amd64", digest: await storeOwnRunImage(elsewhere) },
      { architecture: "arm64", digest: await storeOwnRunImage(elsewhere, "arm64", ["arm"]) },
    ];
    const index = makeIndex(
      each.map(({ architecture, digest }) => ({
        ...{ mediaType: MEDIA.manifest, digest, size: 1, platform: { architecture, os: "linux" } },
      })),
    );
    const { digest } = await elsewhere.write(encodeDocument(MEDIA.index, index).bytes);
    const build = await open(store, folder).bring(await layOut(elsewhere, digest), undefined);
    expect(build).toMatchObject({ ...each[0], others: [each[1]] });
    expect(await store.has(digestOf(Buffer.from("arm")))).toBe(true);
  });

  it("the installation's own for other processors stands beside it", async () => {
    const [own, other] = [await storeOwnRunImage(store), await storeOwnRunImage(store, "arm64")];
    const listed = await open(store, folder, `conifer/run@${own}`, `conifer/run@${other}`).list();
    expect(listed).toMatchObject([
      { digest: own, architecture: "amd64", others: [{ digest: other, architecture: "arm64" }] },
    ]);
    const alone = await open(store, folder, undefined, `conifer/run@${other}`).list();
    expect(alone).toMatchObject([{ digest: other, architecture: "arm64" }]);
  });

  it("what was pulled for builders is listed by its name, the newest of each", async () => {
    const [older, newer] = [await storeRunImage(store, "1"), await storeRunImage(store, "2")];
    await mkdir(join(folder, "known"));
    const note = async (file: string, value: unknown, at: number) => {
      await writeFile(join(folder, "known", file), typeof value === "string" ? value : JSON.stringify(value));
      await utimes(join(folder, "known", file), at, at);
    };
    await note("a.json", { name: RUN_NAME, digest: newer.digest }, 2_000);
    await note("b.json", { name: RUN_NAME, digest: older.digest }, 1_000);
    await note("c.json", { name: "gone", digest: `sha256:${"0".repeat(64)}` }, 3_000);
    await note("d.json", "damaged", 4_000);
    const forArm = await storeRunImage(store, "2", { architecture: "arm64" });
    await note("e.json", { name: RUN_NAME, digest: forArm.digest, architecture: "arm64" }, 5_000);
    const { layers: _, ...wanted } = newer;
    const { layers: __, name: ___, ...other } = forArm;
    expect(await open(store, folder).list()).toEqual([{ ...wanted, others: [other] }]);
  });
});
