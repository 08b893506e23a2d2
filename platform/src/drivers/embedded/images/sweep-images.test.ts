import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  digestOf,
  encodeDocument,
  hexOf,
  joinImages,
  MEDIA,
  readPlatformImage,
} from "../../../delivery/image/index.ts";
import { storePlatformImage } from "../../../delivery/image/platform-image-fixtures.ts";
import { holdImage } from "../../../delivery/registry/index.ts";
import { repository } from "../../../delivery/registry/registry-fixtures.ts";
import {
  age,
  filesIn,
  holdMade,
  isWhole,
  makeImage,
  openSweptStores,
  type SweptStores,
  sweepAll,
} from "./sweep-fixtures.ts";

const APP = repository("common/2f1c6a52-5d3e-4b57-8a43-0d9c2f6b7e11");
const RUN = repository("conifer/run");
let stores: SweptStores;
beforeEach(async () => {
  stores = await openSweptStores();
});
afterEach(() => stores.dispose());

const blobs = () => filesIn(join(stores.images, "blobs"));

describe("a sweep removes", () => {
  test("what nothing reaches, once that has been so for the time of grace, and tells how much", async () => {
    const image = await makeImage(stores);
    await holdMade(stores, APP, image);
    age(stores.root);
    expect(await stores.sweep()).toEqual({ manifests: 0, blobs: 0, freedBytes: 0, waiting: 6, more: false });
    expect(await isWhole(stores, image)).toBe(true);
    age(stores.root);
    const freedBytes = image.bytes.length + image.parts.reduce((sum, part) => sum + part.size, 0);
    expect(await stores.sweep()).toEqual({ manifests: 1, blobs: 3, freedBytes, waiting: 0, more: false });
    expect([blobs(), filesIn(stores.repositories)]).toEqual([[], []]);
  });

  test("what a tag named before it moved, and not what both images share", async () => {
    const layer = Buffer.from("shared");
    const [before, after] = [
      await makeImage(stores, { annotations: { n: "1" } }, layer),
      await makeImage(stores, {}, layer),
    ];
    for (const image of [before, after]) await holdMade(stores, APP, image, { tag: "cache" });
    await sweepAll(stores);
    expect(await isWhole(stores, after)).toBe(true);
    expect(blobs()).not.toContain(hexOf(before.digest));
    expect(await stores.records.findManifest(APP, before.digest)).toBeUndefined();
    expect((await stores.records.findManifest(APP, "cache"))?.digest).toBe(after.digest);
  });

  test("what killed writers and sweeps have left, and no file that is being written", async () => {
    await stores.records.holdBlob(APP, digestOf("b"));
    const old = [
      join(stores.images, "ingest/1-left"),
      join(stores.repositories, "common", APP.name, "blobs/.left"),
    ];
    for (const path of old) writeFileSync(path, "half");
    age(stores.root);
    writeFileSync(join(stores.images, "ingest/2-new"), "half");
    await stores.sweep();
    expect(filesIn(join(stores.images, "ingest"))).toEqual(["2-new"]);
    expect(filesIn(stores.repositories)).toEqual([hexOf(digestOf("b"))]);
  });

  test("the place of a manifest among the referrers of another, with the manifest", async () => {
    const subject = digestOf("never pushed");
    await holdMade(stores, APP, await makeImage(stores), { subject });
    await sweepAll(stores);
    expect(await stores.records.referrers(APP, subject)).toEqual([]);
    expect(filesIn(stores.repositories)).toEqual([]);
  });

  test("no more than it may at once, and the next one goes on", async () => {
    for (let n = 0; n < 3; n += 1) await makeImage(stores);
    age(stores.root);
    await stores.sweep();
    age(stores.root);
    expect(await stores.sweep({ mostRemoved: 5 })).toMatchObject({ blobs: 5, more: true });
    expect(await stores.sweep({ mostRemoved: 5 })).toMatchObject({ blobs: 4, more: false });
    expect(blobs()).toEqual([]);
  });
});

