import { expect } from "vitest";
import { digestOf, encodeDocument, MEDIA } from "../image/index.ts";
import { pushBlob, pushImage, putManifestAt } from "./registry-fixtures.ts";
import { NAME, type SpecificationCase } from "./specification-case-fixtures.ts";
import { absentManifest, pushArtifact } from "./specification-manifest-suite.ts";

/** The section "Content Management". */
export const managementCases: readonly SpecificationCase[] = [
  {
    section: "Deleting tags",
    level: "MUST",
    says: "a tag is deleted with 202, and is gone then; the manifest and its other tags stay",
    run: async ({ ask, registry }) => {
      const { digest, bytes } = await pushImage(registry, NAME, { tag: "v1" });
      await putManifestAt(registry, NAME, "v2", bytes);
      expect((await ask(`DELETE /v2/${NAME}/manifests/v1`)).status).toBe(202);
      expect((await ask(`GET /v2/${NAME}/manifests/v1`)).status).toBe(404);
      for (const reference of ["v2", digest])
        expect((await ask(`GET /v2/${NAME}/manifests/${reference}`)).status).toBe(200);
      expect(JSON.parse((await ask(`GET /v2/${NAME}/tags/list`)).text).tags).toEqual(["v2"]);
      expect((await ask(`DELETE /v2/${NAME}/manifests/v1`)).codes).toEqual(["MANIFEST_UNKNOWN"]);
    },
  },
  {
    section: "Deleting Manifests",
    level: "MUST",
    says: "a manifest is deleted with 202, and is gone then with every tag that named it",
    run: async ({ ask, registry }) => {
      const { digest, bytes } = await pushImage(registry, NAME, { tag: "v1" });
      await putManifestAt(registry, NAME, "v2", bytes);
      await pushImage(registry, NAME, { tag: "other" });
      expect((await ask(`DELETE /v2/${NAME}/manifests/${digest}`)).status).toBe(202);
      for (const reference of ["v1", "v2", digest])
        expect((await ask(`GET /v2/${NAME}/manifests/${reference}`)).status).toBe(404);
      expect(JSON.parse((await ask(`GET /v2/${NAME}/tags/list`)).text).tags).toEqual(["other"]);
    },
  },
  {
    section: "Deleting Manifests",
    level: "MUST",
    says: "a manifest of a repository that is not there is answered 404, and so is one that is not there",
    run: async ({ ask, registry }) => {
      const never = `DELETE /v2/team/never/manifests/${digestOf("x")}`;
      expect((await registry.ask(never, registry.role("manager", "team/never"))).status).toBe(404);
      for (const digest of [digestOf("x"), `sha512:${"a".repeat(128)}`])
        expect((await ask(`DELETE /v2/${NAME}/manifests/${digest}`)).status).toBe(404);
    },
  },
  {
    section: "Deleting Manifests",
    level: "MUST",
    says: "what was deleted is no referrer any more, and can be pushed again",
    run: async ({ ask, registry }) => {
      const subject = absentManifest();
      const { descriptor, bytes } = await pushArtifact(registry, { subject });
      const list = async () =>
        JSON.parse((await ask(`GET /v2/${NAME}/referrers/${subject.digest}`)).text).manifests.length;
      expect(await list()).toBe(1);
      expect((await ask(`DELETE /v2/${NAME}/manifests/${descriptor.digest}`)).status).toBe(202);
      expect(await list()).toBe(0);
      expect((await putManifestAt(registry, NAME, descriptor.digest, bytes)).status).toBe(201);
      expect(await list()).toBe(1);
    },
  },
  {
    section: "Deleting Manifests",
    level: "MUST",
    says: "where it is disabled, for what an index names, the answer is 400 or 405",
    run: async ({ ask, registry }) => {
      const { digest, bytes } = await pushImage(registry, NAME);
      const manifests = [{ mediaType: MEDIA.manifest, digest, size: bytes.length }];
      const index = encodeDocument(MEDIA.index, { schemaVersion: 2, mediaType: MEDIA.index, manifests });
      const more = { body: index.bytes, headers: { "content-type": MEDIA.index } };
      expect((await ask(`PUT /v2/${NAME}/manifests/multi`, more)).status).toBe(201);
      const refused = await ask(`DELETE /v2/${NAME}/manifests/${digest}`);
      expect([refused.status, refused.codes]).toEqual([405, ["UNSUPPORTED"]]);
      for (const one of [index.descriptor.digest, digest])
        expect((await ask(`DELETE /v2/${NAME}/manifests/${one}`)).status).toBe(202);
    },
  },
  {
    section: "Deleting Blobs",
    level: "MUST",
    says: "a blob is deleted with 202, and is gone then",
    run: async ({ ask, registry }) => {
      const { digest } = await pushBlob(registry, NAME, "a blob");
      expect((await ask(`DELETE /v2/${NAME}/blobs/${digest}`)).status).toBe(202);
      for (const method of ["GET", "HEAD", "DELETE"])
        expect((await ask(`${method} /v2/${NAME}/blobs/${digest}`)).status).toBe(404);
      await pushBlob(registry, NAME, "a blob");
      expect((await ask(`HEAD /v2/${NAME}/blobs/${digest}`)).status).toBe(200);
    },
  },
  {
    section: "Deleting Blobs",
    level: "MUST",
    says: "a blob that is not in the repository is answered 404, and stays where it is",
    run: async ({ ask, registry }) => {
      const { digest } = await pushBlob(registry, "team/third", "a blob");
      expect((await ask(`DELETE /v2/${NAME}/blobs/${digest}`)).codes).toEqual(["BLOB_UNKNOWN"]);
      expect((await ask(`DELETE /v2/${NAME}/blobs/sha512:${"a".repeat(128)}`)).status).toBe(404);
      const there = `HEAD /v2/team/third/blobs/${digest}`;
      expect((await registry.ask(there, registry.pull("team"))).status).toBe(200);
    },
  },
  {
    section: "Deleting Blobs",
    level: "MUST",
    says: "where it is disabled, for what an image names, the answer is 400 or 405",
    run: async ({ ask, registry }) => {
      const { digest, layer, config } = await pushImage(registry, NAME, { tag: "v1" });
      for (const part of [layer, config]) {
        const refused = await ask(`DELETE /v2/${NAME}/blobs/${part.digest}`);
        expect([refused.status, refused.codes]).toEqual([405, ["UNSUPPORTED"]]);
      }
      await ask(`DELETE /v2/${NAME}/manifests/${digest}`);
      for (const part of [layer, config])
        expect((await ask(`DELETE /v2/${NAME}/blobs/${part.digest}`)).status).toBe(202);
    },
  },
];
