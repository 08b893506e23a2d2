import { causeText, networkTrouble, StoreAway } from "../../../kernel/index.ts";

/** A store did not do what it was asked. The message says what was asked, what came back, and what to do next. */
export class S3RequestError extends StoreAway {
  /** HTTP status; 0 when there was no whole answer. */
  readonly status: number;
  /** The S3 API's word for it, such as `NoSuchBucket`; empty when the answer has none. */
  readonly code: string;
  /** The same request may succeed later. */
  readonly passing: boolean;
  /** The store asks to wait so long. */
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, facts: S3Refusal, options?: ErrorOptions) {
    super(message, options);
    this.status = facts.status;
    this.code = facts.code ?? "";
    this.passing = facts.passing;
    this.retryAfterSeconds = facts.retryAfterSeconds;
  }
}

interface S3Refusal {
  readonly status: number;
  readonly code?: string;
  readonly passing: boolean;
  readonly retryAfterSeconds?: number | undefined;
}

/** An answer that is not what was asked for. */
export interface RefusedS3Answer {
  /** What was asked, for the message: `reading data/x of s3://bucket/`. */
  readonly doing: string;
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** The region that the store names in its answer. */
  readonly region?: string | undefined;
  readonly retryAfter?: string | undefined;
  /** How many seconds this machine's clock is ahead of the store's; undefined when the answer has no date. */
  readonly aheadSeconds?: number | undefined;
}

const LONGEST_QUOTE = 300;
const PASSING_CODES = new Set([
  ...["SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "OperationAborted"],
  ...[
    "Throttling",
    "ThrottlingException",
    "RequestLimitExceeded",
    "TooManyRequests",
    "XMinioServerNotInitialized",
  ],
]);
const PASSING_STATUS = new Set([408, 425, 429, 500, 502, 503, 504]);
const FULL_CODES = new Set(["QuotaExceeded", "XMinioStorageFull", "StorageFull", "EntityTooLarge"]);

/** Whether a store has no room left: nothing that is tried again helps. */
export function isFull(thrown: unknown): boolean {
  return thrown instanceof S3RequestError && (thrown.status === 507 || FULL_CODES.has(thrown.code));
}

/** Reads a refusal. What the store says is quoted in part; it never names a secret. */
export function s3RefusalOf(answer: RefusedS3Answer): S3RequestError {
  const { doing, status, code, message, retryAfter } = answer;
  const quote = [code, message.replace(/\s+/g, " ").trim().slice(0, LONGEST_QUOTE)]
    .filter(Boolean)
    .join(": ");
  const seconds = Number.parseInt(retryAfter ?? "", 10);
  const text = `${doing}: answer ${status}${quote ? ` (${quote})` : ""}. ${adviceFor(answer)}`;
  return new S3RequestError(text.trim(), {
    ...{ status, code },
    passing: PASSING_CODES.has(code) || (PASSING_STATUS.has(status) && !FULL_CODES.has(code)),
    retryAfterSeconds: seconds >= 0 ? seconds : undefined,
  });
}

function adviceFor({ status, code, region, aheadSeconds }: RefusedS3Answer): string {
  switch (code) {
    case "NoSuchBucket":
      return "There is no such bucket: create it, or correct CONIFER_REGISTRY_STORAGE.";
    case "InvalidAccessKeyId":
    case "SignatureDoesNotMatch":
    case "InvalidToken":
    case "XAdminUserNotFound":
    case "ExpiredToken":
      return "The store does not take these credentials: check the access key, its secret, and that they are this store's.";
    case "RequestTimeTooSkewed":
      return `This machine's clock is ${clockText(aheadSeconds)}: have it follow a time server.`;
    case "PermanentRedirect":
    case "AuthorizationHeaderMalformed":
    case "IllegalLocationConstraintException":
      return region
        ? `The bucket is in the region ${region}: set CONIFER_S3_REGION to it, and the endpoint of that region.`
        : "The bucket is in another region: correct CONIFER_S3_REGION and CONIFER_S3_ENDPOINT.";
    case "AccessDenied":
      return "These credentials may not do that: they need to read, write, list and delete in this bucket.";
    default:
      return adviceForStatus(status, region);
  }
}

function adviceForStatus(status: number, region: string | undefined): string {
  if (status === 301 || status === 307)
    return `The bucket is elsewhere${region ? `, in the region ${region}` : ""}: correct CONIFER_S3_REGION and CONIFER_S3_ENDPOINT.`;
  // The answer to a HEAD has no body, and so no code.
  if (status === 401 || status === 403)
    return "The store does not take these credentials for this bucket: check them, the region, and this machine's clock.";
  if (status === 404) return "Check the endpoint, and how the bucket is addressed (CONIFER_S3_ADDRESSING).";
  if (status === 507) return "The store has no room left.";
  return status >= 500 || status === 429 ? "The store is in trouble; its own log tells more." : "";
}

function clockText(aheadSeconds: number | undefined): string {
  if (aheadSeconds === undefined) return "not that of the store";
  return `${Math.abs(aheadSeconds)} s ${aheadSeconds > 0 ? "ahead of" : "behind"} the store's`;
}

/** No whole answer came: not reached, broken off, or no TLS. */
export function s3BreakOf(doing: string, cause: unknown): S3RequestError {
  const trouble = networkTrouble(cause);
  const text = `${doing}: ${causeText(cause)}. ${BREAK_ADVICE[trouble]}`;
  // A refusal passes when the store is back; the others are settings, which no time changes.
  const passing = trouble === "other" || trouble === "refused";
  return new S3RequestError(text, { status: 0, passing }, { cause });
}

const BREAK_ADVICE: Readonly<Record<ReturnType<typeof networkTrouble>, string>> = {
  untrusted:
    "The store's certificate is not trusted: name the authority that signed it in CONIFER_CA_BUNDLE.",
  "no-tls": "The store may speak plain http: correct CONIFER_S3_ENDPOINT.",
  "no-host":
    "There is no such host: correct CONIFER_S3_ENDPOINT, or set CONIFER_S3_ADDRESSING=path when the bucket has no name of its own.",
  refused: "Nothing listens there; check that the store runs, and its port.",
  other: "Check that the store runs and can be reached.",
};
