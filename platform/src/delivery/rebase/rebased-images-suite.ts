import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  digestOf,
  encodeDocument,
  type ImageStore,
  MEDIA,
  makeIndex,
  parseManifest,
  readImageDocuments,
} from "../image/index.ts";
import { putOnRunImage } from "./make-rebased-image.ts";
import { storeAppImage, storeRunImage, type TestRunImage } from "./rebase-fixtures.ts";
import type { RebasedImages } from "./rebase-ports.ts";

export interface MadeRebasedImages {
  readonly rebased: RebasedImages;
  readonly store: Pick<ImageStore, "read" | "write" | "remove">;
  /** Puts an image that is in the store into the app's repository, or with no app into that of run images. */
  readonly hold: (appId: string | undefined, digest: string) => Promise<void>;
  /** Whether the app's repository serves a manifest; undefined where there are no repositories. */
  readonly serves: ((appId: string, digest: string) => Promise<boolean>) | undefined;
  /** The digests of what was read and written since it was asked last. */
  readonly touched: () => readonly string[];
  readonly dispose: () => Promise<void>;
}

const APP = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed";

/** What every RebasedImages must do. `make` gives an empty one. */
export function rebasedImagesSuite(name: string, make: () => Promise<MadeRebasedImages>): void {
  describe(`RebasedImages: ${name}`, () => {
    let made: MadeRebasedImages;
    let patched: TestRunImage;
    let appImage: string;
    beforeEach(async () => {
      made = await make();
      const first = await storeRunImage(made.store, "1");
      patched = await storeRunImage(made.store, "2");
      appImage = await storeAppImage(made.store, first);
      for (const digest of [first.digest, patched.digest]) await made.hold(undefined, digest);
      await made.hold(APP, appImage);
    });
    afterEach(() => made.dispose());

    const rebase = async () => {
      const [app, run] = [
        await readImageDocuments(made.store, appImage),
        await readImageDocuments(made.store, patched.digest),
      ];
      return putOnRunImage(app, run, patched);
    };

    it("keeps an image whose layers are the run image's and the app's own", async () => {
      const { image, info } = await rebase();
      await made.rebased.keep(APP, image);
      const { manifest, config } = await readImageDocuments(made.store, info.digest);
      const before = parseManifest(await buffer(await made.store.read(appImage)));
      expect(manifest.layers).toEqual([...patched.layers, ...before.layers.slice(2)]);
      expect(config.rootfs.diff_ids).toEqual(manifest.layers.map(({ digest }) => digest));
      if (made.serves) expect(await made.serves(APP, info.digest)).toBe(true);
    });

    it("neither reads nor writes a layer", async () => {
      const { image, info } = await rebase();
      made.touched();
      await made.rebased.keep(APP, image);
      const documents = new Set([info.digest, image.config.descriptor.digest]);
      expect(made.touched().filter((digest) => !documents.has(digest))).toEqual([]);
    });

    it("takes the same again, and several at a time", async () => {
      const { image, info } = await rebase();
      await Promise.all([made.rebased.keep(APP, image), made.rebased.keep(APP, image)]);
      await made.rebased.keep(APP, image);
      expect(digestOf(await buffer(await made.store.read(info.digest)))).toBe(info.digest);
    });

    it("keeps the index of images that it has kept, and refuses one of which an image is missing", async () => {
      const { image } = await rebase();
      const platform = { architecture: "amd64", os: "linux" };
      const index = encodeDocument(MEDIA.index, makeIndex([{ ...image.manifest.descriptor, platform }]));
      await expect(made.rebased.keepIndex(APP, index)).rejects.toThrow(image.manifest.descriptor.digest);
      await made.rebased.keep(APP, image);
      await made.rebased.keepIndex(APP, index);
      await made.rebased.keepIndex(APP, index);
      const { digest } = index.descriptor;
      expect(digestOf(await buffer(await made.store.read(digest)))).toBe(digest);
      if (made.serves) expect(await made.serves(APP, digest)).toBe(true);
    });

    it("refuses an image of which a layer is missing, and leaves none that could be run", async () => {
      const { image, info } = await rebase();
      await made.store.remove(patched.topLayer);
      await expect(made.rebased.keep(APP, image)).rejects.toThrow(patched.topLayer);
      await expect(made.store.read(info.digest)).rejects.toThrow();
    });
  });
}
