import { type KeyObject, sign, verify } from "node:crypto";
import { digestOf, hexOf, MEDIA, type OciDescriptor } from "../image/index.ts";

/** As `cosign sign --key` stores signatures, so that `cosign verify --key` finds and takes them. */
export const SIGNATURE = {
  type: "application/vnd.dev.cosign.simplesigning.v1+json",
  annotation: "dev.cosignproject.cosign/signature",
} as const;

/** The tag under which an image's signatures lie. */
export function signatureTag(digest: string): string {
  return `sha256-${hexOf(digest)}.sig`;
}

/** What is signed: that an image with this digest has this name ("simple signing"). */
export function makePayload(reference: string, digest: string): Buffer {
  return Buffer.from(
    JSON.stringify({
      critical: {
        identity: { "docker-reference": reference },
        image: { "docker-manifest-digest": digest },
        type: "cosign container image signature",
      },
      optional: null,
    }),
  );
}

/** The signature of a payload (ECDSA of SHA-256), in base64. */
export function signPayload(payload: Buffer, { privateKey }: { readonly privateKey: KeyObject }): string {
  return sign("sha256", payload, privateKey).toString("base64");
}

/** Whether a payload was signed with the key's other half and is about the image. */
export function isSignatureOf(
  digest: string,
  { payload, signature }: { readonly payload: Buffer; readonly signature: string },
  key: KeyObject,
): boolean {
  if (!verify("sha256", payload, key, Buffer.from(signature, "base64"))) return false;
  const { critical } = JSON.parse(payload.toString("utf8")) as {
    readonly critical?: { readonly type?: string; readonly image?: Readonly<Record<string, string>> };
  };
  const isOurs = critical?.type === "cosign container image signature";
  return isOurs && critical.image?.["docker-manifest-digest"] === digest;
}

/** The documents of a signature: its config, and the manifest for given descriptors of payload and config. */
export function signatureConfig(payload: Buffer): object {
  return {
    ...{ architecture: "", os: "", config: {} },
    rootfs: { type: "layers", diff_ids: [digestOf(payload)] },
  };
}

export function signatureManifest(config: OciDescriptor, payload: OciDescriptor, signature: string): object {
  const layers = [{ ...payload, annotations: { [SIGNATURE.annotation]: signature } }];
  return { schemaVersion: 2, mediaType: MEDIA.manifest, config, layers };
}
