import { digestOf } from "../image/index.ts";

/** What can be said of an image beside it: its two bills of materials, how it was made, and that it is ours. */
export type AttestationKind = "sbom-cyclonedx" | "sbom-spdx" | "provenance" | "signature";

/** A statement about an image, on record. It lies beside the image as an artifact whose `subject` is the image. */
export interface Attestation {
  readonly kind: AttestationKind;
  /** Of the artifact's manifest. */
  readonly digest: string;
  readonly artifactType: string;
  /** What is said: a blob of the artifact. */
  readonly document: { readonly digest: string; readonly mediaType: string; readonly sizeBytes: number };
  /** The key that signed it; null when nothing signs it by itself. */
  readonly keyId: string | null;
  /** The build that made it; null when it is the same for every build of the image. */
  readonly buildId: string | null;
  /** The signature of a `signature`, in base64, and what it signs. */
  readonly signature: { readonly payload: string; readonly value: string } | null;
  readonly createdAt: Date;
}

/** Provenances that one image has at the most: one that is built again and again is not different each time. */
export const MOST_PROVENANCES = 50;

/** Digests name what was said: a store that gives other bytes is found out. */
export function isDocumentOf(bytes: Buffer, { document }: Pick<Attestation, "document">): boolean {
  return digestOf(bytes) === document.digest;
}
