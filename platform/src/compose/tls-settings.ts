/** Where certificates come from that everybody trusts. */
export interface TlsSettings {
  /**
   * CONIFER_TLS_CERTIFICATE, CONIFER_TLS_KEY: files in PEM with a certificate for the names it holds, of apps and of the API.
   * They may be replaced at any time. Default: certificates of Conifer's own authority.
   */
  readonly tlsFiles: { readonly certificateFile: string; readonly keyFile: string } | undefined;
  /**
   * CONIFER_ACME_DIRECTORY: the URL of an ACME server's directory, or `letsencrypt`, for certificates of names that the one
   * above has not. Default: none. CONIFER_ACME_AGREE: `yes` to its terms of service. CONIFER_ACME_EMAIL: where it may write to.
   */
  readonly acme: AcmeSettings | undefined;
}

export interface AcmeSettings {
  readonly directory: string;
  readonly email: string | undefined;
  /**
   * CONIFER_ACME_KEY_ID, CONIFER_ACME_KEY: the account that was made elsewhere with an authority that wants one (external account
   * binding), and its key in base64url. Only the router sees them.
   */
  readonly binding: { readonly id: string; readonly key: Buffer } | undefined;
}

/** How settings are read, each checked and its mistake noted. */
interface TlsReader {
  text(name: string): string | undefined;
  matching(name: string, what: string, pattern: Pick<RegExp, "test">, secrecy?: "secret"): string | undefined;
  oneOf<T extends string>(name: string, allowed: readonly T[], fallback: T): T;
}

/** As loose as that of an account's address. */
export const EMAIL = /^(?=.{1,254}$)[^\s@"<>:,;]+@[^\s@"<>:,;]+$/;

const DIRECTORIES: Readonly<Record<string, string>> = {
  letsencrypt: "https://acme-v02.api.letsencrypt.org/directory",
  "letsencrypt-staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
};

/** Reads these settings, and adds what is wrong with them to the mistakes. */
export function readTls(read: TlsReader, mistakes: string[]): TlsSettings {
  return { tlsFiles: readTlsFiles(read, mistakes), acme: readAcme(read, mistakes) };
}

function readTlsFiles(read: TlsReader, mistakes: string[]): TlsSettings["tlsFiles"] {
  const path = (name: string) => read.matching(name, "the absolute path of a file", /^\//);
  const certificateFile = path("CONIFER_TLS_CERTIFICATE");
  const keyFile = path("CONIFER_TLS_KEY");
  if (certificateFile !== undefined && keyFile !== undefined) return { certificateFile, keyFile };
  const one = read.text("CONIFER_TLS_CERTIFICATE") === undefined;
  if (one !== (read.text("CONIFER_TLS_KEY") === undefined))
    mistakes.push(
      `${one ? "CONIFER_TLS_CERTIFICATE" : "CONIFER_TLS_KEY"} is missing: a certificate and its key are given together`,
    );
  return undefined;
}

function readAcme(read: TlsReader, mistakes: string[]): TlsSettings["acme"] {
  const what = `${Object.keys(DIRECTORIES).join(", ")} or the https address of an ACME server's directory`;
  const given = read.matching("CONIFER_ACME_DIRECTORY", what, {
    test: (text) => Object.hasOwn(DIRECTORIES, text) || isAddress(text),
  });
  const email = read.matching("CONIFER_ACME_EMAIL", "an e-mail address", EMAIL);
  const binding = readBinding(read, mistakes);
  const agrees = read.oneOf("CONIFER_ACME_AGREE", ["no", "yes"], "no") === "yes";
  if (given === undefined) return undefined;
  if (!agrees)
    mistakes.push(
      "CONIFER_ACME_AGREE must be `yes`: you agree to the terms of service of CONIFER_ACME_DIRECTORY",
    );
  if (/(?:^|\.)localhost$/i.test(read.text("CONIFER_DOMAIN") ?? "localhost"))
    mistakes.push(
      "CONIFER_DOMAIN must be a name by which the authority of CONIFER_ACME_DIRECTORY reaches this machine",
    );
  if (read.text("CONIFER_SYSTEM_NAMESPACE") !== undefined)
    mistakes.push("CONIFER_ACME_DIRECTORY is for one machine, not for an installation in a cluster");
  return { directory: DIRECTORIES[given] ?? given, email, binding };
}

function readBinding(read: TlsReader, mistakes: string[]): AcmeSettings["binding"] {
  const id = read.matching("CONIFER_ACME_KEY_ID", "the id of a key", /^[\x21-\x7e]{1,1024}$/, "secret");
  const key = read.matching(
    "CONIFER_ACME_KEY",
    "a key in base64url",
    /^[A-Za-z0-9_-]{16,1024}={0,2}$/,
    "secret",
  );
  if (id !== undefined && key !== undefined) return { id, key: Buffer.from(key, "base64url") };
  const one = read.text("CONIFER_ACME_KEY_ID") === undefined;
  if (one !== (read.text("CONIFER_ACME_KEY") === undefined))
    mistakes.push(`${one ? "CONIFER_ACME_KEY_ID" : "CONIFER_ACME_KEY"} is missing: both are given together`);
  return undefined;
}

function isAddress(text: string): boolean {
  return /^https:\/\/[^\s/?#@]+\/[^\s#]*$/.test(text) && URL.canParse(text);
}
