import { expect } from "vitest";
import { DOCUMENT_LIMIT, digestOf, encodeDocument, MEDIA, type OciDescriptor } from "../image/index.ts";
import { pushBlob, pushImage, putManifestAt, type TestRegistry } from "./registry-fixtures.ts";
import { NAME, type SpecificationCase } from "./specification-case-fixtures.ts";

export const EMPTY = "application/vnd.oci.empty.v1+json";

/** Pushes an artifact with other fields than an image's, by its digest. */
export async function pushArtifact(registry: TestRegistry, fields: object) {
  const config = await pushBlob(registry, NAME, "{}", EMPTY);
  const { bytes, descriptor } = encodeDocument(MEDIA.manifest, {
    ...{ schemaVersion: 2, mediaType: MEDIA.manifest, config, layers: [config] },
    ...fields,
  });
  const reply = await putManifestAt(registry, NAME, descriptor.digest, bytes);
  return { reply, descriptor, bytes };
}

/** A descriptor of a manifest that nobody has pushed. */
export function absentManifest(digest = digestOf("nobody's manifest")): OciDescriptor {
  return { mediaType: MEDIA.manifest, digest, size: 17 };
}

const stored: readonly SpecificationCase[] = [
  {
    section: "Push",
    level: "MUST",
    says: "what names content that is not there is refused with MANIFEST_BLOB_UNKNOWN",
    run: async ({ ask, registry }) => {
      const absent = { layers: [{ mediaType: MEDIA.layer, digest: digestOf("absent"), size: 6 }] };
      const { reply } = await pushArtifact(registry, absent);
      expect([reply.status, reply.codes]).toEqual([404, ["MANIFEST_BLOB_UNKNOWN"]]);
      const index = { schemaVersion: 2, mediaType: MEDIA.index, manifests: [absentManifest()] };
      const headers = { "content-type": MEDIA.index };
      const pushed = await ask(`PUT /v2/${NAME}/manifests/i`, { body: JSON.stringify(index), headers });
      expect(pushed.codes).toEqual(["MANIFEST_BLOB_UNKNOWN"]);
    },
  },
  {
    section: "Pushing Manifests",
    level: "SHOULD",
    says: "parameters of the Content-Type are ignored",
    run: async ({ ask, registry }) => {
      const { bytes } = await pushImage(registry, NAME);
      const headers = { "content-type": `${MEDIA.manifest}; a=b` };
      expect((await ask(`PUT /v2/${NAME}/manifests/v1`, { body: bytes, headers })).status).toBe(201);
    },
  },
  {
    section: "Pushing Manifests",
    level: "MUST",
    says: "a manifest is stored byte for byte",
    run: async ({ ask, registry }) => {
      const { config, layer } = await pushImage(registry, NAME);
      const fields = {
        layers: [layer],
        config,
        schemaVersion: 2,
        mediaType: MEDIA.manifest,
        ünknown: [1.0, null],
      };
      const bytes = Buffer.from(`\n ${JSON.stringify(fields, undefined, 3)}\r\n\n`);
      expect((await putManifestAt(registry, NAME, "odd", bytes)).status).toBe(201);
      for (const reference of ["odd", digestOf(bytes)])
        expect((await ask(`GET /v2/${NAME}/manifests/${reference}`)).bytes.equals(bytes)).toBe(true);
    },
  },
  {
    section: "Pushing Manifests",
    level: "MUST",
    says: "a push is answered 201 with a Location to pull from",
    run: async ({ ask, registry }) => {
      const { digest, bytes } = await pushImage(registry, NAME);
      for (const reference of ["v1", digest]) {
        const { status, headers } = await putManifestAt(registry, NAME, reference, bytes);
        expect(status).toBe(201);
        expect((await ask(`GET ${headers.location}`)).bytes.equals(bytes)).toBe(true);
      }
    },
  },
  {
    section: "Pushing Manifests",
    level: "MUST",
    says: "Docker-Content-Digest equals the digest that the client gave, and another one is refused",
    run: async ({ registry }) => {
      const { digest, bytes } = await pushImage(registry, NAME);
      const { headers } = await putManifestAt(registry, NAME, digest, bytes);
      expect(headers["docker-content-digest"]).toBe(digest);
      for (const other of [digestOf("other"), `sha512:${"a".repeat(128)}`]) {
        const { status, codes } = await putManifestAt(registry, NAME, other, bytes);
        expect([status, codes]).toEqual([400, ["DIGEST_INVALID"]]);
      }
    },
  },
  {
    section: "Pushing Manifests",
    level: "MUST",
    says: "a manifest may name no layers at all",
    run: async ({ registry }) => {
      expect((await pushArtifact(registry, { layers: [] })).reply.status).toBe(201);
    },
  },
  {
    section: "Pushing Manifests",
    level: "MUST",
    says: "pulling from a repository that is not there is answered 404",
    run: async ({ registry }) => {
      const path = `/v2/team/never/manifests/v1`;
      expect((await registry.ask(`GET ${path}`, registry.pull("team"))).status).toBe(404);
    },
  },
  {
    section: "Pushing Manifests",
    level: "SHOULD",
    says: "there is a limit to a manifest's size, answered 413, and 4 megabytes are below it",
    run: async ({ registry }) => {
      const { config, layer } = await pushImage(registry, NAME);
      const sized = (size: number) => {
        const fields = { schemaVersion: 2, mediaType: MEDIA.manifest, config, layers: [layer] };
        const short = JSON.stringify({ ...fields, annotations: { pad: "" } });
        return short.replace('"pad":""', `"pad":"${"x".repeat(size - short.length)}"`);
      };
      expect((await putManifestAt(registry, NAME, "large", sized(4_000_000))).status).toBe(201);
      expect((await putManifestAt(registry, NAME, "larger", sized(DOCUMENT_LIMIT + 1))).status).toBe(413);
    },
  },
];

const subjects: readonly SpecificationCase[] = [
  {
    section: "Push",
    level: "MUST",
    says: "a manifest about one that is not there is taken, whatever its digest's algorithm",
    run: async ({ registry }) => {
      for (const digest of [digestOf("not yet"), `sha512:${"b".repeat(128)}`])
        expect((await pushArtifact(registry, { subject: absentManifest(digest) })).reply.status).toBe(201);
    },
  },
  {
    section: "Pushing Manifests with Subject",
    level: "MUST",
    says: "OCI-Subject in the answer names the subject, and is not there without one",
    run: async ({ registry }) => {
      const subject = absentManifest();
      const about = await pushArtifact(registry, { subject });
      expect(about.reply.headers["oci-subject"]).toBe(subject.digest);
      expect((await pushArtifact(registry, {})).reply.headers["oci-subject"]).toBeUndefined();
    },
  },
];

/** The sections "Push", "Pushing Manifests" and "Pushing Manifests with Subject". */
export const manifestCases = [...stored, ...subjects];
