import { IssueError } from "../../../edge/certificate/index.ts";

/** What the authority's documents hold that is used here (RFC 8555 §7.1), read with mistrust. */
export interface Directory {
  readonly newNonce: string;
  readonly newAccount: string;
  readonly newOrder: string;
}

export interface Order {
  readonly status: string;
  readonly authorizations: readonly string[];
  readonly finalize: string;
  readonly certificate: string | undefined;
  readonly problem: string | undefined;
}

export interface Authorization {
  readonly status: string;
  readonly host: string;
  readonly wildcard: boolean;
  readonly challenge: { readonly url: string; readonly token: string } | undefined;
  /** Why the name was not proven. */
  readonly problem: string | undefined;
}

export interface Problem {
  /** Without `urn:ietf:params:acme:error:`; empty when it is no document of problems. (RFC 7807) */
  readonly type: string;
  readonly detail: string;
}

type Fields = Readonly<Record<string, unknown>>;

const MOST_AUTHORIZATIONS = 10;
const MOST_TEXT = 300;
/** RFC 8555 §8: base64url, without anything that means something in a path. */
const TOKEN = /^[A-Za-z0-9_-]{16,256}$/;

export function readDirectory(bytes: Buffer): Directory {
  const fields = readFields(bytes, "its directory");
  const [newNonce, newAccount, newOrder] = [fields.newNonce, fields.newAccount, fields.newOrder].map(textOf);
  if (newNonce && newAccount && newOrder) return { newNonce, newAccount, newOrder };
  throw garbled("its directory", "it names no newNonce, newAccount or newOrder");
}

export function readOrder(bytes: Buffer): Order {
  const fields = readFields(bytes, "an order");
  const { authorizations } = fields;
  const urls = (Array.isArray(authorizations) ? authorizations : []).map(textOf);
  const [status, finalize] = [textOf(fields.status), textOf(fields.finalize)];
  if (
    !status ||
    !finalize ||
    urls.length === 0 ||
    urls.length > MOST_AUTHORIZATIONS ||
    urls.includes(undefined)
  )
    throw garbled("an order", "its status, authorizations or finalize are missing");
  return {
    status,
    finalize,
    authorizations: urls.filter((url) => url !== undefined),
    certificate: textOf(fields.certificate),
    problem: isFields(fields.error) ? wordsOf(fields.error) : undefined,
  };
}

export function readAuthorization(bytes: Buffer): Authorization {
  const fields = readFields(bytes, "an authorization");
  const { identifier, challenges } = fields;
  const [status, host] = [textOf(fields.status), isFields(identifier) ? textOf(identifier.value) : undefined];
  if (!status || !host) throw garbled("an authorization", "its status or its name are missing");
  const all = (Array.isArray(challenges) ? challenges : []).filter(isFields);
  const http = all.find(({ type }) => type === "http-01");
  const [url, token] = [textOf(http?.url), textOf(http?.token)];
  if (token !== undefined && !TOKEN.test(token)) throw garbled("a challenge", "its token is none");
  const failed = all.find(({ error }) => isFields(error))?.error;
  return {
    status,
    host,
    wildcard: fields.wildcard === true,
    challenge: url && token ? { url, token } : undefined,
    problem: isFields(failed) ? wordsOf(failed) : undefined,
  };
}

/** What an answer that is a failure says of itself. */
export function readProblem(bytes: Buffer): Problem {
  try {
    const fields: unknown = JSON.parse(bytes.toString());
    if (!isFields(fields)) return { type: "", detail: "" };
    return { type: typeOf(fields), detail: wordsOf(fields) };
  } catch {
    return { type: "", detail: "" };
  }
}

function readFields(bytes: Buffer, what: string): Fields {
  let fields: unknown;
  try {
    fields = JSON.parse(bytes.toString());
  } catch (cause) {
    throw garbled(what, "it is not JSON", cause);
  }
  if (!isFields(fields)) throw garbled(what, "it is no object");
  return fields;
}

function garbled(what: string, why: string, cause?: unknown): IssueError {
  const hint = "Is it the address of an ACME directory?";
  return new IssueError(
    "authority",
    `the authority's answer is not to be understood: ${what}: ${why}. ${hint}`,
    { cause },
  );
}

const typeOf = ({ type }: Fields) => (textOf(type) ?? "").replace("urn:ietf:params:acme:error:", "");

/** For logs and people: what somebody else wrote, bounded and on one line. */
function wordsOf(problem: Fields): string {
  const detail = textOf(problem.detail) ?? "it does not say why";
  const text = `${detail} (${typeOf(problem) || "no type"})`;
  return text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ").slice(0, MOST_TEXT);
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const textOf = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
