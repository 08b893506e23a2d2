export { checkSignature, makeAdmission } from "./admit-image.ts";
export { attestImage } from "./attest-image.ts";
export { attestRebase } from "./attest-rebase.ts";
export { attestationHandlers, describeTrust, presentKey } from "./attestation-api.ts";
export type { ArtifactStore } from "./attestation-ports.ts";
export {
  isSignatureOf,
  makePayload,
  SIGNATURE,
  signatureConfig,
  signatureManifest,
  signatureTag,
  signPayload,
} from "./image-signature.ts";
export { type KeyDependencies, revokeKey, rotateKey, signingKeySeals } from "./installation-key.ts";
export { listPublicKeys } from "./installation-key-store.ts";
