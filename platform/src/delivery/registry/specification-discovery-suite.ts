import { expect } from "vitest";
import { digestOf, encodeDocument, MEDIA } from "../image/index.ts";
import { pushBlob, pushImage, putManifestAt, type TestRegistry } from "./registry-fixtures.ts";
import { NAME, type SpecificationCase, type SpecificationWorld } from "./specification-case-fixtures.ts";
import { absentManifest, EMPTY, pushArtifact } from "./specification-manifest-suite.ts";

const TAGS = `/v2/${NAME}/tags/list`;

async function pushTags(registry: TestRegistry, tags: readonly string[]): Promise<void> {
  const { bytes } = await pushImage(registry, NAME);
  for (const tag of tags) expect((await putManifestAt(registry, NAME, tag, bytes)).status).toBe(201);
}

async function listed({ ask }: SpecificationWorld, query = "") {
  const { status, text, headers } = await ask(`GET ${TAGS}${query}`);
  expect(status).toBe(200);
  return { tags: JSON.parse(text).tags as string[], link: headers.link as string | undefined };
}

const tags: readonly SpecificationCase[] = [
  {
    section: "Listing Tags",
    level: "MUST",
    says: "the list is answered 200 with name and tags, also when there are none",
    run: async ({ ask, registry }) => {
      await pushBlob(registry, NAME, "only a blob");
      const none = await ask(`GET ${TAGS}`);
      expect([none.status, JSON.parse(none.text)]).toEqual([200, { name: NAME, tags: [] }]);
      await pushTags(registry, ["v1"]);
      expect(JSON.parse((await ask(`GET ${TAGS}`)).text)).toEqual({ name: NAME, tags: ["v1"] });
    },
  },
  {
    section: "Listing Tags",
    level: "MUST",
    says: "tags come in lexical order, whatever their case",
    run: async (world) => {
      await pushTags(world.registry, ["b", "A", "c", "B1", "0", "_"]);
      expect((await listed(world)).tags).toEqual(["0", "_", "A", "b", "B1", "c"]);
    },
  },
  {
    section: "Listing Tags",
    level: "MUST",
    says: "n gives so many tags from the beginning, or all when there are fewer",
    run: async (world) => {
      await pushTags(world.registry, ["c", "a", "D", "b"]);
      expect((await listed(world, "?n=3")).tags).toEqual(["a", "b", "c"]);
      expect((await listed(world, "?n=4")).tags).toEqual(["a", "b", "c", "D"]);
      expect(await listed(world, "?n=100")).toEqual({ tags: ["a", "b", "c", "D"], link: undefined });
    },
  },
  {
    section: "Listing Tags",
    level: "MUST",
    says: "Link names the next page as RFC 5988 has it, and following it gives every tag once",
    run: async (world) => {
      await pushTags(world.registry, ["c", "a", "D", "b", "e"]);
      const seen: string[] = [];
      for (let query = "?n=2"; query !== ""; ) {
        const { tags: page, link } = await listed(world, query);
        seen.push(...page);
        if (link !== undefined) expect(link).toMatch(/^<\/v2\/team\/app\/tags\/list\?[^>]+>; rel="next"$/);
        query = link?.slice(link.indexOf("?"), link.indexOf(">")) ?? "";
      }
      expect(seen).toEqual(["a", "b", "c", "D", "e"]);
    },
  },
  {
    section: "Listing Tags",
    level: "MUST",
    says: "n of zero gives an empty list without a Link",
    run: async (world) => {
      await pushTags(world.registry, ["a"]);
      expect(await listed(world, "?n=0")).toEqual({ tags: [], link: undefined });
    },
  },
  {
    section: "Listing Tags",
    level: "MUST",
    says: "last gives the tags after that one in order, with or without n, whether it is there or not",
    run: async (world) => {
      await pushTags(world.registry, ["a", "B", "c", "d"]);
      expect((await listed(world, "?n=2&last=a")).tags).toEqual(["B", "c"]);
      expect((await listed(world, "?last=B")).tags).toEqual(["c", "d"]);
      expect((await listed(world, "?last=bb")).tags).toEqual(["c", "d"]);
      expect((await listed(world, "?n=2&last=d")).tags).toEqual([]);
    },
  },
];

