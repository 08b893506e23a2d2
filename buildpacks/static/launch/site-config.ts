import type { PathPattern } from "./path-pattern.ts";

/** How a site is served: what the buildpack read of the app's files, as the server reads it at its start. */
export interface SiteConfig {
  /** The page of a folder. */
  readonly index: string;
  /** Whether `/about` is `about.html`. */
  readonly cleanUrls: boolean;
  /** Whether requests that came by plain HTTP are sent to HTTPS. */
  readonly httpsOnly: boolean;
  /** The page for what is not there, below the site's folder, and the status it is sent with. */
  readonly notFound: { readonly file: string; readonly status: number };
  /** The start page of a single-page app: it answers where an address is no file's and may be a page's. */
  readonly fallback?: string;
  readonly headers: readonly HeaderRule[];
  /** The first that matches counts. */
  readonly routes: readonly Route[];
  /** Paths below the site's folder that are settings and not served. */
  readonly hidden: readonly string[];
}

export interface HeaderRule {
  readonly pattern: PathPattern;
  readonly set: readonly (readonly [name: string, value: string])[];
}

export type Route = {
  readonly pattern: PathPattern;
  /** Paths that begin with this are left alone. */
  readonly except?: string | undefined;
  /** Whether it counts also where there is a file. */
  readonly force: boolean;
} & (
  | { readonly kind: "redirect"; readonly to: string; readonly status: number }
  | { readonly kind: "file"; readonly file: string; readonly status: number }
);

export const DEFAULT_CONFIG: SiteConfig = {
  index: "index.html",
  cleanUrls: true,
  httpsOnly: false,
  notFound: { file: "404.html", status: 404 },
  headers: [],
  routes: [],
  hidden: [],
};

/** Headers that say how a message is sent: the server's alone. */
const OWN = new Set([
  ...["connection", "content-encoding", "content-length", "content-range", "date", "etag", "host"],
  ...["keep-alive", "status", "te", "trailer", "transfer-encoding", "upgrade"],
]);

/** Why a header cannot be sent; undefined when it can (RFC 9110, sections 5.1 and 5.5). */
export function headerProblem(name: string, value: string): string | undefined {
  if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/.test(name))
    return "its name holds characters that names may not";
  if (OWN.has(name.toLowerCase())) return "the server sets it itself";
  if (!/^[\t\x20-\x7e\x80-\xff]{0,8192}$/.test(value))
    return "its value holds characters that values may not";
  return undefined;
}

/** A place to send visitors to: a path of the site, or an address whose host is written out. */
export function isTarget(to: string): boolean {
  return (
    /^\/[\x21-\x7e]{0,2000}$/.test(to) ||
    /^https?:\/\/[A-Za-z0-9.-]{1,253}(:\d{1,5})?([/?#][\x21-\x7e]{0,2000})?$/.test(to)
  );
}
