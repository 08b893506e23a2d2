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

/** Whether content of a type is worth compressing; images and films are so already. */
export function isCompressible(type: string): boolean {
  return COMPRESSED.test(type);
}

/** Encodings that are offered, with the ends of names of files that have them. */
export const ENCODINGS = { br: ".br", gzip: ".gz" } as const;

/** Forms of a file that lie beside it: `app.js.br` and `app.js.gz`. */
export type Packed = Readonly<Partial<Record<keyof typeof ENCODINGS, SiteFile>>>;

/**
 * Reads files whole, with their hash and compressed forms, and keeps up to `limit` bytes of content. A compressed form
 * that lies beside the file is taken as it is.
 */
export function makeKeptFiles(
  limit = 32 * 1024 * 1024,
): (file: SiteFile, packed?: Packed) => Promise<KeptFile> {
  const kept = new Map<string, KeptFile & Pick<SiteFile, "size" | "modified">>();
  let bytes = 0;
  return async ({ path, size, modified }, packed = {}) => {
    const known = kept.get(path);
    if (known?.size === size && known.modified === modified) return known;
    const entry = {
      size,
      modified,
      ...packBody(await readFile(path), typeOf(path), await readPacked(packed)),
    };
    if (bytes + entry.bytes > limit) {
      kept.clear();
      bytes = 0;
    }
    kept.set(path, entry);
    bytes += entry.bytes;
    return entry;
  };
}

async function readPacked({ br, gzip }: Packed): Promise<Omit<Bodies, "identity">> {
  return {
    ...(br ? { br: await readFile(br.path) } : {}),
    ...(gzip ? { gzip: await readFile(gzip.path) } : {}),
  };
}

function packBody(body: Buffer, type: string, packed: Omit<Bodies, "identity">): KeptFile {
  const tag = createHash("sha256").update(body).digest("base64url").slice(0, 27);
  const compressed = isCompressible(type) && body.length > SMALL_BYTES;
  const bodies: Bodies = {
    identity: body,
    ...(compressed && !packed.br
      ? { br: brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }) }
      : {}),
    ...(compressed && !packed.gzip ? { gzip: gzipSync(body) } : {}),
    ...packed,
  };
  const bytes = Object.values(bodies).reduce((sum, one: Buffer) => sum + one.length, 0);
  return { type, tag, bodies, bytes };
}

/** The form to send for an Accept-Encoding header, of those that there are. */
export function chooseEncoding(
  header: string | undefined,
  bodies: Readonly<Partial<Record<keyof Bodies, unknown>>>,
): keyof Bodies {
  const compressed = ["br", "gzip"] as const;
  return compressed.find((name) => bodies[name] && accepts(header, name)) ?? "identity";
}

function accepts(header = "", name: string): boolean {
  const offer = header.split(",").find((part) => part.trim().split(";")[0]?.trim() === name);
  return offer !== undefined && !/;\s*q=0(\.0*)?\s*$/.test(offer);
}
