import { createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { makeCertificate } from "./certificate.ts";
import type { CertificateIssuer, CertificateOrder } from "./certificate-ports.ts";

/** Somebody who issues certificates in a test, and does in the middle what the test wants. */
export interface ScriptedIssuer extends CertificateIssuer {
  /** What was asked for, in order. */
  readonly asked: string[];
  /** What it was told to go on with, in order. */
  readonly resumed: (string | undefined)[];
  /** Called when the proof stands; what it throws is how the order ends. */
  middle: (order: CertificateOrder, signal: AbortSignal) => Promise<void>;
  /** Changes the chain that is sent. */
  send: (chain: string) => string;
  days: number;
}

const SPKI_P256 = Buffer.from("3059301306072a8648ce3d020106082a8648ce3d030107034200", "hex");
const DAY = 86_400_000;

export function scriptedIssuer(now: () => number): ScriptedIssuer {
  const authority = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuer: ScriptedIssuer = {
    asked: [],
    resumed: [],
    middle: async () => {},
    send: (chain) => chain,
    days: 90,
    issue: async (order, signal) => {
      issuer.asked.push(order.host);
      issuer.resumed.push(order.resume);
      await order.ordered(order.resume ?? `order/${issuer.asked.length}`);
      const end = order.prove("a-token", `a-token of ${order.host}`);
      try {
        await issuer.middle(order, signal);
      } finally {
        end();
      }
      const der = Buffer.from(order.signingRequest);
      const at = der.indexOf(SPKI_P256);
      const publicKey = createPublicKey({ key: der.subarray(at, at + 91), format: "der", type: "spki" });
      const time = { notBefore: new Date(now()), notAfter: new Date(now() + issuer.days * DAY) };
      const common = { issuer: "Scripted", ...time };
      const leaf = { ...common, serial: randomBytes(8), subject: "leaf", publicKey };
      const root = { ...common, serial: randomBytes(8), subject: "Scripted", publicKey: authority.publicKey };
      return issuer.send(
        makeCertificate({ ...leaf, use: { kind: "server", hosts: [order.host] } }, authority.privateKey) +
          makeCertificate({ ...root, use: { kind: "authority" } }, authority.privateKey),
      );
    },
  };
  return issuer;
}
