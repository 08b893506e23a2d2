import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  digestOf,
  encodeDocument,
  hexOf,
  isDigest,
  MEDIA,
  makeIndex,
  makeManifest,
  parseConfig,
  parseIndex,
  parseManifest,
} from "./oci-documents.ts";

const digest = digestOf("x");
const layer = { mediaType: MEDIA.layer, digest, size: 1 };
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

describe("digests", () => {
  it("are those of the OCI specification", () => {
    expect(digestOf("")).toBe("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect(hexOf(digest)).toHaveLength(64);
  });

  const bad = [
    "",
    "sha256:",
    `sha256:${"A".repeat(64)}`,
    `sha512:${"a".repeat(64)}`,
    `sha256:${"a".repeat(63)}/`,
    undefined,
    7,
  ];
  it.each(bad.map((value) => [value]))("are not %s", (value) => {
    expect(isDigest(value)).toBe(false);
    expect(() => hexOf(String(value))).toThrow("not a sha256 digest");
  });
});

describe("documents", () => {
  it("have the digest and size of their bytes, the same each time", () => {
    const one = encodeDocument(MEDIA.index, makeIndex([layer]));
    expect(one).toEqual(encodeDocument(MEDIA.index, makeIndex([layer])));
    expect(one.descriptor).toEqual({
      mediaType: MEDIA.index,
      digest: digestOf(one.bytes),
      size: one.bytes.length,
    });
  });

  it("are read back as they were made", () => {
    const manifest = makeManifest({ ...layer, mediaType: MEDIA.config }, [layer, layer]);
    expect(parseManifest(encodeDocument(MEDIA.manifest, manifest).bytes)).toEqual(manifest);
    const annotated = { ...layer, annotations: { a: "b" }, platform: { architecture: "amd64", os: "linux" } };
    expect(parseIndex(bytes(makeIndex([annotated])))).toEqual(makeIndex([annotated]));
    const config = {
      architecture: "amd64",
      os: "linux",
      config: { Env: ["A=b"] },
      rootfs: { type: "layers", diff_ids: [digest] },
    };
    expect(parseConfig(bytes(config))).toEqual(config);
  });

  const bad: readonly [string, (bytes: Buffer) => unknown, unknown][] = [
    ["a manifest that is a list", parseManifest, []],
    ["a manifest of schema 1", parseManifest, { schemaVersion: 1 }],
    ["a manifest without config", parseManifest, { schemaVersion: 2, layers: [] }],
    ["a manifest without layers", parseManifest, { schemaVersion: 2, config: layer }],
    [
      "a layer with a path for a digest",
      parseManifest,
      { schemaVersion: 2, config: layer, layers: [{ ...layer, digest: "../x" }] },
    ],
    [
      "a layer of negative size",
      parseManifest,
      { schemaVersion: 2, config: layer, layers: [{ ...layer, size: -1 }] },
    ],
    ["an index without manifests", parseIndex, {}],
    ["an index of nothing", parseIndex, { manifests: [null] }],
    ["a config without architecture", parseConfig, { os: "linux", rootfs: { diff_ids: [] } }],
    [
      "a config whose diff_ids are none",
      parseConfig,
      { os: "linux", architecture: "amd64", rootfs: { diff_ids: ["x"] } },
    ],
    [
      "a config whose labels are none",
      parseConfig,
      { os: "l", architecture: "a", rootfs: { diff_ids: [] }, config: { Labels: { a: 1 } } },
    ],
    [
      "a config whose Env is none",
      parseConfig,
      { os: "l", architecture: "a", rootfs: { diff_ids: [] }, config: { Env: "A=b" } },
    ],
  ];
  it.each(bad)("refuses %s", (_, parse, value) => {
    expect(() => parse(bytes(value))).toThrow(Error);
  });

  it("refuses anything else with an Error, never a crash of another kind", () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(parseManifest, parseIndex, parseConfig), (text, parse) => {
        try {
          parse(Buffer.from(text));
        } catch (thrown) {
          expect(thrown).not.toBeInstanceOf(TypeError);
        }
      }),
    );
    expect(() => parseManifest(Buffer.alloc(5 * 1024 * 1024, " "))).toThrow("larger than");
  });
});
