import { BusinessError, StoreAway } from "../../kernel/index.ts";

/** Error codes of the distribution specification 1.1, and two of the older Docker registry API that clients know. */
const STATUS = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 404,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 404,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 413,
  UNAUTHORIZED: 401,
  DENIED: 403,
  UNSUPPORTED: 405,
  TOOMANYREQUESTS: 429,
  UNAVAILABLE: 503,
  UNKNOWN: 500,
} as const;

export type RegistryErrorCode = keyof typeof STATUS;

/** A refusal, as registry clients read it. Everything else thrown is ours and answers 500. */
export class RegistryError extends Error {
  override readonly name = "RegistryError";
  readonly code: RegistryErrorCode;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;

  constructor(
    code: RegistryErrorCode,
    message: string,
    more: {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string | readonly string[]>>;
    } = {},
  ) {
    super(message);
    this.code = code;
    this.status = more.status ?? STATUS[code];
    this.headers = more.headers ?? {};
  }
}

/** What a store refused, in the words of the registry's API; undefined for everything else. */
export function asRegistryError(thrown: unknown): RegistryError | undefined {
  if (thrown instanceof RegistryError) return thrown;
  if (thrown instanceof StoreAway)
    return new RegistryError("UNAVAILABLE", "the registry's store cannot be used now; its log tells why", {
      headers: { "retry-after": "5" },
    });
  if (!(thrown instanceof BusinessError)) return undefined;
  const { message } = thrown;
  switch (thrown.id) {
    case "invalid_params":
      return new RegistryError("DIGEST_INVALID", message);
    case "not_found": {
      const ofUpload = thrown.details.resource === "upload";
      return new RegistryError(ofUpload ? "BLOB_UPLOAD_UNKNOWN" : "BLOB_UNKNOWN", message);
    }
    case "payload_too_large":
      return new RegistryError("SIZE_INVALID", message);
    case "conflict":
      return new RegistryError("TOOMANYREQUESTS", message, { headers: { "retry-after": "30" } });
    case "unavailable":
    case "insufficient_storage":
      // Nothing but a full disk is told so by a store: that does not pass while a client waits (RFC 4918 §11.5).
      return new RegistryError("UNAVAILABLE", message, { status: 507 });
    default:
      return undefined;
  }
}

/** The body of an error answer. */
export function errorBody(code: RegistryErrorCode, message: string): string {
  return `${JSON.stringify({ errors: [{ code, message }] })}\n`;
}
