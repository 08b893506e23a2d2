import { errorText } from "./errors.ts";

const UNTRUSTED = /^(?:DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED_CERT|UNABLE_TO_|CERT_|ERR_TLS_CERT)/;
const NO_TLS = /^(?:EPROTO$|ERR_SSL_)/;

/** Why no whole answer came from another server; `other` is what may pass by itself. */
export type NetworkTrouble = "untrusted" | "no-tls" | "no-host" | "refused" | "other";

/** What stopped a request, of whatever a client threw for it: its innermost code counts. */
export function networkTrouble(thrown: unknown): NetworkTrouble {
  const code = systemCode(thrown);
  if (UNTRUSTED.test(code)) return "untrusted";
  if (NO_TLS.test(code)) return "no-tls";
  if (code === "ENOTFOUND") return "no-host";
  return code === "ECONNREFUSED" ? "refused" : "other";
}

/** Node's code of what was thrown, such as `ECONNRESET`, or of what caused it; empty when there is none. */
export function systemCode(thrown: unknown): string {
  const { code, errors, cause } = (thrown ?? {}) as { code?: unknown; errors?: unknown[]; cause?: unknown };
  if (typeof code === "string") return code;
  if (Array.isArray(errors)) return systemCode(errors[0]);
  return cause === undefined ? "" : systemCode(cause);
}

/** The text of what was thrown, with its cause: undici says little itself, and keeps what happened below. */
export function causeText(thrown: unknown): string {
  const inner = thrown instanceof Error ? thrown.cause : undefined;
  return inner instanceof Error ? `${errorText(thrown)} (${errorText(inner)})` : errorText(thrown);
}
