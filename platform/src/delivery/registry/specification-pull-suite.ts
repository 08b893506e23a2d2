import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import { digestOf, MEDIA } from "../image/index.ts";
import { pushBlob, pushImage, putManifestAt } from "./registry-fixtures.ts";
import { NAME, type SpecificationCase } from "./specification-case-fixtures.ts";

const NONE = digestOf("what nobody has pushed");

const manifests: readonly SpecificationCase[] = [
  {
    section: "Pulling manifests",
    level: "MUST",
    says: "a reference is a digest or a tag, and nothing else is one",
    run: async ({ ask, registry }) => {
      const { digest } = await pushImage(registry, NAME, { tag: "v1" });
      for (const good of [digest, "v1"])
        expect((await ask(`GET /v2/${NAME}/manifests/${good}`)).status).toBe(200);
      for (const bad of [".v1", "-v1", "v1:v1", "a".repeat(129), "%76%31"])
        expect((await ask(`GET /v2/${NAME}/manifests/${bad}`)).status).toBe(404);
      // It would be a digest, and is none: that is said.
      expect((await ask(`GET /v2/${NAME}/manifests/sha256:beef`)).status).toBe(400);
    },
  },
  {
    section: "Pulling manifests",
    level: "MUST",
    says: "a name has lower-case parts with single separators between them",
    run: async ({ ask }) => {
      for (const bad of [
        "Team/app",
        "team/App",
        "team/-app",
        "team/a..b",
        "team/a___b",
        "team/",
        "team/app_",
      ])
        expect((await ask(`GET /v2/${bad}/manifests/v1`)).status).toBe(404);
    },
  },
  {
    section: "Pulling manifests",
    level: "MUST",
    says: "a tag has at most 128 characters, of letters, digits, underscore, dot and hyphen",
    run: async ({ registry }) => {
      const { bytes } = await pushImage(registry, NAME);
      for (const good of ["a".repeat(128), "_", "A.b-c_1"])
        expect((await putManifestAt(registry, NAME, good, bytes)).status).toBe(201);
      for (const bad of ["a".repeat(129), "-a", "a+b"])
        expect((await putManifestAt(registry, NAME, bad, bytes)).status).toBe(404);
    },
  },
  {
    section: "Pulling manifests",
    level: "SHOULD",
    says: "the Content-Type of an answer is the one that was pushed, without parameters",
    run: async ({ ask, registry }) => {
      const { bytes } = await pushImage(registry, NAME);
      const headers = { "content-type": `${MEDIA.manifest}; charset=utf-8` };
      expect((await ask(`PUT /v2/${NAME}/manifests/v1`, { body: bytes, headers })).status).toBe(201);
      expect((await ask(`GET /v2/${NAME}/manifests/v1`)).headers["content-type"]).toBe(MEDIA.manifest);
    },
  },
  {
    section: "Pulling manifests",
    level: "MUST",
    says: "a manifest that is there is given, with 200",
    run: async ({ ask, registry }) => {
      const { digest, bytes } = await pushImage(registry, NAME, { tag: "v1" });
      for (const reference of [digest, "v1"]) {
        const got = await ask(`GET /v2/${NAME}/manifests/${reference}`);
        expect([got.status, got.bytes.equals(bytes)]).toEqual([200, true]);
      }
    },
  },
  {
    section: "Pulling manifests",
    level: "SHOULD",
    says: "Docker-Content-Digest is the digest of the manifest",
    run: async ({ ask, registry }) => {
      const { digest } = await pushImage(registry, NAME, { tag: "v1" });
      expect((await ask(`GET /v2/${NAME}/manifests/v1`)).headers["docker-content-digest"]).toBe(digest);
    },
  },
  {
    section: "Pulling manifests",
    level: "MUST",
    says: "a manifest that is not in the repository is answered 404",
    run: async ({ ask, registry }) => {
      const { layer } = await pushImage(registry, NAME, { tag: "v1" });
      const foreign = `sha512:${"a".repeat(128)}`;
      for (const reference of ["v2", NONE, layer.digest, foreign])
        expect((await ask(`GET /v2/${NAME}/manifests/${reference}`)).status).toBe(404);
    },
  },
];

