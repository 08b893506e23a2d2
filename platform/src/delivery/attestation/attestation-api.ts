import { buffer } from "node:stream/consumers";
import type { ApiCall, ApiHandlers } from "../../http/index.ts";
import { apiTime, type Db, notFound } from "../../kernel/index.ts";
import type { ImageStore } from "../image/index.ts";
import { findRelease, type Release } from "../release/index.ts";
import { checkSignature, refusalText } from "./admit-image.ts";
import { type Attestation, isDocumentOf } from "./attestation.ts";
import { listAttestations } from "./attestation-store.ts";
import { listPublicKeys, type PublicKey } from "./installation-key-store.ts";

export interface AttestationApiDependencies {
  readonly db: Db;
  readonly images: Pick<ImageStore, "read">;
}

export function attestationHandlers(deps: AttestationApiDependencies): ApiHandlers {
  return {
    "GET /apps/{app}/releases/{release}/attestations": async (call) => ({
      body: (await attestationsOf(call, deps)).map(presentAttestation),
    }),
    "GET /apps/{app}/releases/{release}/attestations/{attestation}": async (call) => {
      const wanted = call.params.attestation ?? "";
      const found = (await attestationsOf(call, deps)).find(
        ({ kind, digest }) => kind === wanted || digest === wanted,
      );
      if (!found) throw notFound("attestation");
      return { body: { ...presentAttestation(found), content: await readDocument(found, deps) } };
    },
    "GET /signing-keys": async () => {
      return { body: (await listPublicKeys(deps.db)).map(presentKey) };
    },
  };
}

/** A signing key as the API and the operator's command give it. */
export function presentKey({ id, publicKey, current, createdAt, revokedAt }: PublicKey) {
  return {
    ...{ id, public_key: publicKey, current },
    created_at: apiTime(createdAt),
    revoked_at: revokedAt && apiTime(revokedAt),
  };
}

async function attestationsOf(
  call: ApiCall,
  { db }: AttestationApiDependencies,
): Promise<readonly Attestation[]> {
  const release = await findRelease(db, call.app.id, call.params.release ?? "");
  if (!release) throw notFound("release");
  return release.imageDigest === null ? [] : await listAttestations(db, call.app.id, release.imageDigest);
}

function presentAttestation(one: Attestation) {
  return {
    kind: one.kind,
    digest: one.digest,
    artifact_type: one.artifactType,
    media_type: one.document.mediaType,
    document_digest: one.document.digest,
    document_size: one.document.sizeBytes,
    key_id: one.keyId,
    build: one.buildId === null ? null : { id: one.buildId },
    signature: one.signature,
    created_at: apiTime(one.createdAt),
  };
}

/** The document, from the store and checked: what a digest names cannot be something else. */
async function readDocument(one: Attestation, { images }: AttestationApiDependencies): Promise<unknown> {
  const bytes = await buffer(await images.read(one.document.digest));
  if (!isDocumentOf(bytes, one))
    throw new Error(`the document ${one.document.digest} is damaged in the store`);
  return JSON.parse(bytes.toString("utf8"));
}

/** What a release's page says of its image. Nothing for a release without code. */
export async function describeTrust(
  { appId, imageDigest }: Pick<Release, "appId" | "imageDigest">,
  { db, required }: { readonly db: Db; readonly required: boolean },
) {
  if (imageDigest === null) return {};
  const [attestations, verdict] = await Promise.all([
    listAttestations(db, appId, imageDigest),
    checkSignature(db, appId, imageDigest),
  ]);
  return {
    attestations: attestations.map(({ kind, digest, artifactType }) => ({
      kind,
      digest,
      artifact_type: artifactType,
    })),
    image_verification: {
      status: verdict.kind,
      required,
      key_id: verdict.kind === "verified" ? verdict.keyId : null,
      message:
        verdict.kind === "verified"
          ? null
          : required
            ? refusalText(verdict.why)
            : `The image: ${verdict.why}.`,
    },
  };
}