describe("a sweep keeps", () => {
  test("the images of an index that is of the record, in their repository and out of it", async () => {
    const images = await Promise.all(
      ["amd64", "arm64"].map(async (architecture) => {
        const digest = await storePlatformImage(stores.content, architecture, { layers: [architecture] });
        return await readPlatformImage(stores.content, { digest });
      }),
    );
    const { index, info } = joinImages(images);
    await stores.content.write(index.bytes);
    await holdImage(stores, { repository: APP, digest: info.digest, tag: "latest" });
    const newer = await makeImage(stores);
    await holdMade(stores, APP, newer, { tag: "latest" });
    await sweepAll(stores, { known: [info.digest] });
    expect(blobs()).toHaveLength(7 + 3);
    for (const { digest } of [info, ...images])
      expect(await stores.records.findManifest(APP, digest)).toBeDefined();
    await sweepAll(stores);
    expect(blobs()).toHaveLength(3);
  });

  test("images with a tag, with a name in the layout, known to the platform, and of the platform itself", async () => {
    const tagged = await makeImage(stores);
    const named = await makeImage(stores);
    const known = await makeImage(stores);
    const ours = await makeImage(stores);
    await holdMade(stores, APP, tagged, { tag: "v1" });
    await stores.content.tag(`${APP.name}:latest`, named.digest);
    await holdMade(stores, RUN, ours);
    await sweepAll(stores, { known: [known.digest, digestOf("of a machine before this one")] });
    for (const image of [tagged, named, known, ours]) expect(await isWhole(stores, image)).toBe(true);
    await stores.content.forget(APP.name);
    await sweepAll(stores);
    expect([await isWhole(stores, named), await isWhole(stores, known)]).toEqual([false, false]);
    expect([await isWhole(stores, tagged), await isWhole(stores, ours)]).toEqual([true, true]);
  });

  test("a known image in its repository too, though no tag names it: nodes pull by digest", async () => {
    const image = await makeImage(stores);
    await holdImage(stores, { repository: APP, digest: image.digest });
    await sweepAll(stores, { known: [image.digest] });
    expect(await stores.records.findManifest(APP, image.digest)).toBeDefined();
    for (const part of image.parts) expect(await stores.records.holdsBlob(APP, part.digest)).toBe(true);
  });

  test("what an index names, in a repository and known by its digest alone", async () => {
    const [held, alone] = [await makeImage(stores), await makeImage(stores)];
    const indexOf = async (image: typeof held) => {
      const manifests = [{ mediaType: MEDIA.manifest, digest: image.digest, size: image.bytes.length }];
      const made = encodeDocument(MEDIA.index, { schemaVersion: 2, manifests });
      await stores.content.write(made.bytes);
      return made;
    };
    const [index, other] = [await indexOf(held), await indexOf(alone)];
    await holdMade(stores, APP, held);
    const record = { digest: index.descriptor.digest, mediaType: MEDIA.index, sizeBytes: index.bytes.length };
    await stores.records.holdManifest(APP, record, "multi");
    await sweepAll(stores, { known: [other.descriptor.digest] });
    expect([await isWhole(stores, held), await isWhole(stores, alone)]).toEqual([true, true]);
    expect(await stores.records.findManifest(APP, held.digest)).toBeDefined();
  });

  test("what is about something it keeps, and what is about that, in a repository or in none", async () => {
    const image = await makeImage(stores);
    const about = (subject: string) =>
      makeImage(stores, { subject: { mediaType: MEDIA.manifest, digest: subject, size: 1 } });
    const sbom = await about(image.digest);
    const signature = await about(sbom.digest);
    const held = await about(image.digest);
    await holdMade(stores, APP, image, { tag: "v1" });
    await holdMade(stores, APP, held, { subject: image.digest });
    const lost = await about(digestOf("nobody's"));
    await sweepAll(stores);
    for (const one of [image, sbom, signature, held]) expect(await isWhole(stores, one)).toBe(true);
    expect(await isWhole(stores, lost)).toBe(false);
    expect(await stores.records.referrers(APP, image.digest)).toHaveLength(1);
    await stores.records.dropTag(APP, "v1");
    await sweepAll(stores);
    expect(blobs()).toEqual([]);
  });

  test("what came within reach again, and counts its time of grace anew when it is lost once more", async () => {
    const image = await makeImage(stores);
    age(stores.root);
    await stores.sweep();
    age(stores.root);
    await stores.sweep({ known: [image.digest] });
    age(stores.root);
    await stores.sweep();
    expect(await isWhole(stores, image)).toBe(true);
  });

  test("what somebody counts on since it was planned to go, and with it all of that repository", async () => {
    const image = await makeImage(stores);
    await holdMade(stores, APP, image);
    age(stores.root);
    await stores.sweep();
    age(stores.root);
    let asked = false;
    await stores.sweep({
      onAside: async () => {
        if (asked) return;
        asked = true;
        expect((await stores.records.findManifest(APP, image.digest))?.digest).toBe(image.digest);
      },
    });
    expect([asked, await isWhole(stores, image)]).toEqual([true, true]);
    for (const part of image.parts) expect(await stores.records.holdsBlob(APP, part.digest)).toBe(true);
  });

  test("everything, when it cannot be known what is needed, and says which document is in the way", async () => {
    const [image] = [await makeImage(stores), await makeImage(stores)];
    await holdMade(stores, APP, image, { tag: "v1" });
    age(stores.root);
    await stores.sweep();
    const path = join(stores.images, "blobs/sha256", hexOf(image.digest));
    const text = readFileSync(path);
    writeFileSync(path, "damaged");
    age(stores.root);
    await expect(stores.sweep()).rejects.toThrow(`The manifest ${image.digest} cannot be read`);
    expect(blobs()).toHaveLength(6);
    writeFileSync(path, text);
    expect(await stores.sweep()).toMatchObject({ blobs: 3 });
    expect(await isWhole(stores, image)).toBe(true);
  });
});

