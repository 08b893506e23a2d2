import {
  digestOf,
  type EncodedDocument,
  encodeDocument,
  hexOf,
  MEDIA,
  type OciDescriptor,
} from "../image/index.ts";
import type { StatedBill } from "./bill-statement.ts";
import { ENVELOPE_TYPE } from "./dsse-envelope.ts";
import { SIGNATURE, signatureTag } from "./image-signature.ts";
import { PREDICATE_TYPE } from "./slsa-provenance.ts";

/** A document about an image as the OCI image format keeps one (image-spec 1.1, "Guidelines for Artifact Usage"). */
export interface Artifact {
  readonly subject: string;
  readonly artifactType: string;
  /** All that the manifest names, which comes before it. */
  readonly blobs: readonly EncodedDocument[];
  readonly manifest: EncodedDocument;
  /** A name beside the digest, by which programs find it that know nothing of subjects. */
  readonly tag?: string;
}

/** Types by which artifacts are found among the referrers of an image. */
export const ARTIFACT = {
  /** As cosign stores signatures among referrers. */
  signature: "application/vnd.dev.cosign.artifact.sig.v1+json",
  provenance: "application/vnd.in-toto.provenance+dsse",
} as const;

const EMPTY = "application/vnd.oci.empty.v1+json";

/** An artifact of one document. */
export function makeDocumentArtifact(subject: OciDescriptor, mediaType: string, document: object): Artifact {
  return assemble(subject, {
    artifactType: mediaType,
    config: encodeDocument(EMPTY, {}),
    document: encodeDocument(mediaType, document),
  });
}

/**
 * A signed provenance, with the image's bills, signed, beside it: cosign looks for all attestations of an image in one manifest,
 * by these annotations under this tag.
 */
export function makeProvenanceArtifact(
  subject: OciDescriptor,
  envelope: object,
  bills: readonly StatedBill[],
): Artifact {
  return assemble(subject, {
    bills,
    artifactType: ARTIFACT.provenance,
    config: encodeDocument(EMPTY, {}),
    document: encodeDocument(ENVELOPE_TYPE, envelope),
    annotations: { [SIGNATURE.annotation]: "", predicateType: PREDICATE_TYPE },
    tag: `sha256-${hexOf(subject.digest)}.att`,
  });
}

/** A signature of the image. cosign finds it by its tag, and by its type among the referrers. */
export function makeSignatureArtifact(subject: OciDescriptor, payload: Buffer, signature: string): Artifact {
  const document = {
    bytes: payload,
    descriptor: { mediaType: SIGNATURE.type, digest: digestOf(payload), size: payload.length },
  };
  return assemble(subject, {
    artifactType: ARTIFACT.signature,
    config: encodeDocument(ARTIFACT.signature, {}),
    document,
    annotations: { [SIGNATURE.annotation]: signature },
    tag: signatureTag(subject.digest),
  });
}

interface Parts {
  readonly artifactType: string;
  readonly config: EncodedDocument;
  readonly document: EncodedDocument;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly tag?: string;
  readonly bills?: readonly StatedBill[];
}

function assemble({ mediaType, digest, size }: OciDescriptor, parts: Parts): Artifact {
  const { artifactType, config, document, annotations, tag, bills = [] } = parts;
  const manifest = encodeDocument(MEDIA.manifest, {
    ...{ schemaVersion: 2, mediaType: MEDIA.manifest, artifactType },
    config: config.descriptor,
    layers: [
      { ...document.descriptor, ...(annotations ? { annotations } : {}) },
      ...bills.map(({ descriptor }) => descriptor),
    ],
    subject: { mediaType, digest, size },
  });
  return {
    subject: digest,
    artifactType,
    blobs: [
      config,
      ...bills.flatMap(({ descriptor, bytes }) => (bytes ? [{ descriptor, bytes }] : [])),
      document,
    ],
    manifest,
    ...(tag === undefined ? {} : { tag }),
  };
}
