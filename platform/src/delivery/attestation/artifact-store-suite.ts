import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestOf, type ImageStore, MEDIA, type OciDescriptor } from "../image/index.ts";
import { makeDocumentArtifact, makeSignatureArtifact } from "./artifact.ts";
import type { ArtifactStore } from "./attestation-ports.ts";

export interface MadeArtifactStore {
  readonly store: ArtifactStore;
  /** Puts an image into the app's repository, with a layer of this content. */
  readonly hold: (appId: string, layer: string) => Promise<OciDescriptor>;
  readonly read: ImageStore["read"];
  /** What is about an image, as the registry lists it; undefined where there is none. */
  readonly referrers: ((appId: string, digest: string) => Promise<readonly OciDescriptor[]>) | undefined;
  readonly tags: (appId: string) => Promise<readonly string[]>;
  readonly dispose: () => Promise<void>;
}

const APP = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed";

/** What every ArtifactStore must do. `make` gives an empty one. */
export function artifactStoreSuite(name: string, make: () => Promise<MadeArtifactStore>): void {
  describe(`ArtifactStore: ${name}`, () => {
    let made: MadeArtifactStore;
    beforeEach(async () => {
      made = await make();
    });
    afterEach(() => made.dispose());

    it("keeps a document beside its image, where referrers are listed", async () => {
      const image = await made.hold(APP, "layer");
      const artifact = makeDocumentArtifact(image, "application/spdx+json", { name: "bill" });
      await made.store.attach(APP, artifact);
      const document = artifact.blobs.at(-1)?.descriptor.digest ?? "";
      expect((await buffer(await made.read(document))).toString()).toBe('{"name":"bill"}');
      const manifest = JSON.parse(
        (await buffer(await made.read(artifact.manifest.descriptor.digest))).toString(),
      );
      expect(manifest).toMatchObject({
        artifactType: "application/spdx+json",
        subject: { digest: image.digest },
      });
      if (!made.referrers) return;
      const [found, ...others] = await made.referrers(APP, image.digest);
      expect(others).toEqual([]);
      expect(found).toMatchObject({
        ...{ mediaType: MEDIA.manifest, artifactType: "application/spdx+json" },
        ...{ digest: artifact.manifest.descriptor.digest, size: artifact.manifest.bytes.length },
      });
    });

    it("gives a signature its tag, and takes the same again", async () => {
      const image = await made.hold(APP, "layer");
      const artifact = makeSignatureArtifact(image, Buffer.from("payload"), "c2ln");
      await made.store.attach(APP, artifact);
      await made.store.attach(APP, artifact);
      if (!made.referrers) return;
      expect(await made.referrers(APP, image.digest)).toHaveLength(1);
      expect(await made.tags(APP)).toEqual([`sha256-${image.digest.slice(7)}.sig`]);
    });

    it("takes several at a time", async () => {
      const image = await made.hold(APP, "layer");
      const all = ["a", "b", "c"].map((name) => makeDocumentArtifact(image, "application/x+json", { name }));
      await Promise.all(all.map((one) => made.store.attach(APP, one)));
      for (const { blobs } of all) {
        const [, document] = blobs;
        const read = await buffer(await made.read(document?.descriptor.digest ?? ""));
        expect(read.equals(document?.bytes ?? Buffer.alloc(0))).toBe(true);
      }
      if (made.referrers) expect(await made.referrers(APP, image.digest)).toHaveLength(3);
    });

    it("is what a digest says", async () => {
      await expect(made.read(digestOf("nothing"))).rejects.toThrow();
    });
  });
}
