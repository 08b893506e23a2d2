import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  X509Certificate,
} from "node:crypto";
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { type Clock, errorText } from "../../kernel/index.ts";
import { commonNameFor, makeCertificate } from "./certificate.ts";

export interface CertificateAuthorityOptions {
  /** Where the authority's certificate stands, for clients to trust. */
  readonly caFile: string;
  /** Where its private key stands, mode 0600, in a folder of mode 0700. */
  readonly keyFile: string;
  readonly now: Clock;
  /** How long its server certificates are good. Default 90, for what renews them by itself. */
  readonly leafDays?: number;
}

/** A server certificate with its private key, both PEM. */
export interface IssuedCertificate {
  readonly cert: string;
  readonly key: string;
  readonly notAfter: Date;
  /** From then on a new one should be in use. */
  readonly renewAt: Date;
}

export interface CertificateAuthority {
  readonly caPem: string;
  /** A certificate for these host names and IP addresses, with an EC key of its own. Takes less than a millisecond. */
  issue(hosts: readonly string[]): IssuedCertificate;
}

const DAY = 24 * 60 * 60 * 1000;
const AUTHORITY_DAYS = 3650;
const AUTHORITY_RENEW_DAYS = 365;
const LEAF_DAYS = 90;
/** Clocks of clients differ: certificates are valid from the day before they were made. */
const BACKDATE_DAYS = 1;

/**
 * Opens the authority whose key stands in `keyFile`, and makes key and certificate when they are missing. Any number
 * of processes may open the same one at once: the first key wins. A certificate that is missing, about to expire or of
 * another key is made again from the key, under the same name, so that copies of the old one go on to be good.
 * Throws when the key file cannot be read as a private key.
 */
export function openCertificateAuthority(options: CertificateAuthorityOptions): CertificateAuthority {
  const key = openKey(options.keyFile);
  const caPem = openCertificate(options, key);
  const issuer = nameOf(key);
  const leafDays = options.leafDays ?? LEAF_DAYS;
  const issue = (hosts: readonly string[]): IssuedCertificate => {
    const now = options.now().getTime();
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const notAfter = new Date(now + leafDays * DAY);
    const cert = makeCertificate(
      {
        serial: newSerial(),
        issuer,
        subject: commonNameFor(hosts, "a Conifer app"),
        notBefore: new Date(now - BACKDATE_DAYS * DAY),
        notAfter,
        publicKey,
        use: { kind: "server", hosts },
      },
      key,
    );
    const pem = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
    return { cert, key: pem, notAfter, renewAt: new Date(now + (leafDays * DAY * 2) / 3) };
  };
  return { caPem, issue };
}

function openKey(path: string): KeyObject {
  const made = readOrUndefined(path) ?? makeKey(path);
  try {
    return createPrivateKey(made);
  } catch (cause) {
    const hint =
      "Restore it from a backup, or remove it to have a new one made, which every client must then trust.";
    throw new Error(`${path} is not a private key: ${errorText(cause)}. ${hint}`, { cause });
  }
}

function makeKey(path: string): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = writeDraft(path, privateKey.export({ type: "pkcs8", format: "pem" }) as string, 0o600);
  try {
    // A link refuses a name that is taken, a rename would not: two processes end up with one key.
    linkSync(draft, path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
  } finally {
    rmSync(draft, { force: true });
  }
  return readFileSync(path, "utf8");
}

function openCertificate({ caFile, now }: CertificateAuthorityOptions, key: KeyObject): string {
  const present = readOrUndefined(caFile);
  if (present !== undefined && isGood(present, key, now())) return present;
  const made = selfSigned(key, now());
  mkdirSync(dirname(caFile), { recursive: true });
  renameSync(writeDraft(caFile, made, 0o644), caFile);
  return made;
}

function selfSigned(key: KeyObject, now: Date): string {
  return makeCertificate(
    {
      serial: newSerial(),
      issuer: nameOf(key),
      subject: nameOf(key),
      notBefore: new Date(now.getTime() - BACKDATE_DAYS * DAY),
      notAfter: new Date(now.getTime() + AUTHORITY_DAYS * DAY),
      publicKey: createPublicKey(key),
      use: { kind: "authority" },
    },
    key,
  );
}

function isGood(pem: string, key: KeyObject, now: Date): boolean {
  try {
    const certificate = new X509Certificate(pem);
    const left = certificate.validToDate.getTime() - now.getTime();
    // A clock that was ahead when it was made has left one that is good only later.
    const begun = certificate.validFromDate.getTime() <= now.getTime();
    return begun && certificate.checkPrivateKey(key) && left > AUTHORITY_RENEW_DAYS * DAY;
  } catch {
    return false;
  }
}

/** Follows from the key, so that a certificate made again has the same name, and two instances have two. */
function nameOf(key: KeyObject): string {
  const der = createPublicKey(key).export({ type: "spki", format: "der" });
  return `Conifer local authority ${createHash("sha256").update(der).digest("hex").slice(0, 8)}`;
}

function newSerial(): Buffer {
  const serial = randomBytes(16);
  // The first bit makes it positive, the second keeps its length.
  serial.writeUInt8((serial.readUInt8(0) & 0x7f) | 0x40, 0);
  return serial;
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw thrown;
  }
}

function writeDraft(path: string, content: string, mode: number): string {
  const draft = `${path}.${process.pid}.${randomBytes(6).toString("hex")}`;
  const file = openSync(draft, "wx", mode);
  try {
    writeSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return draft;
}
