import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { type SiteFile, typeOf } from "./site-files.ts";

const COMPRESSED = /^(text\/|application\/(json|javascript|xml|wasm|manifest)|image\/svg)/;
/** Compressing less than this saves no packet. */
const SMALL_BYTES = 512;

/** Forms of one content by their names in Content-Encoding. */
export interface Bodies {
  readonly identity: Buffer;
  readonly br?: Buffer;
  readonly gzip?: Buffer;
}

export interface KeptFile {
  readonly type: string;
  /** Names the content. */
  readonly tag: string;
  readonly bodies: Bodies;
  /** Of all forms together. */
  readonly bytes: number;
}

/** Reads files whole, with their hash and compressed forms, and keeps up to `limit` bytes of content. */
export function makeKeptFiles(limit = 32 * 1024 * 1024): (file: SiteFile) => Promise<KeptFile> {
  const kept = new Map<string, KeptFile & Pick<SiteFile, "size" | "modified">>();
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

function packBody(body: Buffer, type: string): KeptFile {
  const tag = createHash("sha256").update(body).digest("base64url").slice(0, 27);
  const compressed = COMPRESSED.test(type) && body.length > SMALL_BYTES;
  const bodies: Bodies = {
    identity: body,
    ...(compressed
      ? {
          br: brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
          gzip: gzipSync(body),
        }
      : {}),
  };
  const bytes = Object.values(bodies).reduce((sum, one: Buffer) => sum + one.length, 0);
  return { type, tag, bodies, bytes };
}

/** The form to send for an Accept-Encoding header. */
export function chooseEncoding(header: string | undefined, bodies: Bodies): keyof Bodies {
  const compressed = ["br", "gzip"] as const;
  return compressed.find((name) => bodies[name] && accepts(header, name)) ?? "identity";
}

function accepts(header = "", name: string): boolean {
  const offer = header.split(",").find((part) => part.trim().split(";")[0]?.trim() === name);
  return offer !== undefined && !/;\s*q=0(\.0*)?\s*$/.test(offer);
}
