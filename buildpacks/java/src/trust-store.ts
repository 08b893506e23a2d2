import { createHash, X509Certificate } from "node:crypto";

/** The password by which every JDK opens its `cacerts`; the file holds nothing that is secret. */
const PASSWORD = "changeit";

/**
 * A Java key store (JKS, version 2) with the certificates of a PEM bundle, which Java itself cannot read. Equal bundles
 * give equal bytes. What is no certificate is left out; undefined where there is none.
 */
export function trustStore(bundle: string): Buffer | undefined {
  const seen = new Set<string>();
  const entries: Buffer[] = [];
  for (const [block] of bundle.matchAll(
    /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[\s\S]+?-----END [A-Z ]+-----/g,
  )) {
    const der = derOf(block);
    if (der === undefined) continue;
    const alias = createHash("sha256").update(der).digest("hex");
    if (seen.has(alias)) continue;
    seen.add(alias);
    entries.push(u32(2), utf(alias), Buffer.alloc(8), utf("X.509"), u32(der.length), der);
  }
  if (seen.size === 0) return undefined;
  const body = Buffer.concat([u32(0xfeedfeed), u32(2), u32(seen.size), ...entries]);
  const salt = Buffer.from(PASSWORD, "utf16le").swap16();
  const digest = createHash("sha1").update(salt).update("Mighty Aphrodite").update(body).digest();
  return Buffer.concat([body, digest]);
}

function derOf(block: string): Buffer | undefined {
  try {
    return new X509Certificate(block).raw;
  } catch {
    return undefined;
  }
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A short text as Java's DataOutput writes it. */
function utf(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}
