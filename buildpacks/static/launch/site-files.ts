import { realpath, stat } from "node:fs/promises";
import { extname, join, resolve, sep } from "node:path";

/** Content types by extension; anything else is a download. */
const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".csv": "text/csv; charset=utf-8",
  ".gif": "image/gif",
  ".htm": "text/html; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".jpeg": "image/jpeg",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".md": "text/markdown; charset=utf-8",
  ".ts": "text/javascript; charset=utf-8",
  ".mp4": "video/mp4",
  ".otf": "font/otf",
  ".pdf": "application/pdf",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".ttf": "font/ttf",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webm": "video/webm",
  ".webmanifest": "application/manifest+json",
  ".webp": "image/webp",
  ".woff": "font/woff",
  ".woff2": "font/woff2",
  ".xml": "application/xml",
};

/** A file of the site. */
export interface SiteFile {
  /** Its real path, links followed. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds. */
  readonly modified: number;
}

export function typeOf(path: string): string {
  return TYPES[extname(path).toLowerCase()] ?? "application/octet-stream";
}

/** How names are looked for. */
export interface NameRules {
  readonly index: string;
  readonly cleanUrls: boolean;
  /** Paths below the site's folder that are not served. */
  readonly hidden: readonly string[];
}

const STANDARD: NameRules = { index: "index.html", cleanUrls: true, hidden: [] };

/**
 * What a path means: the file of that name, `path.html`, or `path/index.html`. `isFolder` tells that it was the last,
 * whose address has to end in a slash for the page's own links to hold. Undefined when there is nothing.
 */
export async function findFile(
  top: string,
  pathname: string,
  { index: page, cleanUrls, hidden }: NameRules = STANDARD,
): Promise<(SiteFile & { readonly isFolder: boolean }) | undefined> {
  const wanted = toFile(top, pathname);
  if (wanted === undefined) return undefined;
  const index = join(wanted, page);
  for (const candidate of [wanted, ...(cleanUrls ? [`${wanted}.html`] : []), index]) {
    const file = await regularFile(top, candidate);
    if (file && !hidden.some((one) => file.path === join(top, one)))
      return { ...file, isFolder: candidate === index };
  }
  return undefined;
}

/** The file a path names, inside the folder; undefined for paths that leave it, are malformed, or are hidden. */
export function toFile(top: string, pathname: string): string | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
  if (decoded.includes("\0")) return undefined;
  const hidden = decoded.split("/").some((part) => part.startsWith(".") && part !== ".well-known");
  if (hidden) return undefined;
  const file = resolve(top, `.${sep}${decoded}`);
  return file === top || file.startsWith(top + sep) ? file : undefined;
}

/** Undefined for anything that is no file, and for links that lead outside. */
export async function regularFile(top: string, candidate: string): Promise<SiteFile | undefined> {
  try {
    const path = await realpath(candidate);
    if (!path.startsWith(top + sep)) return undefined;
    const found = await stat(path);
    return found.isFile() ? { path, size: found.size, modified: found.mtimeMs } : undefined;
  } catch {
    return undefined;
  }
}

/** Names that hold a hash of their content never change; everything else is asked for again. */
export function cacheControl(path: string): string {
  return /[.-][0-9a-zA-Z_]{8,}\.(css|js|mjs|woff2?|png|jpe?g|svg|webp|gif|wasm)$/.test(path) &&
    /[.-][^./-]*\d[^./-]*\.\w+$/.test(path)
    ? "public, max-age=31536000, immutable"
    : "public, no-cache";
}
