import {
  makePayload,
  SIGNATURE,
  signatureConfig,
  signatureManifest,
  signatureTag,
  signPayload,
} from "../../platform/src/delivery/attestation/index.ts";
import { MEDIA, type OciDescriptor } from "../../platform/src/delivery/image/index.ts";
import type { ImageFolder } from "./image-folder.ts";
import type { SigningKey } from "./signing-key.ts";
import { type Billed, makeSpdxDocument, SPDX_TYPE } from "./spdx-document.ts";

/** The name by which tools of OCI layouts find what is listed there. */
export const REFERENCE_NAME = "org.opencontainers.image.ref.name";

const EMPTY = "application/vnd.oci.empty.v1+json";

/** Writes a platform's bill of materials beside its image, as an artifact about it (image-spec 1.1, "subject"). */
export async function attachSbom(
  layout: ImageFolder,
  subject: OciDescriptor,
  billed: Billed,
): Promise<OciDescriptor> {
  const { descriptor: document } = await layout.write(SPDX_TYPE, makeSpdxDocument(billed));
  const { descriptor: config } = await layout.write(EMPTY, {});
  const { mediaType, digest, size } = subject;
  const manifest = await layout.write(MEDIA.manifest, {
    ...{ schemaVersion: 2, mediaType: MEDIA.manifest, artifactType: SPDX_TYPE },
    ...{ config, layers: [document], subject: { mediaType, digest, size } },
  });
  layout.list({ ...manifest.descriptor, artifactType: SPDX_TYPE });
  return manifest.descriptor;
}

/** Signs an image, and writes the signature beside it under the tag where it is looked for. */
export async function attachSignature(
  layout: ImageFolder,
  { digest, reference }: { readonly digest: string; readonly reference: string },
  key: SigningKey,
): Promise<void> {
  const payload = makePayload(reference, digest);
  const { descriptor: signed } = await layout.write(SIGNATURE.type, payload);
  const { descriptor: config } = await layout.write(MEDIA.config, signatureConfig(payload));
  const document = signatureManifest(config, signed, signPayload(payload, key));
  const { descriptor } = await layout.write(MEDIA.manifest, document);
  layout.list({ ...descriptor, annotations: { [REFERENCE_NAME]: signatureTag(digest) } });
}
