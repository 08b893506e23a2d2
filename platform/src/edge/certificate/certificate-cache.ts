import { createSecureContext, type SecureContext } from "node:tls";
import type { Clock } from "../../kernel/index.ts";
import type { CertificateAuthority } from "./certificate-authority.ts";

export interface CertificateCacheOptions {
  readonly authority: CertificateAuthority;
  readonly now: Clock;
  /** How many hosts are remembered; the one that was made first makes room. */
  readonly limit?: number;
}

/** The TLS side of one host, made when it is first asked for and again when its certificate is due for renewal. */
export type CertificateFor = (host: string) => SecureContext;

/** Remembers what the authority issued. Callers ask only for hosts that exist: each host costs one signature. */
export function makeCertificateCache({
  authority,
  now,
  limit = 10_000,
}: CertificateCacheOptions): CertificateFor {
  const contexts = new Map<string, { readonly context: SecureContext; readonly renewAt: Date }>();
  return (host) => {
    const known = contexts.get(host);
    if (known && known.renewAt > now()) return known.context;
    const { cert, key, renewAt } = authority.issue([host]);
    const context = createSecureContext({ cert, key });
    contexts.delete(host);
    const oldest = contexts.keys().next();
    if (contexts.size >= limit && !oldest.done) contexts.delete(oldest.value);
    contexts.set(host, { context, renewAt });
    return context;
  };
}
