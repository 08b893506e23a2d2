import type { Db } from "../../kernel/index.ts";
import type { Attestation } from "./attestation.ts";
import { listAttestations } from "./attestation-store.ts";
import { isSignatureOf } from "./image-signature.ts";
import { isGoodKey, readPublicKeys } from "./installation-key.ts";

/** Whether an image is signed by this installation, and if not, why: a sentence without its end. */
export type SignatureVerdict =
  | { readonly kind: "verified"; readonly keyId: string }
  | { readonly kind: "refused"; readonly why: string };

/**
 * Checks the signatures on record of an app's image with the keys of this installation. The record is not believed: what it
 * says is good only when a key has signed it, for just this image.
 */
export async function checkSignature(db: Db, appId: string, imageDigest: string): Promise<SignatureVerdict> {
  const [attestations, keys] = await Promise.all([
    listAttestations(db, appId, imageDigest),
    readPublicKeys(db),
  ]);
  return judgeSignatures(imageDigest, attestations, keys);
}

/** The pure part of `checkSignature`. */
export function judgeSignatures(
  imageDigest: string,
  attestations: readonly Pick<Attestation, "signature">[],
  keys: Awaited<ReturnType<typeof readPublicKeys>>,
): SignatureVerdict {
  const signatures = attestations.flatMap(({ signature }) => signature ?? []);
  if (signatures.length === 0) return { kind: "refused", why: "it is not signed" };
  for (const { payload, value } of signatures)
    for (const [keyId, key] of keys)
      if (isSignatureOf(imageDigest, { payload: Buffer.from(payload, "base64"), signature: value }, key))
        return { kind: "verified", keyId };
  return { kind: "refused", why: "its signature was not made by this installation for this image" };
}

/** What users read about an image that may not start, and what to do. */
export function refusalText(why: string): string {
  return (
    `The image may not start, since ${why}, and this installation starts signed images only. ` +
    "Push the code again to have it built and signed, or ask the operator (CONIFER_SIGNED_IMAGES)."
  );
}

/** Why an app's image may not start; undefined when it may. */
export type AdmitImage = (appId: string, imageDigest: string) => Promise<string | undefined>;

/**
 * The rule of an installation that starts signed images only. What was verified once stays so while its key is good, since a
 * digest names content.
 */
export function makeAdmission(db: Db): AdmitImage {
  const verified = new Map<string, string>();
  return async (appId, imageDigest) => {
    const key = `${appId} ${imageDigest}`;
    const by = verified.get(key);
    if (by !== undefined && (await isGoodKey(db, by))) return undefined;
    const verdict = await checkSignature(db, appId, imageDigest);
    if (verdict.kind === "refused") return refusalText(verdict.why);
    if (verified.size >= MOST_REMEMBERED) verified.clear();
    verified.set(key, verdict.keyId);
    return undefined;
  };
}

const MOST_REMEMBERED = 10_000;
