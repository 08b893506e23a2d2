import { sql } from "kysely";
import type { Db } from "../../kernel/index.ts";
import type { Attestation, AttestationKind } from "./attestation.ts";

type AttestationTables = {
  attestations: {
    app_id: string;
    image_digest: string;
    kind: AttestationKind;
    digest: string;
    artifact_type: string;
    document: string;
    key_id: string | null;
    build_id: string | null;
    signature: string | null;
    created_at: Date;
  };
};

const tables = (db: Db) => db.withTables<AttestationTables>();

/** Records what is said of an app's image. What is on record already stays as it is. */
export async function insertAttestations(
  trx: Db,
  of: { readonly appId: string; readonly imageDigest: string },
  made: readonly Attestation[],
): Promise<void> {
  if (made.length === 0) return;
  await tables(trx)
    .insertInto("attestations")
    .values(
      made.map((one) => ({
        ...{ app_id: of.appId, image_digest: of.imageDigest, kind: one.kind, digest: one.digest },
        artifact_type: one.artifactType,
        document: JSON.stringify(one.document),
        ...{ key_id: one.keyId, build_id: one.buildId },
        signature: one.signature && JSON.stringify(one.signature),
        created_at: one.createdAt,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** All that is said of an app's image: provenances last, the newest of them first. */
export async function listAttestations(
  db: Db,
  appId: string,
  imageDigest: string,
): Promise<readonly Attestation[]> {
  return await tables(db)
    .selectFrom("attestations")
    .select([
      ...(["kind", "digest"] as const),
      "artifact_type as artifactType",
      sql<Attestation["document"]>`document`.as("document"),
      "key_id as keyId",
      "build_id as buildId",
      sql<Attestation["signature"]>`signature`.as("signature"),
      "created_at as createdAt",
    ])
    .where("app_id", "=", appId)
    .where("image_digest", "=", imageDigest)
    .orderBy(sql`kind = 'provenance'`)
    .orderBy("kind")
    .orderBy("created_at", "desc")
    .orderBy("digest")
    .execute();
}
