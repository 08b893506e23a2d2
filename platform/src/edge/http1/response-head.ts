import { type BodyLength, CHUNKED, NO_BODY, statedLength, UNTIL_CLOSE } from "./body-length.ts";
import { type Field, hasForbiddenBytes, isFieldFault, listMembers, parseFields } from "./field.ts";

/** The head of a response (RFC 9112 §4). */
export interface ResponseHead {
  readonly kind: "response";
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly Field[];
  readonly body: BodyLength;
  readonly connection: readonly string[];
  /** True when the server lets the connection stand after the response. */
  readonly keepAlive: boolean;
  /** Seconds the server says it keeps an idle connection (`Keep-Alive: timeout=5`). */
  readonly idleSeconds?: number;
}

/**
 * Why a response is not passed on. `restricted`: over a limit or with a bad length (H25, `desc` says which);
 * `malformed`: no HTTP (H17). (facts: routing §2 and §5)
 */
export type RejectedHead =
  | { readonly kind: "malformed" }
  | { readonly kind: "restricted"; readonly desc: string };

/** Limits of what apps may send (facts: routing §2); the whole head within the router's response buffer. */
export const RESPONSE_LIMITS = {
  headBytes: 1024 * 1024,
  statusLineBytes: 8192,
  lineBytes: 512 * 1024,
  nameBytes: 512 * 1024,
  fields: 10_000,
  cookieBytes: 8192,
} as const;

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: (.*))?$/;
const NONE: readonly string[] = [];

/** Reads a head that ended with an empty line, as the answer to a request of that method. */
export function parseResponseHead(text: string, method: string): ResponseHead | RejectedHead {
  const lines = text.split("\r\n");
  const statusLine = lines[0] as string;
  const [, minor, status, reason = ""] = STATUS_LINE.exec(statusLine) ?? [];
  if (status === undefined || hasForbiddenBytes(text)) return { kind: "malformed" };
  if (statusLine.length > RESPONSE_LIMITS.statusLineBytes) return restricted("oversized status line");
  const fields = parseFields(lines, 1, RESPONSE_LIMITS);
  if (isFieldFault(fields)) {
    if (fields.kind !== "too-long") return { kind: "malformed" };
    return restricted(fields.line === "set-cookie" ? "oversized cookie" : "oversized header");
  }
  const rest = readRest(fields);
  if (rest.oversizedCookie) return restricted("oversized cookie");
  const length = responseBody(Number(status), method, fields);
  if ("desc" in length || length.kind === "malformed") return length;
  const { connection } = rest;
  const persistent = minor === "1" ? !connection.includes("close") : connection.includes("keep-alive");
  return {
    kind: "response",
    status: Number(status),
    reason,
    fields,
    body: length.body,
    connection,
    keepAlive: persistent && length.clear,
    ...(rest.idleSeconds === undefined ? {} : { idleSeconds: rest.idleSeconds }),
  };
}

type Length = { readonly kind: "known"; readonly body: BodyLength; readonly clear: boolean };

/** `clear` is false where the next response on the connection could begin elsewhere for another reader. */
function responseBody(status: number, method: string, fields: readonly Field[]): Length | RejectedHead {
  const stated = statedLength(fields);
  if (stated.kind === "bad-length") return restricted("invalid content length");
  if (stated.kind === "bad-coding" || stated.kind === "unknown-coding") return { kind: "malformed" };
  const clear = !(stated.kind === "chunked" && stated.alsoLength);
  const known = (body: BodyLength): Length => ({
    kind: "known",
    body,
    clear: clear && body.kind !== "close",
  });
  if (status < 200 || status === 204 || status === 304 || method === "HEAD") return known(NO_BODY);
  if (stated.kind === "chunked") return known(CHUNKED);
  if (stated.kind === "length") return known(stated.bytes === 0 ? NO_BODY : stated);
  return known(UNTIL_CLOSE);
}

function readRest(fields: readonly Field[]) {
  let connection: readonly string[] = NONE;
  let oversizedCookie = false;
  let idleSeconds: number | undefined;
  for (const { lower, value } of fields) {
    if (lower === "connection") connection = [...connection, ...listMembers(value)];
    else if (lower === "set-cookie") oversizedCookie ||= value.length > RESPONSE_LIMITS.cookieBytes;
    else if (lower === "keep-alive") {
      const seconds = /timeout\s*=\s*(\d{1,6})/i.exec(value)?.[1];
      if (seconds !== undefined) idleSeconds = Number(seconds);
    }
  }
  return { connection, oversizedCookie, idleSeconds };
}

function restricted(desc: string): RejectedHead {
  return { kind: "restricted", desc };
}
