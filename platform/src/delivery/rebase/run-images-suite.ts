import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestOf, encodeDocument, type ImageStore, MEDIA, makeIndex } from "../image/index.ts";
import { RUN_NAME, storeAppImage, storeRunImage } from "./rebase-fixtures.ts";
import type { RunImages } from "./rebase-ports.ts";

export interface MadeRunImages {
  readonly store: ImageStore;
  /** The run images, of an installation whose own is this one. */
  readonly open: (own: string | undefined) => RunImages;
  /** Stores a run image of the platform's own, and returns its digest. */
  readonly storeOwn: () => Promise<string>;
  readonly dispose: () => Promise<void>;
}

/** What every RunImages must do. */
export function runImagesSuite(name: string, make: () => Promise<MadeRunImages>): void {
  describe(`RunImages: ${name}`, () => {
    let made: MadeRunImages;
    beforeEach(async () => {
      made = await make();
    });
    afterEach(() => made.dispose());

    it("lists the installation's own, by the name that images have for it", async () => {
      const digest = await made.storeOwn();
      const listed = await made.open(`conifer/run@${digest}`).list();
      expect(listed).toMatchObject([{ name: "conifer/run:debian-12", digest }]);
      expect(listed[0]?.topLayer).toMatch(/^sha256:/);
    });

    it("lists nothing where there is none", async () => {
      expect(await made.open(undefined).list()).toEqual([]);
    });

    it("brings a build that is there by its digest, under the name that is given", async () => {
      const { layers, ...build } = await storeRunImage(made.store, "1");
      expect(await made.open(undefined).bring(build.digest, RUN_NAME)).toEqual(build);
      expect(layers).toHaveLength(2);
      const own = await made.storeOwn();
      expect(await made.open(undefined).bring(own, undefined)).toMatchObject({
        name: "conifer/run:debian-12",
      });
    });

    it("brings an index with its image for each kind of processors", async () => {
      const kinds = ["amd64", "arm64"] as const;
      const each = await Promise.all(
        kinds.map((architecture) => storeRunImage(made.store, "1", { architecture })),
      );
      const index = makeIndex(
        each.map(({ digest, architecture = "" }) => ({
          ...{ mediaType: MEDIA.manifest, digest, size: 1, platform: { architecture, os: "linux" } },
        })),
      );
      const { digest } = await made.store.write(encodeDocument(MEDIA.index, index).bytes);
      const build = await made.open(undefined).bring(digest, RUN_NAME);
      expect([build, ...(build.others ?? [])].map((one) => [one.architecture, one.digest])).toEqual(
        each.map((one) => [one.architecture, one.digest]),
      );
    });

    it("refuses an app's image", async () => {
      const digest = await storeAppImage(made.store, await storeRunImage(made.store, "1"));
      await expect(made.open(undefined).bring(digest, RUN_NAME)).rejects.toThrow("is an app's");
    });

    it("asks for the name of one that does not tell it", async () => {
      const { digest } = await storeRunImage(made.store, "1");
      await expect(made.open(undefined).bring(digest, undefined)).rejects.toThrow("--as");
    });

    it("refuses what is not there", async () => {
      await expect(made.open(undefined).bring(digestOf("nothing"), "a")).rejects.toMatchObject({
        name: "BusinessError",
      });
      await expect(made.open(undefined).bring("/nowhere", "a")).rejects.toMatchObject({
        id: "invalid_params",
      });
    });
  });
}
