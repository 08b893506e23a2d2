import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, realpath, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, resolve, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

/** Content types by extension; anything else is a download. */
const TYPES = {
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
  ".mjs": "text/javascript; charset=utf-8",
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
const COMPRESSED = /^(text\/|application\/(json|javascript|xml|wasm|manifest)|image\/svg)/;
/** Files up to this size are read whole, hashed, compressed and kept; larger ones are streamed as they are. */
const WHOLE_BYTES = 1024 * 1024;
const KEPT_BYTES = 32 * 1024 * 1024;

/** Serves the files below a folder. What a path means: itself, `path.html`, `path/index.html`, else the site's 404.html. */
export async function makeSite(root) {
  const top = await realpath(root);
  const kept = new Map();
  let keptBytes = 0;

  const find = async (pathname) => {
    const wanted = toFile(top, pathname);
    if (wanted === undefined) return undefined;
    for (const candidate of [wanted, `${wanted}.html`, join(wanted, "index.html")]) {
      const file = await regularFile(top, candidate);
      if (file) return { ...file, isFolder: candidate !== wanted && candidate.endsWith(`${sep}index.html`) };
    }
    return undefined;
  };
  const load = async ({ path, size, modified }) => {
    const known = kept.get(path);
    if (known?.size === size && known.modified === modified) return known;
    const body = await readFile(path);
    const type = typeOf(path);
    const entry = {
      path,
      size,
      modified,
      type,
      body,
      etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 27)}"`,
    };
    if (COMPRESSED.test(type) && body.length > 512) {
      entry.br = brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } });
      entry.gzip = gzipSync(body);
    }
    if (keptBytes + body.length > KEPT_BYTES) {
      kept.clear();
      keptBytes = 0;
    }
    kept.set(path, entry);
    keptBytes += body.length;
    return entry;
  };
  const send = async (request, response, { file, status }) => {
    const cache = cacheControl(file.path);
    if (file.size > WHOLE_BYTES) {
      const etag = `W/"${file.size.toString(36)}-${Math.floor(file.modified).toString(36)}"`;
      if (request.headers["if-none-match"] === etag)
        return end(response, 304, { ETag: etag, "Cache-Control": cache });
      response.writeHead(status, {
        "Content-Type": typeOf(file.path),
        "Content-Length": file.size,
        "Cache-Control": cache,
        ETag: etag,
      });
      if (request.method === "HEAD") return void response.end();
      return await pipeline(createReadStream(file.path), response).catch(() => response.destroy());
    }
    const entry = await load(file);
    const headers = {
      "Content-Type": entry.type,
      "Cache-Control": cache,
      ETag: entry.etag,
      Vary: "Accept-Encoding",
    };
    const known = (request.headers["if-none-match"] ?? "")
      .split(",")
      .map((tag) => tag.trim().replace(/^W\//, ""));
    if (status === 200 && known.includes(entry.etag)) return end(response, 304, headers);
    const encoding = ["br", "gzip"].find(
      (name) => entry[name] && accepts(request.headers["accept-encoding"], name),
    );
    const body = encoding ? entry[encoding] : entry.body;
    if (encoding) headers["Content-Encoding"] = encoding;
    end(
      response,
      status,
      { ...headers, "Content-Length": body.length },
      request.method === "HEAD" ? undefined : body,
    );
  };
  return async (request, response) => {
    response.setHeader("X-Content-Type-Options", "nosniff");
    if (request.method !== "GET" && request.method !== "HEAD") {
      return end(
        response,
        405,
        { Allow: "GET, HEAD", "Content-Type": "text/plain" },
        "This site only answers GET and HEAD.\n",
      );
    }
    const [pathname = "/", query] = (request.url ?? "/").split("?", 2);
    const file = await find(pathname);
    if (file?.isFolder && !pathname.endsWith("/")) {
      return end(response, 308, {
        Location: `${pathname.replace(/^\/+/, "/")}/${query === undefined ? "" : `?${query}`}`,
      });
    }
    if (file) return await send(request, response, { file, status: 200 });
    const missing = await regularFile(top, join(top, "404.html"));
    if (missing) return await send(request, response, { file: missing, status: 404 });
    end(
      response,
      404,
      { "Content-Type": "text/plain; charset=utf-8" },
      "There is nothing at this address.\n",
    );
  };
}

/** The file a path names, inside the folder; undefined for paths that leave it, are malformed, or are hidden. */
export function toFile(top, pathname) {
  let decoded;
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

async function regularFile(top, candidate) {
  try {
    const path = await realpath(candidate);
    if (!path.startsWith(top + sep)) return undefined;
    const found = await stat(path);
    return found.isFile() ? { path, size: found.size, modified: found.mtimeMs } : undefined;
  } catch {
    return undefined;
  }
}

function typeOf(path) {
  return TYPES[extname(path).toLowerCase()] ?? "application/octet-stream";
}

/** Names that hold a hash of their content never change; everything else is asked for again. */
export function cacheControl(path) {
  return /[.-][0-9a-zA-Z_]{8,}\.(css|js|mjs|woff2?|png|jpe?g|svg|webp|gif|wasm)$/.test(path) &&
    /[.-][^./-]*\d[^./-]*\.\w+$/.test(path)
    ? "public, max-age=31536000, immutable"
    : "public, no-cache";
}

function accepts(header, name) {
  const offer = (header ?? "").split(",").find((part) => part.trim().split(";")[0] === name);
  return offer !== undefined && !/;\s*q=0(\.0*)?\s*$/.test(offer);
}

function end(response, status, headers, body) {
  response.writeHead(status, headers);
  response.end(body);
}

/** Serves until SIGTERM; requests in flight are answered. */
async function main(root, port) {
  const site = await makeSite(root);
  const server = createServer((request, response) => {
    site(request, response).catch((thrown) => {
      console.error(thrown);
      response.destroy();
    });
  });
  server.keepAliveTimeout = 95_000;
  process.once("SIGTERM", () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
  server.once("error", (thrown) => {
    if (thrown.code !== "EAFNOSUPPORT" && thrown.code !== "EADDRNOTAVAIL") throw thrown;
    server.listen(port, "0.0.0.0");
  });
  server.on("listening", () => console.log(`Serving ${root} on port ${port}`));
  server.listen(port, "::");
}

if (import.meta.main) await main(process.argv[2] ?? ".", Number(process.env.PORT ?? 8000));
