import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { digestOf } from "../image/index.ts";
import { startTestDelivery, type TestDelivery } from "../release/delivery-fixtures.ts";
import { checkSignature, makeAdmission } from "./admit-image.ts";
import { insertAttestations } from "./attestation-store.ts";
import { makePayload, signPayload } from "./image-signature.ts";
import { openInstallationKey, revokeKey, rotateKey } from "./installation-key.ts";
import { listPublicKeys } from "./installation-key-store.ts";

const IMAGE = digestOf("image");
let world: TestDelivery;
let appId: string;

beforeAll(async () => {
  world = await startTestDelivery();
});
afterAll(() => world.stop());
beforeEach(async () => {
  appId = (await world.newApp()).id;
});

/** Signs the image with the key that signs now, and gives the key's id. */
async function signImage(): Promise<string> {
  const key = await openInstallationKey(world);
  const payload = makePayload(`apps/${appId}`, IMAGE);
  await insertAttestations(world.db, { appId, imageDigest: IMAGE }, [
    {
      kind: "signature",
      digest: digestOf(`signature by ${key.id}`),
      artifactType: "application/vnd.dev.cosign.artifact.sig.v1+json",
      document: { mediaType: "a", digest: digestOf(payload), sizeBytes: payload.length },
      keyId: key.id,
      buildId: null,
      signature: { payload: payload.toString("base64"), value: signPayload(payload, key) },
      createdAt: world.clock(),
    },
  ]);
  return key.id;
}

it("a key that was rotated signs no more, and what it has signed stays good", async () => {
  const before = await signImage();
  const [now, earlier] = await rotateKey(world);
  expect(now).toMatchObject({ current: true, revokedAt: null });
  expect(earlier).toMatchObject({ id: before, current: false, revokedAt: null });
  expect((await openInstallationKey(world)).id).toBe(now?.id);
  expect(await checkSignature(world.db, appId, IMAGE)).toEqual({ kind: "verified", keyId: before });
});

it("nothing is good that only a revoked key has signed, also where it was looked at before", async () => {
  const key = await signImage();
  const admit = makeAdmission(world.db);
  expect(await admit(appId, IMAGE)).toBeUndefined();
  await rotateKey(world);
  expect(await admit(appId, IMAGE)).toBeUndefined();
  await revokeKey(key.slice(0, 12), world);
  await revokeKey(key, world);
  expect(await admit(appId, IMAGE)).toContain("its signature was not made by this installation");
  await signImage();
  expect(await admit(appId, IMAGE)).toBeUndefined();
});

it("the key that signs now cannot be revoked, nor one that is not there", async () => {
  const key = await signImage();
  await expect(revokeKey(key, world)).rejects.toThrow("Rotate first");
  for (const name of ["", "ffffffffffff"])
    await expect(revokeKey(name, world)).rejects.toThrow("Couldn't find that signing key");
  expect((await listPublicKeys(world.db))[0]).toMatchObject({ id: key, current: true, revokedAt: null });
});

it("whoever rotates at the same time, one key signs", async () => {
  await Promise.all([rotateKey(world), rotateKey(world), signImage(), rotateKey(world)]);
  const keys = await listPublicKeys(world.db);
  expect(keys.filter(({ current }) => current)).toHaveLength(1);
  expect((await openInstallationKey(world)).id).toBe(keys[0]?.id);
});
