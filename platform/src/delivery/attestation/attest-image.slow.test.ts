import { createPublicKey, createVerify } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { makeFakeImageStore } from "../image/image-store-fake.ts";
import { digestOf, encodeDocument, type ImageStore, MEDIA, makeIndex } from "../image/index.ts";
import { startTestDelivery, type TestDelivery } from "../release/delivery-fixtures.ts";
import { findSetOf, listComponents } from "../sbom/index.ts";
import { fakeSourceStore } from "../source/source-store-fake.ts";
import { type TarItem, tarOf } from "../source/tar-fixtures.ts";
import { checkSignature } from "./admit-image.ts";
import type { Artifact } from "./artifact.ts";
import { type AttestDependencies, attestImage, type ImageToAttest } from "./attest-image.ts";
import { attestRebase } from "./attest-rebase.ts";
import { listAttestations } from "./attestation-store.ts";
import { BILL, LOCK, storeImage, type TestImage } from "./attested-image-fixtures.ts";
import { type DsseEnvelope, isEnvelopeOf } from "./dsse-envelope.ts";
import { listPublicKeys } from "./installation-key-store.ts";

let world: TestDelivery;
let appId: string;
let images: ImageStore;
let image: TestImage;
let attached: Artifact[];
let deps: AttestDependencies;
const sources = fakeSourceStore();
const ENGINE = { engine: "embedded", coniferVersion: "0.1.0", image: undefined };

beforeAll(async () => {
  world = await startTestDelivery();
});
afterAll(() => world.stop());
beforeEach(async () => {
  appId = (await world.newApp()).id;
  images = makeFakeImageStore();
  image = await storeImage(images);
  attached = [];
  const artifacts = {
    attach: async (_: string, artifact: Artifact) => {
      for (const { bytes } of [...artifact.blobs, artifact.manifest]) await images.write(bytes);
      attached.push(artifact);
    },
  };
  deps = { ...world, images, sources, artifacts, repositoryOf: (id) => `apps/${id}`, builder: ENGINE };
});

const source = async (...items: readonly TarItem[]) =>
  (await sources.write(Readable.from([await tarOf({ name: "package-lock.json", content: LOCK }, ...items)])))
    .digest;

async function wanted(more: Partial<ImageToAttest> = {}): Promise<ImageToAttest> {
  const at = new Date("2026-01-02T03:04:05Z");
  return {
    appId,
    imageDigest: image.digest,
    build: { id: world.newId(), stack: "cnb", acceptedAt: at, startedAt: new Date(at.getTime() + 1_500) },
    sourceDigest: await source(),
    sourceUri: "git+https://localhost:6400/app.git",
    sourceVersion: "0123456789abcdef0123456789abcdef01234567",
    ref: "refs/heads/main",
    folder: undefined,
    ...more,
  };
}

/** Says it and puts it on record. */
async function attest(of: ImageToAttest): Promise<void> {
  const record = await attestImage(of, deps);
  await world.db.transaction().execute(record);
}

const listed = () => listAttestations(world.db, appId, image.digest);

interface Property {
  readonly name: string;
  readonly value: string;
}

/** The fields of documents that are looked at. */
interface Shown extends DsseEnvelope {
  readonly metadata: { readonly properties: readonly Property[] };
  readonly components: readonly {
    readonly purl: string;
    readonly scope: string;
    readonly properties: readonly Property[];
  }[];
}

async function documentOf(kind: string): Promise<{ readonly text: string; readonly json: Shown }> {
  const one = (await listed()).find((attestation) => attestation.kind === kind);
  const text = (await buffer(await images.read(one?.document.digest ?? ""))).toString();
  return { text, json: JSON.parse(text) as Shown };
}

const publicKey = async () => createPublicKey((await listPublicKeys(world.db))[0]?.publicKey ?? "");

