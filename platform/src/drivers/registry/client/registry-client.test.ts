import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestOf, encodeDocument, MEDIA, makeIndex, makeManifest } from "../../../delivery/image/index.ts";
import { makeFakeRegistryStores } from "../../../delivery/registry/registry-fake.ts";
import { startTestRegistry, type TestRegistry } from "../../../delivery/registry/registry-fixtures.ts";
import { makeRegistryClient, type RegistryClient } from "./index.ts";

/** The client and our own registry, over real connections. */

const NAME = "team/app";
let registry: TestRegistry;
let client: RegistryClient;

const clientOf = (login?: { username: string; password: string }) =>
  makeRegistryClient({ url: `http://127.0.0.1:${registry.port}`, login });

beforeEach(async () => {
  registry = await startTestRegistry(makeFakeRegistryStores());
  client = clientOf(registry.push(NAME));
});
afterEach(async () => {
  await client.close();
  await registry.registry.stop();
});

const blobOf = (bytes: Buffer) => ({
  digest: digestOf(bytes),
  size: bytes.length,
  open: () => Readable.from([bytes.subarray(0, bytes.length / 2), bytes.subarray(bytes.length / 2)]),
});

async function pushImage(layer = randomBytes(64)) {
  const blob = blobOf(layer);
  const config = encodeDocument(MEDIA.config, {
    ...{ architecture: "amd64", os: "linux", config: {} },
    rootfs: { type: "layers", diff_ids: [blob.digest] },
  });
  await client.pushBlob(NAME, blob);
  await client.pushBlob(NAME, blobOf(config.bytes));
  const manifest = encodeDocument(
    MEDIA.manifest,
    makeManifest(config.descriptor, [{ mediaType: MEDIA.layer, digest: blob.digest, size: blob.size }]),
  );
  await client.pushManifest(NAME, "v1", { mediaType: MEDIA.manifest, bytes: manifest.bytes });
  return { blob, layer, manifest };
}

