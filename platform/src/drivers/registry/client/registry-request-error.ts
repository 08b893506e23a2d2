import { causeText, networkTrouble, systemCode } from "../../../kernel/index.ts";

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
  const trouble = systemCode(cause) === "ADDRESS_REFUSED" ? "closed" : networkTrouble(cause);
  const text = `${doing}: ${causeText(cause)}. ${BREAK_ADVICE[trouble]}`;
  // A refusal passes when the registry is back; the others are settings, which no time changes.
  const passing = trouble === "other" || trouble === "refused";
  return new RegistryRequestError(text, { status: 0, passing }, { cause });
}

const BREAK_ADVICE: Readonly<Record<ReturnType<typeof networkTrouble> | "closed", string>> = {
  untrusted: "Its certificate is not trusted: name the authority that signed it.",
  closed: "Only registries of the public internet are called for apps, and those the operator lists.",
  "no-host": "There is no such host; check the registry's name.",
  refused: "Nothing listens there; check that the registry runs, and its port.",
  "no-tls": "It may speak plain http, which has to be asked for.",
  other: "Check that the registry runs and can be reached.",
};
