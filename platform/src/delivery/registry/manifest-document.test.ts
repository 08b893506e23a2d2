import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MEDIA } from "../image/index.ts";
import { readManifestDocument } from "./manifest-document.ts";

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const blob = (digit: string, mediaType: string = MEDIA.layer) => ({
  mediaType,
  digest: digest(digit),
  size: 3,
});
const image = {
  schemaVersion: 2,
  mediaType: MEDIA.manifest,
  config: blob("c", MEDIA.config),
  layers: [blob("1")],
};
const index = { schemaVersion: 2, mediaType: MEDIA.index, manifests: [blob("a", MEDIA.manifest)] };
const read = (document: unknown, type?: string) =>
  readManifestDocument(Buffer.from(JSON.stringify(document)), type);

const DOCKER = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";

describe("a manifest that is pushed", () => {
  test("names its blobs", () => {
    const wanted = { mediaType: MEDIA.manifest, blobs: [image.config, blob("1")], manifests: [] };
    expect(read(image)).toEqual(wanted);
    expect(read(image, `${MEDIA.manifest}; charset=utf-8`)).toEqual(wanted);
    expect(read({ ...image, mediaType: undefined }, MEDIA.manifest)).toEqual(wanted);
  });

  test("of Docker's types is one too", () => {
    expect(read({ ...image, mediaType: DOCKER }, DOCKER)).toMatchObject({ mediaType: DOCKER });
    expect(read({ ...index, mediaType: DOCKER_LIST })).toMatchObject({ mediaType: DOCKER_LIST });
  });

  test("that is an index names manifests", () => {
    expect(read(index)).toEqual({ mediaType: MEDIA.index, blobs: [], manifests: index.manifests });
  });

  test("about another says so, with its type: its own, or else its config's", () => {
    const subject = blob("e", MEDIA.manifest);
    const annotations = { "org.example.kind": "sbom" };
    expect(read({ ...image, subject, annotations, artifactType: "application/x" })).toMatchObject({
      ...{ subject: subject.digest, artifactType: "application/x", annotations },
    });
    expect(read({ ...image, subject })).toMatchObject({ artifactType: MEDIA.config });
    expect(read({ ...index, subject })).not.toHaveProperty("artifactType");
  });
});

describe("is refused:", () => {
  const subject = blob("e");
  test.each([
    ["no JSON", "{", undefined, "not JSON"],
    ["a list", [], MEDIA.manifest, "no object"],
    ["null", null, MEDIA.manifest, "no object"],
    ["no type", { ...image, mediaType: undefined }, undefined, "media type"],
    ["two types", image, MEDIA.index, "not the Content-Type"],
    ["a type that is not taken", { ...image, mediaType: "text/plain" }, "text/plain", "not taken"],
    ["the first schema", { schemaVersion: 1 }, `${DOCKER.replace("v2", "v1")}`, "not taken"],
    ["another schema", { ...image, schemaVersion: 3 }, undefined, "schemaVersion"],
    ["a digest that is a path", { ...image, layers: [{ ...blob("1"), digest: "../x" }] }, undefined, "desc"],
    ["a negative size", { ...image, config: { ...image.config, size: -1 } }, undefined, "descriptor"],
    ["layers that are none", { ...image, layers: "all" }, undefined, "not a list"],
    ["too many layers", { ...image, layers: Array(1_000).fill(blob("1")) }, undefined, "at most 1000"],
    ["a subject that is none", { ...image, subject: "x" }, undefined, "subject"],
    ["annotations that are none", { ...image, subject, annotations: { a: 1 } }, undefined, "annotations"],
    ["annotations that are a list", { ...image, subject, annotations: ["a"] }, undefined, "annotations"],
    ["large annotations", { ...image, subject, annotations: { a: "x".repeat(5_000) } }, undefined, "over"],
    ["a type that is no text", { ...image, subject, artifactType: { a: 1 } }, undefined, "artifactType"],
  ])("%s", (_what, document, type, why) => {
    const bytes = Buffer.from(typeof document === "string" ? document : JSON.stringify(document));
    expect(() => readManifestDocument(bytes, type)).toThrow(
      expect.objectContaining({ code: "MANIFEST_INVALID", message: expect.stringContaining(why) }),
    );
  });

  test("and so is anything else, in the same words", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(() => readManifestDocument(Buffer.from(text), MEDIA.manifest)).toThrow(
          expect.objectContaining({ code: "MANIFEST_INVALID" }),
        );
      }),
    );
  });
});