interface Referrer {
  readonly mediaType: string;
  readonly digest: string;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

async function referrersOf({ ask }: SpecificationWorld, digest: string, query = "") {
  const reply = await ask(`GET /v2/${NAME}/referrers/${digest}${query}`);
  expect([reply.status, reply.headers["content-type"]]).toEqual([200, MEDIA.index]);
  const index = JSON.parse(reply.text) as { schemaVersion: number; mediaType: string; manifests: Referrer[] };
  expect(index).toMatchObject({ schemaVersion: 2, mediaType: MEDIA.index });
  return { manifests: index.manifests, applied: reply.headers["oci-filters-applied"] };
}

const SUBJECT = absentManifest();

const referrers: readonly SpecificationCase[] = [
  {
    section: "Listing Referrers",
    level: "MUST",
    says: "what refers to a manifest is an image index, answered 200 and never 404; empty when nothing does",
    run: async (world) => {
      const { digest } = await pushImage(world.registry, NAME);
      for (const one of [digest, digestOf("never pushed"), `sha512:${"c".repeat(128)}`])
        expect((await referrersOf(world, one)).manifests).toEqual([]);
    },
  },
  {
    section: "Listing Referrers",
    level: "MUST",
    says: "a digest that is none is answered 400",
    run: async ({ ask }) => {
      for (const bad of ["v1", "sha256:beef", "sha256:", ":abc", `sha256:${"G".repeat(64)}`])
        expect((await ask(`GET /v2/${NAME}/referrers/${bad}`)).status).toBe(400);
    },
  },
  {
    section: "Listing Referrers",
    level: "MUST",
    says: "only what is about the digest and in the repository is listed, be the subject there or not",
    run: async (world) => {
      const { descriptor } = await pushArtifact(world.registry, { subject: SUBJECT });
      await pushArtifact(world.registry, { subject: absentManifest(digestOf("another")) });
      await pushArtifact(world.registry, {});
      const { manifests } = await referrersOf(world, SUBJECT.digest);
      expect(manifests.map((one) => one.digest)).toEqual([descriptor.digest]);
      expect(manifests[0]).toMatchObject(descriptor);
    },
  },
  {
    section: "Listing Referrers",
    level: "MUST",
    says: "artifactType is the manifest's, or else its config's media type; an index without one has none",
    run: async (world) => {
      const own = await pushArtifact(world.registry, { subject: SUBJECT, artifactType: "application/sbom" });
      const empty = await pushArtifact(world.registry, { subject: SUBJECT, artifactType: "" });
      const { bytes, descriptor } = encodeDocument(MEDIA.index, {
        ...{ schemaVersion: 2, mediaType: MEDIA.index, manifests: [], subject: SUBJECT },
      });
      const headers = { "content-type": MEDIA.index };
      const path = `PUT /v2/${NAME}/manifests/${descriptor.digest}`;
      expect((await world.ask(path, { body: bytes, headers })).headers["oci-subject"]).toBe(SUBJECT.digest);
      const { manifests } = await referrersOf(world, SUBJECT.digest);
      const typeOf = new Map(manifests.map((one) => [one.digest, one.artifactType]));
      expect(typeOf).toEqual(
        new Map([
          [own.descriptor.digest, "application/sbom"],
          [empty.descriptor.digest, EMPTY],
          [descriptor.digest, undefined],
        ]),
      );
      expect(manifests.find((one) => one.digest === descriptor.digest)).not.toHaveProperty("artifactType");
    },
  },
  {
    section: "Listing Referrers",
    level: "MUST",
    says: "the manifest's annotations are repeated",
    run: async (world) => {
      const annotations = { "org.example.kind": "sbom", "": "x" };
      await pushArtifact(world.registry, { subject: SUBJECT, annotations });
      expect((await referrersOf(world, SUBJECT.digest)).manifests[0]?.annotations).toEqual(annotations);
    },
  },
  {
    section: "Listing Referrers",
    level: "SHOULD",
    says: "artifactType filters, and then OCI-Filters-Applied MUST say so",
    run: async (world) => {
      const wanted = await pushArtifact(world.registry, {
        subject: SUBJECT,
        artifactType: "application/sbom+json",
      });
      await pushArtifact(world.registry, { subject: SUBJECT, artifactType: "application/signature" });
      const query = "?artifactType=application%2Fsbom%2Bjson";
      const { manifests, applied } = await referrersOf(world, SUBJECT.digest, query);
      expect(manifests.map((one) => one.digest)).toEqual([wanted.descriptor.digest]);
      expect(applied).toBe("artifactType");
      const none = await referrersOf(world, SUBJECT.digest, "?artifactType=application/none");
      expect([none.manifests, none.applied]).toEqual([[], "artifactType"]);
      expect((await referrersOf(world, SUBJECT.digest)).applied).toBeUndefined();
    },
  },
  {
    section: "Enabling the Referrers API",
    level: "MUST",
    says: "every manifest with a subject is listed from its push on, by digest or by tag",
    run: async (world) => {
      const { bytes, descriptor } = await pushArtifact(world.registry, { subject: SUBJECT });
      expect((await putManifestAt(world.registry, NAME, "signature", bytes)).status).toBe(201);
      const { manifests } = await referrersOf(world, SUBJECT.digest);
      expect(manifests.map((one) => one.digest)).toEqual([descriptor.digest]);
    },
  },
];

/** The sections "Listing Tags", "Listing Referrers" and "Enabling the Referrers API". */
export const discoveryCases = [...tags, ...referrers];
