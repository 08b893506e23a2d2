import { buffer } from "node:stream/consumers";
import type { Clock, Db, MasterKey, NewId } from "../../kernel/index.ts";
import {
  type ImageDocuments,
  type ImagePlatform,
  imageInfoOf,
  LABEL,
  MEDIA,
  type OciDescriptor,
  readImageDocuments,
} from "../image/index.ts";
import {
  BILL_TYPE,
  type Inventory,
  type InventorySources,
  makeCycloneDxBill,
  makeInventory,
  makeSpdxBill,
  readInventory,
  recordInventory,
} from "../sbom/index.ts";
import {
  type Artifact,
  makeDocumentArtifact,
  makeProvenanceArtifact,
  makeSignatureArtifact,
} from "./artifact.ts";
import { type Attestation, type AttestationKind, MOST_PROVENANCES } from "./attestation.ts";
import type { ArtifactStore } from "./attestation-ports.ts";
import { insertAttestations, listAttestations } from "./attestation-store.ts";
import { type MadeBill, stateBills } from "./bill-statement.ts";
import { makeEnvelope } from "./dsse-envelope.ts";
import { makePayload, signPayload } from "./image-signature.ts";
import { type InstallationKey, openInstallationKey } from "./installation-key.ts";
import { makeProvenance, STATEMENT_TYPE } from "./slsa-provenance.ts";

/** A build whose image is in the store and in no record yet. */
export interface ImageToAttest {
  readonly appId: string;
  readonly imageDigest: string;
  /** Of an index: its images. */
  readonly platforms?: readonly ImagePlatform[] | undefined;
  readonly build: {
    readonly id: string;
    readonly stack: string;
    readonly acceptedAt: Date;
    readonly startedAt: Date;
  };
  /** Of what was built, in the source store. */
  readonly sourceDigest: string;
  readonly sourceUri: string | undefined;
  readonly sourceVersion: string | null;
  readonly ref: string | null;
  readonly folder: string | undefined;
}

export interface AttestDependencies extends InventorySources {
  readonly db: Db;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly masterKey: MasterKey;
  readonly artifacts: ArtifactStore;
  /** The name of an app's repository, which signatures and bills name. */
  readonly repositoryOf: (appId: string) => string;
  readonly builder: {
    readonly engine: string;
    readonly coniferVersion: string;
    readonly image: string | undefined;
  };
}

/** Records what was said; to be called in the transaction that records the image. */
export type RecordAttestations = (trx: Db) => Promise<void>;

/**
 * Says what an image is, beside it: bills of materials, provenance, signature. Of an index each of its images is told, and the
 * index is signed; what is said of the images stands with it, too. All of it is stored when this returns, and nothing of it is
 * on record: killed in between, the next call says the same again, and what was left is collected with the image. Nothing that
 * is said holds a config var: none is given to it. Throws when a store is away or refuses it.
 */
export async function attestImage(of: ImageToAttest, deps: AttestDependencies): Promise<RecordAttestations> {
  const { appId, platforms } = of;
  const told = platforms ? await tellOfIndex(of, platforms, deps) : [await tellOf(of, deps)];
  const all = new Set(told.flatMap(({ statements }) => statements));
  await Promise.all([...all].map(({ artifact }) => deps.artifacts.attach(appId, artifact)));
  const now = deps.clock();
  return async (trx) => {
    for (const { imageDigest, statements, inventory } of told) {
      const attestations = statements.map(({ attestation }) => attestation);
      await insertAttestations(trx, { appId, imageDigest }, attestations);
      await recordInventory(trx, { appId, imageDigest, inventory, now });
    }
  };
}

/** What is to be said of an image, and is not yet. */
interface Told {
  readonly imageDigest: string;
  readonly statements: readonly Said[];
  readonly inventory: Inventory;
}

async function tellOfIndex(
  of: ImageToAttest,
  platforms: readonly ImagePlatform[],
  deps: AttestDependencies,
): Promise<readonly Told[]> {
  const { appId, imageDigest } = of;
  const each = await Promise.all(
    platforms.map(({ digest, builder: image = deps.builder.image }) =>
      tellOf({ ...of, imageDigest: digest }, { ...deps, builder: { ...deps.builder, image } }),
    ),
  );
  const { length: size } = await buffer(await deps.images.read(imageDigest));
  const [key, known] = await Promise.all([
    openInstallationKey(deps),
    listAttestations(deps.db, appId, imageDigest),
  ]);
  const isSigned = known.some(({ kind, keyId }) => kind === "signature" && keyId === key.id);
  const subject = { mediaType: MEDIA.index, digest: imageDigest, size };
  const signing = { key, now: deps.clock(), name: deps.repositoryOf(appId) };
  const theirs = each.flatMap(({ statements }) => statements);
  const inventories = each.map(({ inventory }) => inventory);
  const index = {
    imageDigest,
    statements: [
      ...(isSigned ? [] : [signatureOf(subject, signing)]),
      ...theirs.filter(({ attestation }) => attestation.kind !== "signature"),
    ],
    inventory: makeInventory(
      inventories.flatMap(({ components }) => components),
      [...new Set(inventories.flatMap(({ remarks }) => remarks))],
    ),
  };
  return [...each, index];
}

