import { buffer } from "node:stream/consumers";
import type { ImageStore, OciDescriptor } from "../image/index.ts";
import { BILL_TYPE, copyInventory, type MovedTo, moveCycloneDxBill, moveSpdxBill } from "../sbom/index.ts";
import { checkSignature } from "./admit-image.ts";
import { makeDocumentArtifact, makeProvenanceArtifact } from "./artifact.ts";
import type { AttestDependencies, RecordAttestations, Said } from "./attest-image.ts";
import { madeBill, said, signatureOf } from "./attest-image.ts";
import { type Attestation, isDocumentOf, MOST_PROVENANCES } from "./attestation.ts";
import { insertAttestations, listAttestations } from "./attestation-store.ts";
import { stateBills } from "./bill-statement.ts";
import { makeEnvelope } from "./dsse-envelope.ts";
import { type InstallationKey, openInstallationKey } from "./installation-key.ts";
import { makeRebaseProvenance } from "./rebase-provenance.ts";
import { STATEMENT_TYPE } from "./slsa-provenance.ts";

/** An image that was put on another run image, and the one that it was made of. */
interface RebasedSubject {
  readonly fromDigest: string;
  readonly subject: OciDescriptor;
  readonly run: { readonly name: string; readonly digest: string };
}

/** An image of an app that was put on another run image, in the store and in no record yet. */
export interface RebaseToAttest extends RebasedSubject {
  readonly appId: string;
  readonly passId: string;
  readonly startedAt: Date;
  /** Of an index: its images. */
  readonly platforms?: readonly RebasedSubject[];
}

export type AttestRebaseDependencies = Omit<AttestDependencies, "sources" | "images"> & {
  readonly images: Pick<ImageStore, "read">;
};

const MOST_BILL_BYTES = 64 * 1024 * 1024;

/**
 * Says of a rebased image what it is: the bills of the image it was made of, told of it; provenance that names both; the
 * installation's signature. No layer is read. An image that this installation has not signed gets none of it: nobody vouches
 * for what was put on the run image. Of an index each of its images is told, and the index is signed; what is said of the images
 * stands with it, too. All of it is stored when this returns, and nothing is on record. Throws when a store is away or refuses it.
 */
export async function attestRebase(
  of: RebaseToAttest,
  deps: AttestRebaseDependencies,
): Promise<RecordAttestations> {
  const { appId, fromDigest, subject, platforms = [] } = of;
  const verdict = await checkSignature(deps.db, appId, fromDigest);
  const told: Told[] = [];
  if (verdict.kind !== "refused") {
    const key = await openInstallationKey(deps);
    for (const one of platforms) told.push(await tellOf({ ...of, ...one }, key, deps));
    told.push(platforms.length === 0 ? await tellOf(of, key, deps) : await tellOfIndex(of, told, key, deps));
  }
  const all = new Set(told.flatMap(({ statements }) => statements));
  await Promise.all([...all].map(({ artifact }) => deps.artifacts.attach(appId, artifact)));
  return async (trx) => {
    for (const { imageDigest, statements } of told) {
      const attestations = statements.map(({ attestation }) => attestation);
      await insertAttestations(trx, { appId, imageDigest }, attestations);
    }
    for (const one of [...platforms, { fromDigest, subject }])
      await copyInventory(trx, { appId, fromDigest: one.fromDigest, imageDigest: one.subject.digest });
  };
}

/** What is to be said of an image, and is not yet. */
interface Told {
  readonly imageDigest: string;
  readonly statements: readonly Said[];
}

async function tellOf(
  of: RebaseToAttest,
  key: InstallationKey,
  deps: AttestRebaseDependencies,
): Promise<Told> {
  const { appId, fromDigest, subject } = of;
  const [before, known] = await Promise.all([
    listAttestations(deps.db, appId, fromDigest),
    listAttestations(deps.db, appId, subject.digest),
  ]);
  const bills = await movedBills(of, before, deps);
  const provenances = known.filter(({ kind }) => kind === "provenance");
  const statements = [
    ...bills,
    ...(provenances.length >= MOST_PROVENANCES
      ? []
      : [await provenanceOf(of, { key, bills, provenances, deps })]),
    ...missingSignature(of, known, key, deps),
  ];
  return { imageDigest: subject.digest, statements };
}

