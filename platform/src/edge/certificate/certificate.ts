import { createHash, createPublicKey, type KeyObject, sign } from "node:crypto";
import {
  addressBytes,
  bits,
  explicit,
  implicit,
  integer,
  octets,
  oid,
  pem,
  sequence,
  set,
  text,
  time,
  truth,
} from "./der.ts";

/** What a certificate says, before it is signed. */
export interface CertificateContent {
  /** Distinguishes it from all others of the same issuer: 1 to 20 bytes. */
  readonly serial: Uint8Array;
  readonly issuer: string;
  readonly subject: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKey: KeyObject;
  /** `authority` may sign server certificates and nothing below them; `server` holds these names and addresses. */
  readonly use:
    | { readonly kind: "authority" }
    | { readonly kind: "server"; readonly hosts: readonly string[] };
}

const ECDSA_SHA256 = sequence(oid("1.2.840.10045.4.3.2"));
const LONGEST_COMMON_NAME = 64;

/** An X.509 v3 certificate (RFC 5280) signed with an authority's EC key, as PEM. */
export function makeCertificate(content: CertificateContent, authorityKey: KeyObject): string {
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(content.serial),
    ECDSA_SHA256,
    distinguishedName(content.issuer),
    sequence(time(content.notBefore), time(content.notAfter)),
    distinguishedName(content.subject),
    content.publicKey.export({ type: "spki", format: "der" }),
    explicit(3, sequence(...extensions(content, createPublicKey(authorityKey)))),
  );
  const signature = sign("sha256", body, authorityKey);
  return pem("CERTIFICATE", sequence(body, ECDSA_SHA256, bits(signature)));
}

/** A request (PKCS #10, RFC 2986) for a certificate of these names, signed with the EC key that it is for, as DER. */
export function makeSigningRequest(hosts: readonly string[], key: KeyObject): Buffer {
  const names = extension("2.5.29.17", sequence(...hosts.map(generalName)));
  const body = sequence(
    integer(Buffer.from([0])),
    // No subject: the names below are what counts, and a common name has room for 64 characters only.
    sequence(),
    createPublicKey(key).export({ type: "spki", format: "der" }),
    // extensionRequest (RFC 2985 §5.4.2).
    explicit(0, sequence(oid("1.2.840.113549.1.9.14"), set(sequence(names)))),
  );
  return sequence(body, ECDSA_SHA256, bits(sign("sha256", body, key)));
}

/** A name that fits a common name: the first host that is short enough, else the fallback. */
export function commonNameFor(hosts: readonly string[], fallback: string): string {
  return hosts.find((host) => host.length <= LONGEST_COMMON_NAME) ?? fallback;
}

function extensions(content: CertificateContent, authority: KeyObject): Buffer[] {
  const own = extension("2.5.29.14", octets(keyIdentifier(content.publicKey)));
  const issuer = extension("2.5.29.35", sequence(implicit(0, keyIdentifier(authority))));
  if (content.use.kind === "authority") {
    return [
      // CA: true, path length 0.
      extension("2.5.29.19", sequence(truth(), integer(Buffer.from([0]))), "critical"),
      // keyCertSign and cRLSign.
      extension("2.5.29.15", bits(Buffer.from([0x06]), 1), "critical"),
      own,
      issuer,
    ];
  }
  return [
    extension("2.5.29.19", sequence(), "critical"),
    // digitalSignature.
    extension("2.5.29.15", bits(Buffer.from([0x80]), 7), "critical"),
    // serverAuth.
    extension("2.5.29.37", sequence(oid("1.3.6.1.5.5.7.3.1"))),
    extension("2.5.29.17", sequence(...content.use.hosts.map(generalName))),
    own,
    issuer,
  ];
}

function extension(id: string, value: Uint8Array, weight?: "critical"): Buffer {
  return sequence(oid(id), ...(weight ? [truth()] : []), octets(value));
}

function generalName(host: string): Buffer {
  const address = addressBytes(host);
  return address ? implicit(7, address) : implicit(2, Buffer.from(host, "ascii"));
}

function distinguishedName(commonName: string): Buffer {
  const part = (id: string, value: string) => set(sequence(oid(id), text(value)));
  return sequence(part("2.5.4.10", "Conifer"), part("2.5.4.3", commonName));
}

/** RFC 7093 §2 method 1: the leftmost 160 bits of the SHA-256 of the key. */
function keyIdentifier(key: KeyObject): Buffer {
  const der = key.export({ type: "spki", format: "der" });
  return createHash("sha256").update(der).digest().subarray(0, 20);
}
