import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { blobPath } from "../../buildpacks/lifecycle/image-layout.ts";
import { digestOf, parseIndex, parseManifest } from "../../platform/src/delivery/image/index.ts";
import { makeSmallImage, testKey } from "./conifer-image-fixtures.ts";
import { openLayout } from "./image-source.ts";
import { verifyImage } from "./verify-image.ts";

const key = testKey();
let folder: string;
let digest: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "verify-"));
  digest = await makeSmallImage(folder, key);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const verify = async (reference = digest, with_ = key) =>
  await verifyImage(await openLayout(folder), reference, with_.publicKey);
const document = (of: string) => readFileSync(blobPath(folder, of));
const first = () => {
  const [platform] = parseIndex(document(digest)).manifests;
  const [layer] = parseManifest(document(platform?.digest ?? "")).layers;
  return { platform: platform?.digest ?? "", layer: layer?.digest ?? "" };
};

describe("an image in a layout", () => {
  it("is good when it is signed and whole, by digest and by tag", async () => {
    const good = { digest, platforms: ["linux/amd64", "linux/arm64"] };
    expect(await verify()).toEqual(good);
    expect(await verify("1.2.3")).toEqual(good);
  });

  it("is not good for another key", async () => {
    await expect(verify(digest, testKey())).rejects.toThrow(
      /no signature of sha256:.* was made with this key\.$/,
    );
  });

  it("is not good under a name that nothing has", async () => {
    await expect(verify("2.0.0")).rejects.toThrow("2.0.0 is not good: there is no such image.");
    await expect(verify(digestOf("gone"))).rejects.toMatchObject({ failure: "failed" });
  });

  it("is not good when nobody has signed it", async () => {
    const { platform } = first();
    await expect(verify(platform)).rejects.toThrow(`nobody has signed ${platform}`);
  });

  it.each([
    ["a layer has grown", (path: string) => appendFileSync(path, "x"), /has 14 bytes, not 13/],
    ["a layer is another", (path: string) => writeFileSync(path, "BASE of amd64"), /is damaged/],
    ["a layer is gone", (path: string) => rmSync(path), /is missing/],
  ])("is not good when %s", async (_, spoil, wanted) => {
    spoil(blobPath(folder, first().layer));
    await expect(verify()).rejects.toThrow(wanted);
  });

  it("is not good when a platform's manifest is another, or gone", async () => {
    const path = blobPath(folder, first().platform);
    appendFileSync(path, " ");
    await expect(verify()).rejects.toThrow(/is damaged in/);
    rmSync(path);
    await expect(verify()).rejects.toThrow(/its manifest sha256:.* is missing/);
  });

  it("is not good when its signature is for another image", async () => {
    const index = JSON.parse(readFileSync(join(folder, "index.json"), "utf8"));
    const { platform } = first();
    index.manifests.at(-1).annotations["org.opencontainers.image.ref.name"] =
      `sha256-${platform.slice(7)}.sig`;
    writeFileSync(join(folder, "index.json"), JSON.stringify(index));
    await expect(verify(platform)).rejects.toThrow("was made with this key");
  });
});
