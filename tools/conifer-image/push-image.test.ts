import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { blobPath } from "../../buildpacks/lifecycle/image-layout.ts";
import { signatureTag } from "../../platform/src/delivery/attestation/index.ts";
import { MEDIA, makeIndex, parseIndex } from "../../platform/src/delivery/image/index.ts";
import { makeFakeRegistryStores } from "../../platform/src/delivery/registry/registry-fake.ts";
import {
  startTestRegistry,
  type TestRegistry,
} from "../../platform/src/delivery/registry/registry-fixtures.ts";
import { makeRegistryClient, type RegistryClient } from "../../platform/src/drivers/registry/client/index.ts";
import { makeSmallImage, testKey } from "./conifer-image-fixtures.ts";
import { openLayout, openRepository } from "./image-source.ts";
import { pushImage } from "./push-image.ts";
import { SPDX_TYPE } from "./spdx-document.ts";
import { verifyImage } from "./verify-image.ts";

const NAME = "team/conifer";
const key = testKey();
let folder: string;
let digest: string;
let registry: TestRegistry;
let client: RegistryClient;
const said: string[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "push-"));
  digest = await makeSmallImage(folder, key);
  registry = await startTestRegistry(makeFakeRegistryStores());
  client = makeRegistryClient({ url: `http://127.0.0.1:${registry.port}`, login: registry.push(NAME) });
  said.length = 0;
});
afterEach(async () => {
  await client.close();
  await registry.registry.stop();
  rmSync(folder, { recursive: true, force: true });
});

const push = (tag = "v1") =>
  pushImage(folder, { client, repository: NAME, tag, tell: (line) => said.push(line) });

describe("an image that is pushed", () => {
  it("arrives with all of its platforms, bills of materials and signature", async () => {
    expect(await push()).toBe(digest);
    const index = await client.pullManifest(NAME, "v1");
    expect(index).toMatchObject({ digest, mediaType: MEDIA.index });
    for (const { digest: platform } of parseIndex(index?.bytes ?? Buffer.alloc(0)).manifests) {
      const [sbom, ...more] = await client.referrers(NAME, platform);
      expect([sbom?.artifactType, more.length]).toEqual([SPDX_TYPE, 0]);
      expect(await client.pullManifest(NAME, sbom?.digest ?? "")).toBeDefined();
    }
    expect(await client.pullManifest(NAME, signatureTag(digest))).toBeDefined();
    const good = { digest, platforms: ["linux/amd64", "linux/arm64"] };
    expect(await verifyImage(openRepository(client, NAME), "v1", key.publicKey)).toEqual(good);
    const other = verifyImage(openRepository(client, NAME), "v1", testKey().publicKey);
    await expect(other).rejects.toThrow("was made with this key");
  });

  it("is not sent again", async () => {
    await push();
    expect(said.at(-2)).toMatch(/^(\d+) of \1 parts were sent, 0 were there\.$/);
    said.length = 0;
    await push("v2");
    expect(said).toEqual([
      expect.stringMatching(/^0 of (\d+) parts were sent, \1 were there\.$/),
      "Naming it v2 ...",
    ]);
    expect(await client.pullManifest(NAME, "v2")).toMatchObject({ digest });
  });

  it("may be a single one", async () => {
    const [platform] = parseIndex(
      (await (await openLayout(folder)).manifest(digest))?.bytes ?? Buffer.alloc(0),
    ).manifests;
    if (!platform) throw new Error("no platform");
    writeFileSync(join(folder, "index.json"), JSON.stringify(makeIndex([platform])));
    expect(await push()).toBe(platform.digest);
    expect(await client.pullManifest(NAME, "v1")).toMatchObject({ mediaType: MEDIA.manifest });
  });

  it("gets no name unless all of it has arrived", async () => {
    const [platform] = parseIndex(
      (await (await openLayout(folder)).manifest(digest))?.bytes ?? Buffer.alloc(0),
    ).manifests;
    const manifest = await (await openLayout(folder)).manifest(platform?.digest ?? "");
    const layers = JSON.parse(manifest?.bytes.toString() ?? "").layers as { digest: string }[];
    rmSync(blobPath(folder, layers[0]?.digest ?? ""));
    await expect(push()).rejects.toThrow("ENOENT");
    expect(await client.pullManifest(NAME, "v1")).toBeUndefined();
    rmSync(blobPath(folder, platform?.digest ?? ""));
    await expect(push()).rejects.toThrow("Remove the folder and try again.");
  });

  it("must be there", async () => {
    writeFileSync(join(folder, "index.json"), JSON.stringify(makeIndex([])));
    await expect(push()).rejects.toThrow("holds no image");
  });
});