describe("a client of a registry", () => {
  it("pushes an image and reads it back", async () => {
    const { blob, layer, manifest } = await pushImage(randomBytes(2_000_000));
    const { digest } = manifest.descriptor;
    const pulled = { mediaType: MEDIA.manifest, digest, bytes: manifest.bytes };
    expect(await client.pullManifest(NAME, "v1")).toEqual(pulled);
    expect(await client.pullManifest(NAME, digest)).toEqual(pulled);
    expect((await buffer(client.readBlob(NAME, blob))).equals(layer)).toBe(true);
    expect((await buffer(client.readBlob(NAME, { digest: blob.digest }))).equals(layer)).toBe(true);
  });

  it("tells what is there from what is not", async () => {
    const { blob } = await pushImage();
    expect(await client.hasBlob(NAME, blob.digest)).toBe(true);
    expect(await client.hasBlob(NAME, digestOf("nothing"))).toBe(false);
    expect(await client.pullManifest(NAME, "v2")).toBeUndefined();
    expect(await client.pullManifest(NAME, digestOf("nothing"))).toBeUndefined();
    expect(await client.referrers(NAME, digestOf("nothing"))).toEqual([]);
    await expect(buffer(client.readBlob(NAME, { digest: digestOf("nothing") }))).rejects.toThrow(
      /reading sha256:.* of 127\.0\.0\.1:\d+\/team\/app: answer 404 \(BLOB_UNKNOWN/,
    );
  });

  it("pushes an index of images", async () => {
    const { manifest } = await pushImage();
    const index = encodeDocument(MEDIA.index, makeIndex([manifest.descriptor]));
    const pushed = { mediaType: MEDIA.index, bytes: index.bytes };
    expect(await client.pushManifest(NAME, "all", pushed)).toBe(index.descriptor.digest);
    expect(await client.pullManifest(NAME, "all")).toMatchObject({ mediaType: MEDIA.index });
  });

  it("lists what is about an image", async () => {
    const { manifest, blob } = await pushImage();
    await client.pushBlob(NAME, blobOf(Buffer.from("{}")));
    const artifactType = "application/spdx+json";
    const about = encodeDocument(MEDIA.manifest, {
      ...{ schemaVersion: 2, mediaType: MEDIA.manifest, artifactType },
      config: { mediaType: "application/vnd.oci.empty.v1+json", digest: digestOf("{}"), size: 2 },
      layers: [{ mediaType: artifactType, digest: blob.digest, size: blob.size }],
      subject: manifest.descriptor,
    });
    const { digest } = about.descriptor;
    await client.pushManifest(NAME, digest, { mediaType: MEDIA.manifest, bytes: about.bytes });
    const subject = manifest.descriptor.digest;
    const found = await client.referrers(NAME, subject);
    expect(found).toEqual([{ ...about.descriptor, artifactType }]);
    expect(await client.referrers(NAME, subject, artifactType)).toEqual(found);
    expect(await client.referrers(NAME, subject, "application/y")).toEqual([]);
    expect(await client.pullManifest(NAME, `sha256-${subject.slice(7)}`)).toBeUndefined();
  });

  it("has blobs taken over from where it may read, and says when they were not", async () => {
    const { blob } = await pushImage();
    expect(await client.mountBlob(NAME, blob.digest, NAME)).toBe(true);
    const other = clientOf(registry.push("other/app"));
    try {
      expect(await other.mountBlob("other/app", blob.digest, NAME)).toBe(false);
      expect(await other.hasBlob("other/app", blob.digest)).toBe(false);
    } finally {
      await other.close();
    }
  });

  it("takes content of no bytes, and the same content many times at once", async () => {
    const [empty, some] = [blobOf(Buffer.alloc(0)), blobOf(randomBytes(300_000))];
    await Promise.all(Array.from({ length: 10 }, (_, n) => client.pushBlob(NAME, n % 2 ? empty : some)));
    expect((await buffer(client.readBlob(NAME, empty))).length).toBe(0);
    expect(await client.hasBlob(NAME, some.digest)).toBe(true);
  });

  it("is refused without credentials, with wrong ones, and where they do not reach", async () => {
    const nobody = clientOf();
    const wrong = clientOf({ username: "space+team", password: "1.2.3" });
    const reader = clientOf(registry.pull("team"));
    try {
      await pushImage();
      await expect(nobody.hasBlob(NAME, digestOf("x"))).rejects.toThrow(
        /asking for a token: answer 401.*wants a user/,
      );
      await expect(wrong.hasBlob(NAME, digestOf("x"))).rejects.toThrow(
        /does not take this user and password/,
      );
      expect(await reader.pullManifest(NAME, "v1")).toBeDefined();
      await expect(reader.pushBlob(NAME, blobOf(Buffer.from("x")))).rejects.toMatchObject({
        ...{ status: 403, codes: ["DENIED"], passing: false },
      });
      await expect(wrong.hasBlob(NAME, digestOf("x"))).rejects.not.toThrow("1.2.3");
    } finally {
      for (const one of [nobody, wrong, reader]) await one.close();
    }
  });

  it("is told when content is not what its digest says, and when a manifest comes too early", async () => {
    const lie = { ...blobOf(Buffer.from("what came")), digest: digestOf("what was announced") };
    await expect(client.pushBlob(NAME, lie)).rejects.toMatchObject({ codes: ["DIGEST_INVALID"] });
    const config = { mediaType: MEDIA.config, digest: digestOf("nothing"), size: 7 };
    const { bytes } = encodeDocument(MEDIA.manifest, makeManifest(config, []));
    const early = client.pushManifest(NAME, "early", { mediaType: MEDIA.manifest, bytes });
    await expect(early).rejects.toMatchObject({ codes: ["MANIFEST_BLOB_UNKNOWN"] });
  });

  it("keeps nothing of a push that is broken off, and pushes again", async () => {
    const over = new AbortController();
    const bytes = randomBytes(500_000);
    const slow = {
      ...blobOf(bytes),
      async *open() {
        yield bytes.subarray(0, 100_000);
        over.abort(new Error("enough"));
        yield bytes.subarray(100_000);
      },
    };
    await expect(client.pushBlob(NAME, slow, { signal: over.signal })).rejects.toThrow("enough");
    expect(await client.hasBlob(NAME, slow.digest)).toBe(false);
    await client.pushBlob(NAME, blobOf(bytes));
    expect(await client.hasBlob(NAME, slow.digest)).toBe(true);
  });

  it("passes on what its content's source throws, and does not try that again", async () => {
    let opened = 0;
    const broken = {
      ...blobOf(Buffer.alloc(10)),
      async *open() {
        opened += 1;
        yield Buffer.alloc(3);
        throw new Error("the disk failed");
      },
    };
    await expect(client.pushBlob(NAME, broken)).rejects.toThrow("the disk failed");
    expect(opened).toBe(1);
  });
});
