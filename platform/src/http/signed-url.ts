import { createHmac, timingSafeEqual } from "node:crypto";

/** How long a stream's address may be opened after it was given out (facts: observability §1). */
export const STREAM_URL_SECONDS = 360;

export interface StreamUrl {
  /** Scheme and authority the client reached us by, such as `https://localhost:6400`. Not signed. */
  readonly base: string;
  /** Absolute path, such as `/streams/logs`. */
  readonly path: string;
  /** What the stream is of. All of it is signed. `expires` and `signature` are taken. */
  readonly params: Readonly<Record<string, string>>;
  readonly expires: Date;
  readonly key: Buffer;
}

export type OpenedStreamUrl =
  | { readonly kind: "valid"; readonly path: string; readonly params: Readonly<Record<string, string>> }
  /** Was ours, but it is too late to open it. */
  | { readonly kind: "expired"; readonly path: string; readonly params: Readonly<Record<string, string>> }
  /** Never ours, or altered. */
  | { readonly kind: "forged" };

/**
 * An address that is its own credential: clients open it without any header. Path, parameters and the end of its
 * life (whole seconds) are bound by an HMAC-SHA-256; the host is not, so that it works under every name we answer to.
 * The HTTP method is not bound either: put it into `params` where it matters.
 */
export function signStreamUrl({ base, path, params, expires, key }: StreamUrl): string {
  for (const name of ["expires", "signature"])
    if (name in params) throw new Error(`a signed address cannot carry a parameter named ${name}`);
  const url = new URL(path, base);
  for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
  url.searchParams.set("expires", String(Math.floor(expires.getTime() / 1000)));
  url.searchParams.set("signature", sign(url, key));
  return url.href;
}

/** Checks an address made by `signStreamUrl`; `url` may be absolute or a request's path and query. */
export function openStreamUrl(url: string, now: Date, key: Buffer): OpenedStreamUrl {
  const opened = parse(url);
  if (!opened) return { kind: "forged" };
  const given = Buffer.from(opened.searchParams.get("signature") ?? "");
  opened.searchParams.delete("signature");
  const wanted = Buffer.from(sign(opened, key));
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return { kind: "forged" };
  const expires = Number(opened.searchParams.get("expires"));
  opened.searchParams.delete("expires");
  const params = Object.fromEntries(opened.searchParams);
  return { kind: now.getTime() / 1000 > expires ? "expired" : "valid", path: opened.pathname, params };
}

function parse(url: string): URL | undefined {
  return URL.parse(url, "http://any") ?? undefined;
}

/** Signs names and values in sorted order, encoded, so that neither order nor encoding of the query matters. */
function sign(url: URL, key: Buffer): string {
  const query = [...url.searchParams].map((pair) => pair.map(encodeURIComponent).join("=")).sort();
  return createHmac("sha256", key)
    .update(`${url.pathname}?${query.join("&")}`)
    .digest("base64url");
}
