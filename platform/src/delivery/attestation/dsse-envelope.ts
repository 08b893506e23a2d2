import { type KeyObject, sign, verify } from "node:crypto";

/** A signed text (DSSE 1.0, "Envelope"); all in base64. */
export interface DsseEnvelope {
  readonly payloadType: string;
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

export const ENVELOPE_TYPE = "application/vnd.dsse.envelope.v1+json";

/** What is signed: type and text with their lengths before them, so that neither can pass for the other (DSSE, "PAE"). */
export function preAuthEncoding(payloadType: string, payload: Buffer): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

/** Signs with ECDSA of SHA-256, as the key of an installation does. */
export function makeEnvelope(
  payloadType: string,
  payload: Buffer,
  key: { readonly id: string; readonly privateKey: KeyObject },
): DsseEnvelope {
  const sig = sign("sha256", preAuthEncoding(payloadType, payload), key.privateKey).toString("base64");
  return { payloadType, payload: payload.toString("base64"), signatures: [{ keyid: key.id, sig }] };
}

/** Whether one of the signatures is the key's. The key's id is a hint and decides nothing. */
export function isEnvelopeOf({ payloadType, payload, signatures }: DsseEnvelope, key: KeyObject): boolean {
  const signed = preAuthEncoding(payloadType, Buffer.from(payload, "base64"));
  return signatures.some(({ sig }) => verify("sha256", signed, key, Buffer.from(sig, "base64")));
}
