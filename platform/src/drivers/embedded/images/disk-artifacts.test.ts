import { describe, expect, it } from "vitest";
import {
  type Artifact,
  makeDocumentArtifact,
  makeSignatureArtifact,
} from "../../../delivery/attestation/artifact.ts";
import { artifactStoreSuite } from "../../../delivery/attestation/artifact-store-suite.ts";
import { storeImage } from "../../../delivery/attestation/attested-image-fixtures.ts";
import { COMMON_SPACE, holdImage } from "../../../delivery/registry/index.ts";
import { openDiskArtifacts } from "./disk-artifacts.ts";
import { age, filesIn, openSweptStores, type SweptStores, sweepAll } from "./sweep-fixtures.ts";

const APP = { space: COMMON_SPACE, name: "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed" };

async function makeStore(withRegistry: boolean) {
  const stores = await openSweptStores();
  const { content, records } = stores;
  return {
    store: openDiskArtifacts({ content, ...(withRegistry ? { records } : {}) }),
    hold: async (name: string, layer: string) => {
      const { subject } = await storeImage(content, layer);
      if (withRegistry) await holdImage(stores, { repository: { ...APP, name }, digest: subject.digest });
      return subject;
    },
    read: content.read,
    referrers: withRegistry
      ? (name: string, digest: string) => records.referrers({ ...APP, name }, digest)
      : undefined,
    tags: async (name: string) => (await records.tags({ ...APP, name })) ?? [],
    dispose: stores.dispose,
  };
}

artifactStoreSuite("disk, with a registry", () => makeStore(true));
artifactStoreSuite("disk, without one", () => makeStore(false));

describe("what is said of an image", () => {
  async function withStatements(
    withRegistry: boolean,
    work: (stores: SweptStores, made: { digest: string; statements: readonly Artifact[] }) => Promise<void>,
  ): Promise<void> {
    const stores = await openSweptStores();
    const { content, records } = stores;
    const { subject, digest } = await storeImage(content);
    if (withRegistry) await holdImage(stores, { repository: APP, digest });
    const statements = [
      makeDocumentArtifact(subject, "application/spdx+json", { name: "bill" }),
      makeSignatureArtifact(subject, Buffer.from("payload"), "c2ln"),
    ];
    const store = openDiskArtifacts({ content, ...(withRegistry ? { records } : {}) });
    for (const one of statements) await store.attach(APP.name, one);
    await work(stores, { digest, statements }).finally(stores.dispose);
  }

  it.each([true, false])(
    "stays as long as the record knows the image, and goes with it (registry: %s)",
    async (on) => {
      await withStatements(on, async (stores, { digest, statements }) => {
        await sweepAll(stores, { known: [digest] });
        for (const { blobs, manifest } of statements)
          for (const { descriptor } of [...blobs, manifest])
            expect(await stores.content.has(descriptor.digest)).toBe(true);
        if (on) expect(await stores.records.referrers(APP, digest)).toHaveLength(2);
        await sweepAll(stores);
        age(stores.root);
        await stores.sweep();
        expect(filesIn(stores.images).filter((name) => /^[0-9a-f]{64}$/.test(name))).toEqual([]);
        expect(filesIn(stores.repositories)).toEqual([]);
      });
    },
  );

  it("keeps its tag while it is there, also when it is signed by others without a subject", async () => {
    await withStatements(true, async (stores, { digest, statements }) => {
      const tag = `sha256-${digest.slice(7)}.sig`;
      await sweepAll(stores, { known: [digest] });
      expect((await stores.records.findManifest(APP, tag))?.digest).toBe(
        statements[1]?.manifest.descriptor.digest,
      );
      const other = await storeImage(stores.content, "a signature as others push it");
      await holdImage(stores, { repository: APP, digest: other.digest, tag });
      await sweepAll(stores);
      expect((await stores.records.findManifest(APP, tag))?.digest).toBe(other.digest);
    });
  });
});
