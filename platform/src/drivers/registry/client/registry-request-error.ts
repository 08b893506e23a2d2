import { errorText } from "../../../kernel/index.ts";

/** A registry did not do what it was asked. The message says what was asked, what came back, and what to do next. */
export class RegistryRequestError extends Error {
  override readonly name = "RegistryRequestError";
  /** HTTP status; 0 when there was no whole answer. */
  readonly status: number;
  /** Codes of the distribution specification, such as `NAME_UNKNOWN`, as far as the answer has them. */
  readonly codes: readonly string[];
  /** The same request may succeed later. */
  readonly passing: boolean;
  /** The registry asks to wait so long. */
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, facts: RefusalFacts, options?: ErrorOptions) {
    super(message, options);
    this.status = facts.status;
    this.codes = facts.codes ?? [];
    this.passing = facts.passing;
    this.retryAfterSeconds = facts.retryAfterSeconds;
  }
}

interface RefusalFacts {
  readonly status: number;
  readonly codes?: readonly string[];
  readonly passing: boolean;
  readonly retryAfterSeconds?: number | undefined;
}

/** An answer that is not what was asked for. */
export interface RefusedAnswer {
  /** What was asked, for the message: `pushing the manifest v1 of host/repository`. */
  readonly doing: string;
  readonly status: number;
  readonly body: string;
  readonly retryAfter?: string | undefined;
  /** Whether a user and password were given. */
  readonly named: boolean;
}

const LONGEST_QUOTE = 300;
/** Not implemented, and no room: to ask again does not help. */
const LASTING = new Set([501, 507]);

/** Reads a refusal. A body that is not the specification's, as of a proxy in between, is quoted in part. */
export function refusalOf({ doing, status, body, retryAfter, named }: RefusedAnswer): RegistryRequestError {
  const errors = errorsIn(body);
  const said = errors.map(({ code, message }) => (message ? `${code}: ${message}` : code)).join("; ");
  const quote = said || body.replace(/\s+/g, " ").trim().slice(0, LONGEST_QUOTE);
  const seconds = Number.parseInt(retryAfter ?? "", 10);
  const text = `${doing}: answer ${status}${quote ? ` (${quote})` : ""}. ${adviceFor(status, named)}`;
  return new RegistryRequestError(text.trim(), {
    status,
    codes: errors.map(({ code }) => code),
    passing: status === 408 || status === 429 || (status >= 500 && !LASTING.has(status)),
    retryAfterSeconds: seconds >= 0 ? seconds : undefined,
  });
}

function errorsIn(body: string): { code: string; message: string }[] {
  try {
    const { errors } = JSON.parse(body) as { errors?: unknown };
    if (!Array.isArray(errors)) return [];
    return errors.flatMap((one: { code?: unknown; message?: unknown } | null) =>
      typeof one?.code === "string"
        ? [{ code: one.code, message: String(one.message ?? "").slice(0, LONGEST_QUOTE) }]
        : [],
    );
  } catch {
    return [];
  }
}

function adviceFor(status: number, named: boolean): string {
  switch (status) {
    case 401:
      return named
        ? "The registry does not take this user and password."
        : "The registry wants a user and password.";
    case 403:
      return "This user may not do that there; it takes a right to the repository.";
    case 404:
      return "Check the names of the registry, the repository and the image.";
    case 413:
      return "The registry, or a proxy before it, does not take content of this size.";
    case 429:
      return "The registry has had too many requests; try again later.";
    case 507:
      return "The registry has no room left: give it a larger volume, or remove images there.";
    default:
      return status >= 500 ? "The registry is in trouble; try again later, and see its log." : "";
  }
}

/** A registry, or where it leads, has an address that may not be called. */
export class AddressRefused extends Error {
  readonly code = "ADDRESS_REFUSED";

  constructor(host: string) {
    super(`${host} is not an address of the public internet`);
  }
}

/** No whole answer came: not reached, broken off, or no TLS. */
export function breakOf(doing: string, cause: unknown): RegistryRequestError {
  const text = `${doing}: ${causeText(cause)}. ${breakAdvice(cause)}`;
  return new RegistryRequestError(text.trim(), { status: 0, passing: !isSetting(cause) }, { cause });
}

/** undici says `fetch failed`-like words and keeps what happened below them. */
function causeText(thrown: unknown): string {
  const inner = thrown instanceof Error ? thrown.cause : undefined;
  return inner instanceof Error ? `${errorText(thrown)} (${errorText(inner)})` : errorText(thrown);
}

function codeOf(thrown: unknown): string {
  const { code, errors, cause } = (thrown ?? {}) as { code?: unknown; errors?: unknown[]; cause?: unknown };
  if (typeof code === "string") return code;
  if (Array.isArray(errors)) return codeOf(errors[0]);
  return cause === undefined ? "" : codeOf(cause);
}

const NO_TLS = /^(?:EPROTO$|ERR_SSL_)/;
const UNTRUSTED = /^(?:DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED_CERT|UNABLE_TO_|CERT_|ERR_TLS_CERT)/;

function isSetting(thrown: unknown): boolean {
  const code = codeOf(thrown);
  return code === "ADDRESS_REFUSED" || UNTRUSTED.test(code) || code === "ENOTFOUND" || NO_TLS.test(code);
}

function breakAdvice(thrown: unknown): string {
  const code = codeOf(thrown);
  if (UNTRUSTED.test(code)) return "Its certificate is not trusted: name the authority that signed it.";
  if (code === "ADDRESS_REFUSED")
    return "Only registries of the public internet are called for apps, and those the operator lists.";
  if (code === "ENOTFOUND") return "There is no such host; check the registry's name.";
  if (code === "ECONNREFUSED") return "Nothing listens there; check that the registry runs, and its port.";
  if (NO_TLS.test(code)) return "It may speak plain http, which has to be asked for.";
  return "Check that the registry runs and can be reached.";
}