describe("a sweep", () => {
  test("runs alone", async () => {
    await makeImage(stores);
    const [first, second] = await Promise.all([stores.sweep(), stores.sweep()]);
    expect([first, second].filter((one) => one === undefined)).toHaveLength(1);
    expect(await stores.sweep()).toBeDefined();
  });

  test("ends when it is told to, and removes nothing after that", async () => {
    await makeImage(stores);
    age(stores.root);
    await stores.sweep();
    age(stores.root);
    const stop = new AbortController();
    const onAside = async () => stop.abort(new Error("enough"));
    await expect(stores.sweep({ signal: stop.signal, onAside })).rejects.toThrow("enough");
    expect(blobs()).toHaveLength(2);
    expect(await stores.sweep()).toMatchObject({ blobs: 2 });
  });

  test("puts back what one before it had aside when it was killed", async () => {
    const image = await makeImage(stores);
    await holdMade(stores, APP, image, { tag: "v1" });
    age(stores.root);
    const folder = join(stores.images, "blobs/sha256");
    const [config, layer] = image.parts.map((part) => hexOf(part.digest));
    renameSync(join(folder, `${config}`), join(folder, `.removed-${config}`));
    renameSync(join(folder, `${layer}`), join(folder, `.removed-${layer}~2f1c`));
    await stores.sweep();
    expect(await isWhole(stores, image)).toBe(true);
    expect(blobs()).toHaveLength(3);
  });

  test("begins anew where its notes are damaged, and of a store without repositories", async () => {
    await makeImage(stores);
    mkdirSync(stores.repositories, { recursive: true });
    for (const text of ["{", "[]", "null", '{"sha256:x":"y"}']) {
      writeFileSync(join(stores.images, "out-of-reach.json"), text);
      expect(await stores.sweep()).toMatchObject({ blobs: 0 });
    }
  });
});