async function tellOfIndex(
  of: RebaseToAttest,
  told: readonly Told[],
  key: InstallationKey,
  deps: AttestRebaseDependencies,
): Promise<Told> {
  const { digest: imageDigest } = of.subject;
  const known = await listAttestations(deps.db, of.appId, imageDigest);
  const theirs = told.flatMap(({ statements }) => statements);
  const statements = [
    ...missingSignature(of, known, key, deps),
    ...theirs.filter(({ attestation }) => attestation.kind !== "signature"),
  ];
  return { imageDigest, statements };
}

/** The installation's signature, unless it is on record. */
function missingSignature(
  { appId, subject }: RebaseToAttest,
  known: readonly Attestation[],
  key: InstallationKey,
  { clock, repositoryOf }: AttestRebaseDependencies,
): readonly Said[] {
  if (known.some(({ kind, keyId }) => kind === "signature" && keyId === key.id)) return [];
  return [signatureOf(subject, { key, now: clock(), name: repositoryOf(appId) })];
}

const MOVES: Readonly<
  Record<
    string,
    { readonly type: string; readonly move: (bill: Readonly<Record<string, unknown>>, to: MovedTo) => object }
  >
> = {
  "sbom-cyclonedx": { type: BILL_TYPE.cyclonedx, move: moveCycloneDxBill },
  "sbom-spdx": { type: BILL_TYPE.spdx, move: moveSpdxBill },
};

async function movedBills(
  { subject, run }: RebaseToAttest,
  before: readonly Attestation[],
  { images, clock }: AttestRebaseDependencies,
): Promise<readonly Said[]> {
  const moved: Said[] = [];
  for (const one of before) {
    const known = MOVES[one.kind];
    if (!known || one.document.sizeBytes > MOST_BILL_BYTES) continue;
    const bytes = await buffer(await images.read(one.document.digest));
    if (!isDocumentOf(bytes, one))
      throw new Error(`the bill ${one.document.digest} is not what its digest says`);
    const bill = known.move(JSON.parse(bytes.toString("utf8")), { digest: subject.digest, runImage: run });
    moved.push(said(one.kind, makeDocumentArtifact(subject, known.type, bill), clock()));
  }
  return moved;
}

async function provenanceOf(
  of: RebaseToAttest,
  {
    key,
    bills,
    provenances,
    deps,
  }: {
    readonly key: InstallationKey;
    readonly bills: readonly Said[];
    /** Of the same image, on record. */
    readonly provenances: readonly Attestation[];
    readonly deps: AttestRebaseDependencies;
  },
): Promise<Said> {
  const { coniferVersion, engine } = deps.builder;
  const now = deps.clock();
  const image = { name: deps.repositoryOf(of.appId), digest: of.subject.digest };
  const statement = makeRebaseProvenance({
    image,
    ...{ from: of.fromDigest, runImage: of.run, passId: of.passId, startedAt: of.startedAt, finishedAt: now },
    installation: { id: `urn:conifer:installation:${key.id}`, coniferVersion, engine },
    bills: Object.fromEntries(
      bills.map(({ attestation }) => [attestation.kind, attestation.document.digest]),
    ),
  });
  const envelope = makeEnvelope(STATEMENT_TYPE, Buffer.from(JSON.stringify(statement)), key);
  const before = provenances.find(({ keyId }) => keyId === key.id);
  const stated = await stateBills(image, bills.map(madeBill), { key, before, images: deps.images });
  return said("provenance", makeProvenanceArtifact(of.subject, envelope, stated), now, { keyId: key.id });
}
