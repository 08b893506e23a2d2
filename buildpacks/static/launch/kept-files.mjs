import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { typeOf } from "./site-files.mjs";

const COMPRESSED = /^(text\/|application\/(json|javascript|xml|wasm|manifest)|image\/svg)/;
/** Compressing less than this saves no packet. */
const SMALL_BYTES = 512;

/** Reads files whole, with their hash and compressed forms, and keeps up to `limit` bytes of content. */
export function makeKeptFiles(limit = 32 * 1024 * 1024) {
  const kept = new Map();
  let bytes = 0;
  return async ({ path, size, modified }) => {
    const known = kept.get(path);
    if (known?.size === size && known.modified === modified) return known;
    const entry = { size, modified, ...packBody(await readFile(path), typeOf(path)) };
    if (bytes + entry.bytes > limit) {
      kept.clear();
      bytes = 0;
    }
    kept.set(path, entry);
    bytes += entry.bytes;
    return entry;
  };
}

function packBody(body, type) {
  const tag = createHash("sha256").update(body).digest("base64url").slice(0, 27);
  const bodies = { identity: body };
  if (COMPRESSED.test(type) && body.length > SMALL_BYTES) {
    bodies.br = brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } });
    bodies.gzip = gzipSync(body);
  }
  const total = Object.values(bodies).reduce((sum, one) => sum + one.length, 0);
  return { type, tag, bodies, bytes: total };
}

/** The form to send for an Accept-Encoding header: `br`, `gzip` or `identity`. */
export function chooseEncoding(header, bodies) {
  return ["br", "gzip"].find((name) => bodies[name] && accepts(header, name)) ?? "identity";
}

function accepts(header, name) {
  const offer = (header ?? "").split(",").find((part) => part.trim().split(";")[0].trim() === name);
  return offer !== undefined && !/;\s*q=0(\.0*)?\s*$/.test(offer);
}
