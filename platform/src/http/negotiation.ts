import { createHash, randomUUID } from "node:crypto";
import type { Variant } from "@conifer/contract";
import { BusinessError } from "../kernel/index.ts";

/**
 * The variant an `Accept` header asks for. Only version 3 is spoken; `3.sdk` is the one other form of the resources,
 * and any suffix we do not know is base, because old clients still send many. (facts: platform API §3)
 */
export function variantOf(accept: string | undefined): Variant {
  const versions = [
    ...(accept ?? "").matchAll(/application\/vnd\.heroku\+json\s*;\s*version=([0-9]+)(?:\.([\w-]+))?/gi),
  ];
  const spoken = versions.find(([, major]) => major === "3");
  if (spoken) return spoken[2] === "sdk" ? "sdk" : "base";
  throw new BusinessError(
    "not_acceptable",
    "Say which version of the API you want: send the header `Accept: application/vnd.heroku+json; version=3`.",
  );
}

/** A strong tag of a representation's text. */
export function etagOf(body: string): string {
  return `"${createHash("sha256").update(body).digest("hex").slice(0, 32)}"`;
}

/** Compares an `If-Match` or `If-None-Match` header with a tag, weakly. */
export function tagMatches(header: string, etag: string): boolean {
  if (header.trim() === "*") return true;
  return header.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}

/** True when an `Accept-Encoding` header takes gzip. (RFC 9110 §12.5.3) */
export function acceptsGzip(header: string | undefined): boolean {
  return (header ?? "").split(",").some((part) => {
    const [coding, ...params] = part.split(";").map((text) => text.trim().toLowerCase());
    return coding === "gzip" && !params.some((param) => /^q=0(\.0{0,3})?$/.test(param));
  });
}

const AUTHORITY = /^([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/i;

/** `https://localhost:6400`, as the caller reached us: addresses in answers start with it. Throws bad_request. */
export function originOf(host: string | undefined, encrypted: boolean): string {
  const authority = host || "localhost";
  if (!AUTHORITY.test(authority)) {
    throw new BusinessError("bad_request", "The `Host` header is not a host name with an optional port.");
  }
  return `${encrypted ? "https" : "http"}://${authority}`;
}

/** The client starts its chain of ids afresh at this length. (facts: CLI client §1.8) */
const LONGEST_CHAIN = 7_000;

/** A request's own id, and what the `Request-Id` header of the answer holds. */
export interface RequestIds {
  readonly own: string;
  readonly all: string;
}

/** Our own id first, then those the caller sent (its own and those it has seen), whole ones as far as 7 KB go. */
export function requestIds(header: string | undefined): RequestIds {
  const own = randomUUID();
  let all = own;
  for (const id of (header ?? "").split(",").map((text) => text.trim())) {
    if (!/^[\w+/=.-]{1,200}$/.test(id)) continue;
    if (all.length + id.length + 1 > LONGEST_CHAIN) break;
    all += `,${id}`;
  }
  return { own, all };
}

/** The caller's user and password or token. `Bearer t` and `Basic :t` mean the same. */
export interface Credentials {
  readonly user: string;
  readonly secret: string;
}

/**
 * Reads an `Authorization` header; undefined when it holds no password or token, or the character U+0000, which no
 * account can have. (RFC 7617, RFC 6750)
 */
export function credentialsOf(authorization: string | undefined): Credentials | undefined {
  const [scheme = "", value = ""] = (authorization ?? "").trim().split(/\s+/, 2);
  if (value === "") return undefined;
  if (scheme.toLowerCase() === "bearer") return { user: "", secret: value };
  if (scheme.toLowerCase() !== "basic") return undefined;
  const [, user = "", secret = ""] =
    /^([^:]*):(.*)$/s.exec(Buffer.from(value, "base64").toString("utf8")) ?? [];
  return secret === "" || `${user}${secret}`.includes("\0") ? undefined : { user, secret };
}
