import { type BodyLength, CHUNKED, NO_BODY, statedLength } from "./body-length.ts";
import { type Field, hasForbiddenBytes, isFieldFault, listMembers, parseFields, TOKEN } from "./field.ts";

/** The head of a request (RFC 9112 §3). */
export interface RequestHead {
  readonly kind: "request";
  readonly method: string;
  /** In origin form, or `*`. An absolute target is taken apart; its host then stands in `host`. */
  readonly target: string;
  /** As the client wrote it, port included. */
  readonly host: string;
  /** The minor version: HTTP/1.0 or HTTP/1.1. */
  readonly minor: 0 | 1;
  readonly fields: readonly Field[];
  readonly body: BodyLength;
  /** The members of `Connection`, in lower case. */
  readonly connection: readonly string[];
  /** True when the client lets the connection stand after the response. */
  readonly keepAlive: boolean;
  readonly upgrade: boolean;
  readonly expectsContinue: boolean;
}

/** Why a request is refused; `cause` in the words of the router's log (facts: routing §5, H26). */
export interface RefusedHead {
  readonly kind: "refused";
  readonly status: 400 | 417 | 501 | 505;
  readonly cause: "bad request" | "bad header" | "unsupported expect header value";
  /** As much as could be read, for the log. */
  readonly method?: string;
  readonly target?: string;
  readonly host?: string;
}

/** Limits of what clients may send (facts: routing §2). */
export const REQUEST_LIMITS = {
  headBytes: 256 * 1024,
  lineBytes: 8192,
  nameBytes: 1000,
  fields: 1000,
  methodBytes: 127,
} as const;

const NONE: readonly string[] = [];
const ABSOLUTE = /^https?:\/\/([^/?#@]*)((?:[/?][^#]*)?)$/i;
/** A registered name, an IPv4 address or a bracketed IPv6 address, with an optional port. */
const HOST = /^(?:[\w.~!$&'()*+,;=%-]*|\[[0-9a-f:.]+\])(?::\d*)?$/i;

/** Reads a head that ended with an empty line; `text` has one character per byte and not the last two line ends. */
export function parseRequestHead(text: string): RequestHead | RefusedHead {
  const lines = text.split("\r\n");
  const line = parseRequestLine(lines[0] as string);
  if (typeof line === "number") return { kind: "refused", status: line, cause: "bad request" };
  const refuse = (cause: RefusedHead["cause"], status: RefusedHead["status"] = 400, host?: string) =>
    ({ kind: "refused", status, cause, ...line, ...(host === undefined ? {} : { host }) }) as const;
  if (hasForbiddenBytes(text)) return refuse("bad header");
  const fields = parseFields(lines, 1, REQUEST_LIMITS);
  if (isFieldFault(fields)) return refuse("bad header", 400, hostIn(lines));
  const wants = readWants(fields, line.minor);
  const host = line.host ?? wants.host;
  if (wants.hosts > 1 || wants.host === undefined || host === undefined || !HOST.test(host))
    return refuse("bad header");
  if (wants.expect !== undefined && wants.expect !== "100-continue")
    return refuse("unsupported expect header value", 417, host);
  const body = requestBody(fields, line.minor);
  if (typeof body === "number") return refuse("bad header", body, host);
  const { connection } = wants;
  return {
    kind: "request",
    method: line.method,
    target: line.target,
    host,
    minor: line.minor,
    fields,
    body,
    connection,
    keepAlive: line.minor === 1 ? !connection.includes("close") : connection.includes("keep-alive"),
    upgrade: wants.upgrade && connection.includes("upgrade") && body.kind === "none" && line.minor === 1,
    expectsContinue: wants.expect !== undefined,
  };
}

interface RequestLine {
  readonly method: string;
  readonly target: string;
  readonly minor: 0 | 1;
  /** From an absolute target. */
  readonly host?: string;
}

function parseRequestLine(line: string): RequestLine | 400 | 505 {
  const first = line.indexOf(" ");
  const last = line.lastIndexOf(" ");
  if (first < 1 || last <= first + 1 || line.length > REQUEST_LIMITS.lineBytes) return 400;
  const method = line.slice(0, first);
  const target = line.slice(first + 1, last);
  const version = line.slice(last + 1);
  if (version !== "HTTP/1.1" && version !== "HTTP/1.0") return /^HTTP\/\d\.\d$/.test(version) ? 505 : 400;
  if (method.length > REQUEST_LIMITS.methodBytes || !TOKEN.test(method) || method === "CONNECT") return 400;
  if (target.includes(" ") || target.includes("\t")) return 400;
  const minor = version === "HTTP/1.1" ? 1 : 0;
  if (target.startsWith("/")) return { method, target, minor };
  if (target === "*") return method === "OPTIONS" ? { method, target, minor } : 400;
  const absolute = ABSOLUTE.exec(target);
  if (!absolute) return 400;
  const [, host = "", rest = ""] = absolute;
  return { method, target: rest.startsWith("/") ? rest : `/${rest}`, minor, host };
}

interface Wants {
  host: string | undefined;
  hosts: number;
  connection: readonly string[];
  upgrade: boolean;
  expect: string | undefined;
}

function readWants(fields: readonly Field[], minor: 0 | 1): Wants {
  const wants: Wants = { host: undefined, hosts: 0, connection: NONE, upgrade: false, expect: undefined };
  for (const { lower, value } of fields) {
    switch (lower) {
      case "host":
        wants.host = value;
        wants.hosts += 1;
        break;
      case "connection":
        wants.connection = [...wants.connection, ...listMembers(value)];
        break;
      case "upgrade":
        wants.upgrade = true;
        break;
      case "expect":
        // A 1.0 client cannot mean it (RFC 9110 §10.1.1).
        if (minor === 1) wants.expect = value.toLowerCase();
        break;
      default:
    }
  }
  return wants;
}

/**
 * A request that says both a length and chunked, or either one in two ways, could be read as two requests by the next
 * reader; it is refused (RFC 9112 §6.1 allows it), as is a coding this router does not know.
 */
function requestBody(fields: readonly Field[], minor: 0 | 1): BodyLength | 400 | 501 {
  const stated = statedLength(fields);
  switch (stated.kind) {
    case "unstated":
      return NO_BODY;
    case "length":
      return stated.bytes === 0 ? NO_BODY : stated;
    case "chunked":
      return stated.alsoLength || minor === 0 ? 400 : CHUNKED;
    case "unknown-coding":
      return 501;
    default:
      return 400;
  }
}

/** The Host of a head whose fields cannot all be read, so that the refusal reaches the right app's log. */
function hostIn(lines: readonly string[]): string | undefined {
  const line = lines.find((each) => /^host:/i.test(each));
  return line?.slice("host:".length).trim();
}
