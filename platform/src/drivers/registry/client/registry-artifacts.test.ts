import { buffer } from "node:stream/consumers";
import { expect, it } from "vitest";
import { makeSignatureArtifact } from "../../../delivery/attestation/artifact.ts";
import { artifactStoreSuite } from "../../../delivery/attestation/artifact-store-suite.ts";
import { storeImage } from "../../../delivery/attestation/attested-image-fixtures.ts";
import { holdImage } from "../../../delivery/registry/index.ts";
import { makeFakeRegistryStores } from "../../../delivery/registry/registry-fake.ts";
import { startTestRegistry } from "../../../delivery/registry/registry-fixtures.ts";
import { makeRegistryArtifacts, makeRegistryClient } from "./index.ts";

async function makeStore(limits: Parameters<typeof startTestRegistry>[1] = {}) {
  const stores = makeFakeRegistryStores();
  const registry = await startTestRegistry(stores, limits);
  const repositoryOf = (appId: string) => `team/${appId}`;
  const open = (appId: string) =>
    makeRegistryClient({
      url: `http://127.0.0.1:${registry.port}`,
      login: registry.push(repositoryOf(appId)),
    });
  return {
    store: makeRegistryArtifacts({ open, repositoryOf }),
    hold: async (name: string, layer: string) => {
      const { subject } = await storeImage(stores.content, layer);
      await holdImage(stores, { repository: { space: "team", name }, digest: subject.digest });
      return subject;
    },
    read: (digest: string) => stores.content.read(digest),
    referrers: async (appId: string, digest: string) => {
      const client = open(appId);
      return await client.referrers(repositoryOf(appId), digest).finally(() => client.close());
    },
    tags: async (name: string) => (await stores.records.tags({ space: "team", name })) ?? [],
    dispose: () => registry.registry.stop(),
  };
}

artifactStoreSuite("registry", () => makeStore());

it("keeps a signature without its tag where there are too many", async () => {
  const made = await makeStore({ tags: 0 });
  const image = await made.hold("app", "layer");
  const artifact = makeSignatureArtifact(image, Buffer.from("payload"), "c2ln");
  await made.store.attach("app", artifact);
  expect(await made.tags("app")).toEqual([]);
  expect(await made.referrers("app", image.digest)).toHaveLength(1);
  expect(
    (await buffer(await made.read(artifact.manifest.descriptor.digest))).equals(artifact.manifest.bytes),
  ).toBe(true);
  await made.dispose();
});
