/**
 * Somebody who issues certificates that everybody trusts, for names that are proven: an ACME server. One order at a time;
 * its caller bounds how many.
 */
export interface CertificateIssuer {
  /**
   * Orders a certificate, has the name proven, and returns the certificate with those that lead to the authority's root: PEM as
   * it came, to be checked by the caller. An abort ends it soon; the order then stands with the authority.
   * @throws IssueError for whatever the authority, its answers or the way to it do
   */
  issue(order: CertificateOrder, signal: AbortSignal): Promise<string>;
}

export interface CertificateOrder {
  readonly host: string;
  /** PKCS #10, DER. */
  readonly signingRequest: Uint8Array;
  /** What `ordered` was told for the same host and key, when the process ended before the certificate came. */
  readonly resume: string | undefined;
  /** Told where the order stands before anything is proven; the work goes on when it is kept. */
  ordered(reference: string): Promise<void>;
  /** Has `http://<host>/.well-known/acme-challenge/<token>` answer with the text, until the returned function is called. */
  prove(token: string, text: string): () => void;
}

/**
 * No certificate came, and what to do about it. `name`: something about this name, so that others can be asked for.
 * `authority`: the authority is away, refuses, or is not to be understood; it is left alone for a while.
 */
export class IssueError extends Error {
  override readonly name = "IssueError";
  readonly scope: "name" | "authority";
  /** The authority asks not to be asked for this name before. */
  readonly retryAfterMs: number;

  constructor(
    scope: IssueError["scope"],
    message: string,
    { retryAfterMs = 0, cause }: { readonly retryAfterMs?: number; readonly cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.scope = scope;
    this.retryAfterMs = retryAfterMs;
  }
}