describe("a build", () => {
  it("says four things of its image, each an artifact about it", async () => {
    await attest(await wanted());
    expect((await listed()).map(({ kind, artifactType }) => [kind, artifactType])).toEqual([
      ["sbom-cyclonedx", "application/vnd.cyclonedx+json"],
      ["sbom-spdx", "application/spdx+json"],
      ["signature", "application/vnd.dev.cosign.artifact.sig.v1+json"],
      ["provenance", "application/vnd.in-toto.provenance+dsse"],
    ]);
    for (const { manifest } of attached)
      expect(JSON.parse(manifest.bytes.toString()).subject).toEqual(image.subject);
  });

  it("says of an index what it says of each of its images, and signs both and the index", async () => {
    const other = await storeImage(images, "for other processors", BILL.replaceAll("24.1.0", "24.1.1"));
    const named = [image, other].map(({ subject }) => ({ ...subject, annotations: { n: "1" } }));
    const index = encodeDocument(MEDIA.index, makeIndex(named));
    await images.write(index.bytes);
    const { digest } = index.descriptor;
    const platforms = [
      { architecture: "amd64", digest: image.digest },
      { architecture: "arm64", digest: other.digest, builder: `acme/builder@${other.digest}` },
    ] as const;
    await attest(await wanted({ imageDigest: digest, platforms }));
    const kindsOf = async (of: string) =>
      (await listAttestations(world.db, appId, of)).map(({ kind }) => kind);
    const each = ["sbom-cyclonedx", "sbom-spdx", "signature", "provenance"];
    expect(await Promise.all([image.digest, other.digest].map(kindsOf))).toEqual([each, each]);
    expect((await kindsOf(digest)).sort()).toEqual(
      [...each, ...each.filter((kind) => kind !== "signature")].sort(),
    );
    for (const one of [digest, image.digest, other.digest])
      expect(await checkSignature(world.db, appId, one)).toMatchObject({ kind: "verified" });
    const subjects = attached.map(({ manifest }) => JSON.parse(manifest.bytes.toString()).subject);
    expect(subjects).toHaveLength(9);
    expect(subjects.filter((subject) => subject.digest === digest)).toEqual([index.descriptor]);
    const set = await findSetOf(world.db, appId, digest);
    const found = (await listComponents(world.db, set ?? "")).filter(({ name }) => name === "node");
    expect(found.map(({ version }) => version).sort()).toEqual(["24.1.0", "24.1.1"]);

    // Told again, as after a kill, nothing is added.
    const listed = await listAttestations(world.db, appId, digest);
    await attest(await wanted({ imageDigest: digest, platforms, build: (await wanted()).build }));
    const signatures = (await listAttestations(world.db, appId, digest)).filter(
      ({ kind }) => kind === "signature",
    );
    expect(signatures).toEqual(listed.filter(({ kind }) => kind === "signature"));
  });

  it("lists what buildpacks and lock files tell, each package once", async () => {
    await attest(await wanted());
    const { json } = await documentOf("sbom-cyclonedx");
    const parts = json.components.map((one) => [
      one.purl,
      one.scope,
      one.properties.map(({ value }) => value),
    ]);
    expect(parts).toEqual([
      ["pkg:generic/node@24.1.0", "required", ["test/node"]],
      ["pkg:npm/lodash@4.17.20", "required", ["package-lock.json", "test/node"]],
      ["pkg:npm/vitest@1.0.0", "excluded", ["package-lock.json"]],
    ]);
  });

  it("signs the image as cosign does, with a key that others can check", async () => {
    await attest(await wanted());
    const signature = (await listed()).find(({ kind }) => kind === "signature")?.signature;
    const payload = Buffer.from(signature?.payload ?? "", "base64");
    expect(JSON.parse(payload.toString()).critical.image["docker-manifest-digest"]).toBe(image.digest);
    const check = createVerify("SHA256").update(payload);
    expect(check.verify(await publicKey(), signature?.value ?? "", "base64")).toBe(true);
    expect(attached.flatMap(({ tag }) => tag ?? []).sort()).toEqual([
      `sha256-${image.digest.slice(7)}.att`,
      `sha256-${image.digest.slice(7)}.sig`,
    ]);
  });

  it("tells how the image came to be, signed", async () => {
    const of = await wanted({ folder: "packages/web" });
    await attest(of);
    const { json: envelope } = await documentOf("provenance");
    expect(isEnvelopeOf(envelope, await publicKey())).toBe(true);
    const statement = JSON.parse(Buffer.from(envelope.payload, "base64").toString());
    expect(statement.subject).toEqual([{ name: `apps/${appId}`, digest: { sha256: image.digest.slice(7) } }]);
    const { buildDefinition, runDetails } = statement.predicate;
    expect(buildDefinition.externalParameters).toEqual({
      source: { uri: "git+https://localhost:6400/app.git", version: of.sourceVersion },
      ...{ ref: "refs/heads/main", folder: "packages/web", stack: "cnb" },
    });
    expect(buildDefinition.resolvedDependencies).toEqual([
      expect.objectContaining({
        name: "source",
        digest: { sha256: of.sourceDigest.slice(7), gitCommit: of.sourceVersion },
      }),
      { name: "run image", uri: "conifer/run", digest: { sha256: digestOf("run image").slice(7) } },
      { name: "buildpack test/node", uri: "https://example.com/node", annotations: { version: "1.2.3" } },
    ]);
    expect(runDetails.builder).toMatchObject({ version: { conifer: "0.1.0", lifecycle: "0.9.0" } });
    expect(runDetails.metadata).toMatchObject({
      invocationId: of.build.id,
      conifer_durations: { waiting_seconds: 1.5 },
    });
    expect(runDetails.byproducts.map(({ name }: Property) => name)).toEqual(["sbom-cyclonedx", "sbom-spdx"]);
  });

  it("states its bills signed, where cosign looks for attestations, and once for an image", async () => {
    const stated = async () => {
      const { digest } = (await listed()).find(({ kind }) => kind === "provenance") as { digest: string };
      const manifest = JSON.parse((await buffer(await images.read(digest))).toString());
      const [own, ...bills] = manifest.layers as { digest: string; annotations: Record<string, string> }[];
      expect(own?.annotations.predicateType).toBe("https://slsa.dev/provenance/v1");
      return bills;
    };
    await attest(await wanted());
    const bills = await stated();
    expect(bills.map(({ annotations }) => annotations.predicateType)).toEqual([
      "https://cyclonedx.org/bom",
      "https://spdx.dev/Document",
    ]);
    for (const [i, kind] of ["sbom-cyclonedx", "sbom-spdx"].entries()) {
      const envelope = JSON.parse((await buffer(await images.read(bills[i]?.digest ?? ""))).toString());
      expect(isEnvelopeOf(envelope, await publicKey())).toBe(true);
      const statement = JSON.parse(Buffer.from(envelope.payload, "base64").toString());
      expect(statement.subject[0].digest).toEqual({ sha256: image.digest.slice(7) });
      expect(statement.predicate).toEqual((await documentOf(kind)).json);
    }
    await attest(await wanted());
    expect((await listed()).filter(({ kind }) => kind === "provenance")).toHaveLength(2);
    expect(await stated()).toEqual(bills);
  });

  it("of what was built before says the same of it, but for its own provenance", async () => {
    const first = await wanted();
    await attest(first);
    const before = await listed();
    await attest(first);
    expect(await listed()).toEqual(before);
    await attest(await wanted());
    const after = await listed();
    expect(after.filter(({ kind }) => kind !== "provenance")).toEqual(
      before.filter(({ kind }) => kind !== "provenance"),
    );
    expect(after.filter(({ kind }) => kind === "provenance")).toHaveLength(2);
  });

  it("that is killed before its image is on record has said nothing yet, and says it again", async () => {
    const of = await wanted();
    await attestImage(of, deps);
    expect(await listed()).toEqual([]);
    await attest(of);
    expect((await listed()).map(({ kind }) => kind)).toHaveLength(4);
    expect(await checkSignature(world.db, appId, image.digest)).toMatchObject({ kind: "verified" });
  });

  it("whose store is away puts nothing on record", async () => {
    const away = { ...deps, artifacts: { attach: () => Promise.reject(new Error("the store is away")) } };
    await expect(attestImage(await wanted(), away)).rejects.toThrow("away");
    expect(await listed()).toEqual([]);
  });

  it("remarks what it could not read, and goes on", async () => {
    const large = { name: "client/yarn.lock", content: Buffer.alloc(17 * 1024 * 1024, 32) };
    image = await storeImage(images, "odd", "{ not JSON");
    await attest(
      await wanted({
        imageDigest: image.digest,
        sourceDigest: await source(large, { name: "go.sum", content: "x" }),
      }),
    );
    const { json } = await documentOf("sbom-cyclonedx");
    const remarks = json.metadata.properties.filter((one) => one.name === "conifer:remark");
    expect(remarks.map((one) => one.value)).toEqual([
      "The bill sbom.cdx.json of test/node could not be read: it is not JSON.",
      "The bill sbom.spdx.json of test/node could not be read: it is not JSON.",
      "client/yarn.lock was not read: it has 17 MB, and 16 MB are read at the most.",
    ]);
    expect(json.components.map((one) => one.purl)).toEqual([
      "pkg:npm/lodash@4.17.20",
      "pkg:npm/vitest@1.0.0",
    ]);
  });

  it("names a source without what only its owner may know", async () => {
    await attest(
      await wanted({ ref: null, sourceUri: "https://me:secret@example.com/app.tgz?token=secret#secret" }),
    );
    const all = attached.flatMap(({ blobs, manifest }) =>
      [...blobs, manifest].map(({ bytes }) => bytes.toString()),
    );
    const decoded = JSON.parse(
      Buffer.from((await documentOf("provenance")).json.payload, "base64").toString(),
    );
    expect(JSON.stringify([all, decoded])).not.toContain("secret");
    expect(decoded.predicate.buildDefinition.externalParameters.source.uri).toBe(
      "https://example.com/app.tgz",
    );
  });
});

