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

/** An image of an app that was put on another run image, in the store and in no record yet. */
export interface RebaseToAttest {
  readonly appId: string;
  readonly passId: string;
  readonly fromDigest: string;
  readonly subject: OciDescriptor;
  readonly run: { readonly name: string; readonly digest: string };
  readonly startedAt: Date;
}

export type AttestRebaseDependencies = Omit<AttestDependencies, "sources" | "images"> & {
  readonly images: Pick<ImageStore, "read">;
};

const MOST_BILL_BYTES = 64 * 1024 * 1024;

/**
 * Says of a rebased image what it is: the bills of the image it was made of, told of it; provenance that names both; the
 * installation's signature. No layer is read. An image that this installation has not signed gets none of it: nobody vouches
 * for what was put on the run image. All of it is stored when this returns, and nothing is on record. Throws when a store is
 * away or refuses it.
 */
export async function attestRebase(
  of: RebaseToAttest,
  deps: AttestRebaseDependencies,
): Promise<RecordAttestations> {
  const { appId, fromDigest, subject } = of;
  const imageDigest = subject.digest;
  const verdict = await checkSignature(deps.db, appId, fromDigest);
  const inventory = { appId, fromDigest, imageDigest };
  if (verdict.kind === "refused") return async (trx) => await copyInventory(trx, inventory);
  const [key, before, known] = await Promise.all([
    openInstallationKey(deps),
    listAttestations(deps.db, appId, fromDigest),
    listAttestations(deps.db, appId, imageDigest),
  ]);
  const bills = await movedBills(of, before, deps);
  const provenances = known.filter(({ kind }) => kind === "provenance");
  const isSigned = known.some(({ kind, keyId }) => kind === "signature" && keyId === key.id);
  const all = [
    ...bills,
    ...(provenances.length >= MOST_PROVENANCES
      ? []
      : [await provenanceOf(of, { key, bills, provenances, deps })]),
    ...(isSigned ? [] : [signatureOf(subject, { key, now: deps.clock(), name: deps.repositoryOf(appId) })]),
  ];
  await Promise.all(all.map(({ artifact }) => deps.artifacts.attach(appId, artifact)));
  return async (trx) => {
    const attestations = all.map(({ attestation }) => attestation);
    await insertAttestations(trx, { appId, imageDigest }, attestations);
    await copyInventory(trx, inventory);
  };
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
