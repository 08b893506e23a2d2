import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { digestOf, MEDIA, makeIndex, makeManifest, type OciDescriptor } from "./oci-documents.ts";
import { vouchForTree } from "./vouch-for-tree.ts";

/** Content in a map, which tells what it was asked for. */
function makeContent() {
  const blobs = new Map<string, Buffer>();
  const vouched: string[] = [];
  const put = (mediaType: string, bytes: Buffer): OciDescriptor => {
    const digest = digestOf(bytes);
    blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const putJson = (mediaType: string, document: object) =>
    put(mediaType, Buffer.from(JSON.stringify(document)));
  const putImage = (name: string) => {
    const config = put(MEDIA.config, Buffer.from(`{"for":"${name}"}`));
    const layer = put(MEDIA.layer, Buffer.from(`layer of ${name}`));
    return { config, layer, manifest: putJson(MEDIA.manifest, makeManifest(config, [layer])) };
  };
  const content = {
    sizeOf: async (digest: string) => {
      vouched.push(digest);
      return blobs.get(digest)?.length;
    },
    read: async (digest: string) => Readable.from([blobs.get(digest) ?? Buffer.alloc(0)]),
  };
  return { blobs, vouched, put, putJson, putImage, content };
}

describe("vouching for a document", () => {
  test("makes new what a manifest names", async () => {
    const { content, vouched, putImage } = makeContent();
    const { config, layer, manifest } = putImage("one");
    expect(await vouchForTree(manifest.digest, content)).toEqual({
      mediaType: MEDIA.manifest,
      size: manifest.size,
    });
    expect(vouched).toEqual([manifest.digest, config.digest, layer.digest]);
  });

  test("makes new what the images of an index name", async () => {
    const { content, vouched, putImage, putJson } = makeContent();
    const images = [putImage("one"), putImage("two")];
    const index = putJson(MEDIA.index, makeIndex(images.map((image) => image.manifest)));
    expect(await vouchForTree(index.digest, content)).toEqual({ mediaType: MEDIA.index, size: index.size });
    const all = images.flatMap(({ config, layer, manifest }) => [manifest, config, layer]);
    expect(vouched.toSorted()).toEqual([index, ...all].map((one) => one.digest).toSorted());
  });

  test("tells that a document is not there, and goes on where only a part is not", async () => {
    const { blobs, content, vouched, putImage, putJson } = makeContent();
    expect(await vouchForTree(digestOf("nothing"), content)).toBeUndefined();
    const [lost, held] = [putImage("lost"), putImage("held")];
    const index = putJson(MEDIA.index, makeIndex([lost.manifest, held.manifest]));
    blobs.delete(lost.manifest.digest);
    expect(await vouchForTree(index.digest, content)).toMatchObject({ mediaType: MEDIA.index });
    expect(vouched).toContain(held.layer.digest);
  });

  test("takes what is no document as naming nothing", async () => {
    const { content, put } = makeContent();
    const text = put(MEDIA.layer, Buffer.from("no document"));
    expect(await vouchForTree(text.digest, content)).toMatchObject({ size: text.size });
    const large = put(MEDIA.layer, Buffer.alloc(5 * 1024 * 1024, " "));
    expect(await vouchForTree(large.digest, content)).toMatchObject({ size: large.size });
  });

  test("goes once through indexes that name one another many times over", async () => {
    const { content, vouched, putImage, putJson } = makeContent();
    let named = putImage("one").manifest;
    for (let depth = 0; depth < 40; depth += 1)
      named = putJson(MEDIA.index, makeIndex([named, { ...named, annotations: { again: `${depth}` } }]));
    await vouchForTree(named.digest, content);
    expect(vouched).toHaveLength(40 + 3);
  });
});