async function tellOf(of: ImageToAttest, deps: AttestDependencies): Promise<Told> {
  const { appId, imageDigest } = of;
  const manifest = await buffer(await deps.images.read(imageDigest));
  const image = await readImageDocuments(deps.images, imageDigest);
  const subject = { mediaType: MEDIA.manifest, digest: imageDigest, size: manifest.length };
  const [key, inventory, known] = await Promise.all([
    openInstallationKey(deps),
    readInventory({ image, source: of.sourceDigest }, deps),
    listAttestations(deps.db, appId, imageDigest),
  ]);
  const now = deps.clock();
  const billed = { ...factsOf(of, image, deps), inventory };
  const bills = [
    said(
      "sbom-cyclonedx",
      makeDocumentArtifact(subject, BILL_TYPE.cyclonedx, makeCycloneDxBill(billed)),
      now,
    ),
    said("sbom-spdx", makeDocumentArtifact(subject, BILL_TYPE.spdx, makeSpdxBill(billed)), now),
  ];
  const provenances = known.filter(({ kind }) => kind === "provenance");
  const isTold = provenances.some(({ buildId }) => buildId === of.build.id);
  const statements = [
    ...bills,
    ...(isTold || provenances.length >= MOST_PROVENANCES
      ? []
      : [await provenanceOf(of, { image, subject, key, now, deps, bills, provenances })]),
    ...(known.some(({ kind, keyId }) => kind === "signature" && keyId === key.id)
      ? []
      : [signatureOf(subject, { key, now, name: deps.repositoryOf(appId) })]),
  ];
  return { imageDigest, statements, inventory };
}

/** A statement, as it is stored and as it is on record. */
export interface Said {
  readonly artifact: Artifact;
  readonly attestation: Attestation;
}

/** What is on record of an artifact that tells this. */
export function said(
  kind: AttestationKind,
  artifact: Artifact,
  createdAt: Date,
  more: Partial<Pick<Attestation, "keyId" | "buildId" | "signature">> = {},
): Said {
  const document = artifact.blobs.at(-1)?.descriptor;
  if (!document) throw new Error(`the artifact ${artifact.artifactType} has no document`);
  const { digest, mediaType, size } = document;
  return {
    artifact,
    attestation: {
      ...{ kind, digest: artifact.manifest.descriptor.digest, artifactType: artifact.artifactType },
      document: { digest, mediaType, sizeBytes: size },
      ...{ keyId: null, buildId: null, signature: null, ...more, createdAt },
    },
  };
}

/** What the image's own documents say. */
function factsOf(of: ImageToAttest, image: ImageDocuments, deps: AttestDependencies) {
  const { buildpacks, runImage } = imageInfoOf(of.imageDigest, image);
  return {
    name: deps.repositoryOf(of.appId),
    digest: of.imageDigest,
    created: image.config.created ?? "1980-01-01T00:00:01Z",
    buildpacks,
    runImage: { name: runImage.name, digest: runReferenceOf(image) },
    coniferVersion: deps.builder.coniferVersion,
  };
}

/** What a bill that was just made says. */
export function madeBill({ artifact, attestation }: Said): MadeBill {
  return { attestation, bytes: artifact.blobs.at(-1)?.bytes ?? Buffer.alloc(0) };
}

async function provenanceOf(
  of: ImageToAttest,
  from: {
    readonly image: ImageDocuments;
    readonly subject: OciDescriptor;
    readonly key: InstallationKey;
    readonly now: Date;
    readonly deps: AttestDependencies;
    readonly bills: readonly Said[];
    /** Of the same image, on record. */
    readonly provenances: readonly Attestation[];
  },
): Promise<Said> {
  const { image, subject, key, now, deps, bills, provenances } = from;
  const { name, buildpacks, runImage } = factsOf(of, image, deps);
  const { coniferVersion, engine, image: builderImage } = deps.builder;
  const statement = makeProvenance({
    image: { name, digest: of.imageDigest },
    build: { ...of.build, finishedAt: now },
    source: {
      ...{ digest: of.sourceDigest, uri: of.sourceUri, version: of.sourceVersion },
      ...{ ref: of.ref, folder: of.folder },
    },
    builder: {
      id: `urn:conifer:installation:${key.id}`,
      ...{ coniferVersion, engine, image: builderImage, lifecycleVersion: lifecycleVersionOf(image) },
    },
    ...{ buildpacks, runImage },
    bills: Object.fromEntries(
      bills.map(({ attestation }) => [attestation.kind, attestation.document.digest]),
    ),
  });
  const envelope = makeEnvelope(STATEMENT_TYPE, Buffer.from(JSON.stringify(statement)), key);
  const before = provenances.find(({ keyId }) => keyId === key.id);
  const stated = await stateBills({ name, digest: of.imageDigest }, bills.map(madeBill), {
    ...{ key, before, images: deps.images },
  });
  const artifact = makeProvenanceArtifact(subject, envelope, stated);
  return said("provenance", artifact, now, { keyId: key.id, buildId: of.build.id });
}

/** The installation's signature of an image. */
export function signatureOf(
  subject: OciDescriptor,
  { key, now, name }: { readonly key: InstallationKey; readonly now: Date; readonly name: string },
): Said {
  const payload = makePayload(name, subject.digest);
  const value = signPayload(payload, key);
  const signature = { payload: payload.toString("base64"), value };
  return said("signature", makeSignatureArtifact(subject, payload, value), now, { keyId: key.id, signature });
}

/** Labels are what a build has left: one that cannot be read says nothing. */
function labelOf(image: ImageDocuments, name: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(image.config.config.Labels?.[name] ?? "{}");
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

function runReferenceOf(image: ImageDocuments): string {
  const { runImage } = labelOf(image, LABEL.lifecycle) as {
    readonly runImage?: { readonly reference?: unknown };
  };
  const reference = typeof runImage?.reference === "string" ? runImage.reference : "";
  return /sha256:[0-9a-f]{64}$/.exec(reference)?.[0] ?? "";
}

function lifecycleVersionOf(image: ImageDocuments): string | undefined {
  const { launcher } = labelOf(image, LABEL.build) as { readonly launcher?: { readonly version?: unknown } };
  return typeof launcher?.version === "string" ? launcher.version.slice(0, 100) : undefined;
}