const blobs: readonly SpecificationCase[] = [
  {
    section: "Pulling blobs",
    level: "MUST",
    says: "a blob that is there is given, with 200",
    run: async ({ ask, registry }) => {
      const content = randomBytes(100_000);
      const { digest } = await pushBlob(registry, NAME, content);
      const got = await ask(`GET /v2/${NAME}/blobs/${digest}`);
      expect([got.status, got.bytes.equals(content)]).toEqual([200, true]);
    },
  },
  {
    section: "Pulling blobs",
    level: "SHOULD",
    says: "Docker-Content-Digest is given, and it MUST be the digest of the body",
    run: async ({ ask, registry }) => {
      const { digest } = await pushBlob(registry, NAME, "content");
      const got = await ask(`GET /v2/${NAME}/blobs/${digest}`);
      expect(got.headers["docker-content-digest"]).toBe(digestOf(got.bytes));
    },
  },
  {
    section: "Pulling blobs",
    level: "MUST",
    says: "a blob that is not in the repository is answered 404",
    run: async ({ ask }) => {
      for (const digest of [
        NONE,
        `sha512:${"a".repeat(128)}`,
        "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9",
      ])
        expect((await ask(`GET /v2/${NAME}/blobs/${digest}`)).status).toBe(404);
    },
  },
  {
    section: "Pulling blobs",
    level: "SHOULD",
    says: "Range is served as RFC 9110 has it: 206 with Content-Range, 416 beyond the end",
    run: async ({ ask, registry }) => {
      const { digest } = await pushBlob(registry, NAME, "0123456789");
      const part = (range: string) => ask(`GET /v2/${NAME}/blobs/${digest}`, { headers: { range } });
      const middle = await part("bytes=2-4");
      expect([middle.status, middle.text, middle.headers["content-range"]]).toEqual([
        ...[206, "234", "bytes 2-4/10"],
      ]);
      expect([(await part("bytes=-3")).text, (await part("bytes=8-")).text]).toEqual(["789", "89"]);
      const beyond = await part("bytes=10-");
      expect([beyond.status, beyond.headers["content-range"]]).toEqual([416, "bytes */10"]);
    },
  },
];

const existence: readonly SpecificationCase[] = [
  {
    section: "Checking if content exists in the registry",
    level: "MUST",
    says: "HEAD of what is there is answered 200, without a body",
    run: async ({ ask, registry }) => {
      const { digest, layer } = await pushImage(registry, NAME, { tag: "v1" });
      for (const path of ["manifests/v1", `manifests/${digest}`, `blobs/${layer.digest}`]) {
        const { status, bytes } = await ask(`HEAD /v2/${NAME}/${path}`);
        expect([status, bytes.length]).toEqual([200, 0]);
      }
    },
  },
  {
    section: "Checking if content exists in the registry",
    level: "SHOULD",
    says: "Docker-Content-Digest and Content-Length tell the digest and the size in bytes",
    run: async ({ ask, registry }) => {
      const { digest, bytes, layer } = await pushImage(registry, NAME, { tag: "v1" });
      const manifest = await ask(`HEAD /v2/${NAME}/manifests/v1`);
      expect(manifest.headers).toMatchObject({
        ...{ "docker-content-digest": digest, "content-length": String(bytes.length) },
      });
      const blob = await ask(`HEAD /v2/${NAME}/blobs/${layer.digest}`);
      expect(blob.headers).toMatchObject({
        ...{ "docker-content-digest": layer.digest, "content-length": String(layer.size) },
      });
    },
  },
  {
    section: "Checking if content exists in the registry",
    level: "MUST",
    says: "HEAD of what is not in the repository is answered 404",
    run: async ({ ask, registry }) => {
      const { digest } = await pushImage(registry, "team/third", { tag: "v1" });
      for (const path of ["manifests/v1", `manifests/${digest}`, `blobs/${NONE}`])
        expect((await ask(`HEAD /v2/${NAME}/${path}`)).status).toBe(404);
    },
  },
];

const general: readonly SpecificationCase[] = [
  {
    section: "Determining Support",
    level: "MUST",
    says: "GET /v2/ is answered 200, which says that this is a registry",
    run: async ({ ask }) => {
      expect((await ask("GET /v2/")).status).toBe(200);
    },
  },
  {
    section: "Error Codes",
    level: "MUST",
    says: "an error in JSON is a list of codes of the specification's, each with a message",
    run: async ({ ask, registry }) => {
      const { bytes } = await pushImage(registry, NAME);
      const wrong = `PUT /v2/${NAME}/manifests/${NONE}`;
      const replies = [
        ...[await ask(`GET /v2/${NAME}/blobs/${NONE}`), await ask(`GET /v2/${NAME}/manifests/none`)],
        ...[await ask("GET /v2/team/never/tags/list"), await ask("GET /v2/NO/WAY/tags/list")],
        ...[await ask(wrong, { body: bytes }), await ask(`PUT /v2/${NAME}/manifests/x`, { body: "{" })],
        ...[await ask(`GET /v2/${NAME}/blobs/sha256:0`), await registry.ask("GET /v2/")],
        ...[await ask("DELETE /v2/other/app/manifests/v1"), await ask(`PATCH /v2/${NAME}/manifests/v1`)],
      ];
      expect(replies.flatMap((reply) => reply.codes)).toEqual([
        ...["BLOB_UNKNOWN", "MANIFEST_UNKNOWN", "NAME_UNKNOWN", "NAME_INVALID"],
        ...["DIGEST_INVALID", "MANIFEST_INVALID", "DIGEST_INVALID", "UNAUTHORIZED", "DENIED", "UNSUPPORTED"],
      ]);
      for (const { headers, text } of replies) {
        expect(headers["content-type"]).toBe("application/json");
        for (const one of JSON.parse(text).errors)
          expect(one).toMatchObject({
            code: expect.stringMatching(/^[A-Z_]+$/),
            message: expect.any(String),
          });
      }
    },
  },
];

/** The sections "Pull", "Determining Support" and "Error Codes". */
export const pullCases = [...general, ...manifests, ...blobs, ...existence];
