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

export function etagOf(body: string): string {
  return `"${createHash("sha256").update(body).digest("hex").slice(0, 32)}"`;
}

/** Compares an `If-Match` or `If-None-Match` header with a tag, weakly. */
export function tagMatches(header: string, etag: string): boolean {
  if (header.trim() === "*") return true;
  return header.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}

/** Our own id first, then those the caller sent (its own and those it has seen), as far as 7 KB go. */
export function requestIds(header: string | undefined): { own: string; all: string } {
  const own = randomUUID();
  const theirs = (header ?? "").split(",").map((id) => id.trim());
  const clean = theirs.filter((id) => /^[\w+/=.-]{1,200}$/.test(id));
  return { own, all: [own, ...clean].join(",").slice(0, 7_000) };
}

/** The caller's user and password or token. `Bearer t` and `Basic :t` mean the same. */
export interface Credentials {
  readonly user: string;
  readonly secret: string;
}

export function credentialsOf(authorization: string | undefined): Credentials | undefined {
  const [scheme = "", value = ""] = (authorization ?? "").trim().split(/\s+/, 2);
  if (value === "") return undefined;
  if (scheme.toLowerCase() === "bearer") return { user: "", secret: value };
  if (scheme.toLowerCase() !== "basic") return undefined;
  const [, user = "", secret = ""] =
    /^([^:]*):(.*)$/s.exec(Buffer.from(value, "base64").toString("utf8")) ?? [];
  return secret === "" ? undefined : { user, secret };
}