describe("bills of materials", () => {
  it("are the same bytes for the same image, whenever and wherever they are made", async () => {
    await attest(await wanted());
    const first = await Promise.all(["sbom-cyclonedx", "sbom-spdx"].map(documentOf));
    const other = await world.newApp();
    const later = {
      ...deps,
      clock: () => new Date("2031-05-06T07:08:09Z"),
      repositoryOf: () => `apps/${appId}`,
    };
    const of = await wanted({ appId: other.id });
    attached = [];
    await world.db.transaction().execute(await attestImage(of, later));
    const texts = attached.flatMap(({ blobs }) => blobs.at(-1)?.bytes.toString() ?? []);
    for (const { text } of first) expect(texts).toContain(text);
  });
});

describe("an image that was put on another run image", () => {
  const run = { name: "conifer/run", digest: digestOf("patched") };

  async function rebase(): Promise<string> {
    const { subject } = await storeImage(images, "on another run image");
    const from = { appId, passId: world.newId(), fromDigest: image.digest, startedAt: new Date() };
    await world.db.transaction().execute(await attestRebase({ ...from, subject, run }, deps));
    return subject.digest;
  }

  it("is told as the one it was made of was, and signed", async () => {
    await attest(await wanted());
    const read: string[] = [];
    const reading = deps.images.read.bind(deps.images);
    deps = {
      ...deps,
      images: {
        ...images,
        read: async (digest) => {
          read.push(digest);
          return await reading(digest);
        },
      },
    };
    const digest = await rebase();
    const said = await listAttestations(world.db, appId, digest);
    expect(said.map(({ kind }) => kind)).toEqual(["sbom-cyclonedx", "sbom-spdx", "signature", "provenance"]);
    expect(await checkSignature(world.db, appId, digest)).toMatchObject({ kind: "verified" });
    expect(await findSetOf(world.db, appId, digest)).toBe(await findSetOf(world.db, appId, image.digest));
    expect(read).toHaveLength(2);
    const provenance = attached.find(({ tag }) => tag?.endsWith(`${digest.slice(7)}.att`));
    expect(JSON.parse(provenance?.manifest.bytes.toString() ?? "").layers).toHaveLength(3);
    const bill = JSON.parse((await buffer(await images.read(said[0]?.document.digest ?? ""))).toString());
    expect(bill.metadata.component.version).toBe(digest);
    expect(JSON.stringify(bill.metadata.properties)).toContain(`conifer/run@${run.digest}`);
    expect(bill.components).toHaveLength(3);
  });

  it("is told of each of its images, and signed as a whole, when it is an index", async () => {
    const other = await storeImage(images, "for other processors");
    const before = [image, other];
    const named = before.map((one) => one.subject);
    const index = encodeDocument(MEDIA.index, makeIndex(named));
    await images.write(index.bytes);
    const kinds = [
      { architecture: "amd64", digest: image.digest },
      { architecture: "arm64", digest: other.digest },
    ] as const;
    const fromDigest = index.descriptor.digest;
    await attest(await wanted({ imageDigest: fromDigest, platforms: kinds }));
    const names = ["first", "second"];
    const put = await Promise.all(names.map((name) => storeImage(images, `${name} on another run image`)));
    const platforms = put.map(({ subject }, at) => ({
      ...{ subject, fromDigest: before[at]?.digest ?? "" },
      run: { name: run.name, digest: digestOf(names[at] ?? "") },
    }));
    const subject = { mediaType: MEDIA.index, digest: digestOf("new index"), size: 9 };
    const of = { appId, passId: world.newId(), fromDigest, startedAt: new Date(), run, subject };
    await world.db.transaction().execute(await attestRebase({ ...of, platforms }, deps));
    for (const one of [subject, ...put.map(({ subject: each }) => each)])
      expect(await checkSignature(world.db, appId, one.digest)).toMatchObject({ kind: "verified" });
    const said = await listAttestations(world.db, appId, subject.digest);
    const bills = said.filter(({ kind }) => kind === "sbom-cyclonedx");
    const told = await Promise.all(
      bills.map(async ({ document }) => (await buffer(await images.read(document.digest))).toString()),
    );
    for (const name of names)
      expect(told.filter((text) => text.includes(`conifer/run@${digestOf(name)}`))).toHaveLength(1);
    expect(said.filter(({ kind }) => kind === "provenance")).toHaveLength(2);
    expect(said.filter(({ kind }) => kind === "signature")).toHaveLength(1);
  });

  it("is not signed when nobody has signed the one it was made of", async () => {
    const digest = await rebase();
    expect(attached).toEqual([]);
    expect(await listAttestations(world.db, appId, digest)).toEqual([]);
  });
});

describe("the installation's key", () => {
  it("is made once, however many need it first", async () => {
    const all = await Promise.all([wanted(), wanted(), wanted()]);
    await Promise.all(all.map((of) => attestImage(of, deps)));
    expect(await listPublicKeys(world.db)).toHaveLength(1);
  });

  it("of another installation, or for another image, is not good", async () => {
    await attest(await wanted());
    expect(await checkSignature(world.db, appId, digestOf("other"))).toEqual({
      kind: "refused",
      why: "it is not signed",
    });
    const { id } = await world.newApp();
    expect(await checkSignature(world.db, id, image.digest)).toMatchObject({ kind: "refused" });
  });
});
