import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { createSecureContext, type SecureContext } from "node:tls";
import { type Clock, errorText } from "../../kernel/index.ts";

export interface GivenCertificateOptions {
  /** The certificate and those that lead to its authority, PEM, the server's first: certbot's `fullchain.pem`. */
  readonly certificateFile: string;
  /** Its private key, PEM. */
  readonly keyFile: string;
  readonly now: Clock;
  /** Told once of each change that cannot be used; the certificate of before stays in use. Also of one that had expired at first. */
  readonly refused: (reason: string) => void;
}

/** A certificate that an operator gave, as its files have it now. */
export interface GivenCertificate {
  /** The TLS side of a host that the certificate names, wildcards counted; undefined for others. */
  certificateFor(host: string): SecureContext | undefined;
}

/** How often the files are looked at, at most. */
const LOOK_MS = 1_000;

interface Loaded {
  readonly certificate: X509Certificate;
  readonly context: SecureContext;
}

/**
 * Opens a certificate from files, and reads them again when they are replaced: whatever renews it need not tell anybody. Files
 * that do not belong together, as while one of them is already new, are tried again at their next change. One that has expired
 * is shown when there is no other: a start that fails for it would take more away than browsers' warnings do.
 * @throws when the files cannot be used at first, with the reason
 */
export function openGivenCertificate(options: GivenCertificateOptions): GivenCertificate {
  let seen = stampOf(options);
  let loaded = load(options);
  const late = expiry(loaded, options);
  if (late !== undefined) options.refused(late);
  let lookAt = options.now().getTime() + LOOK_MS;
  const look = () => {
    const now = options.now().getTime();
    if (now < lookAt && lookAt - now <= LOOK_MS) return;
    lookAt = now + LOOK_MS;
    const stamp = stampOf(options);
    if (stamp === seen) return;
    seen = stamp;
    try {
      const next = load(options);
      const over = expiry(next, options);
      if (over !== undefined) return options.refused(over);
      loaded = next;
    } catch (thrown) {
      options.refused(errorText(thrown));
    }
  };
  return {
    certificateFor: (host) => {
      look();
      // Without a name for hosts the common name would count, which clients stopped to look at (RFC 9525 §2).
      return loaded.certificate.checkHost(host, { subject: "never" }) === undefined
        ? undefined
        : loaded.context;
    },
  };
}

/** Another text once a file is another: renewal writes in place, or moves a link to another file. */
function stampOf({ certificateFile, keyFile }: GivenCertificateOptions): string {
  const one = (path: string) => {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat ? `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}` : "none";
  };
  return `${one(certificateFile)} ${one(keyFile)}`;
}

/** What to say of a certificate that has expired. */
function expiry(
  { certificate: { validToDate } }: Loaded,
  { certificateFile, now }: GivenCertificateOptions,
): string | undefined {
  if (validToDate > now()) return undefined;
  return `The certificate ${certificateFile} expired on ${validToDate.toISOString().slice(0, 10)}. Renew it.`;
}

function load({ certificateFile, keyFile }: GivenCertificateOptions): Loaded {
  const cert = read(certificateFile, "CONIFER_TLS_CERTIFICATE");
  const key = read(keyFile, "CONIFER_TLS_KEY");
  const certificate = parse(certificateFile, "is not a certificate in PEM", () => new X509Certificate(cert));
  const privateKey = parse(keyFile, "is not a private key in PEM", () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey))
    throw new Error(`The private key ${keyFile} is not that of the certificate ${certificateFile}.`);
  const context = parse(certificateFile, "cannot be used for TLS", () => createSecureContext({ cert, key }));
  return { certificate, context };
}

function read(path: string, variable: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new Error(`${path}, which ${variable} names, cannot be read: ${errorText(cause)}.`, { cause });
  }
}

function parse<T>(path: string, trouble: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new Error(`${path} ${trouble}: ${errorText(cause)}.`, { cause });
  }
}
