import { createReadStream } from "node:fs";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { type ByteRange, readRange } from "./byte-range.ts";
import {
  chooseEncoding,
  ENCODINGS,
  isCompressible,
  type KeptFile,
  makeKeptFiles,
  type Packed,
} from "./kept-files.ts";
import { cacheControl, regularFile, type SiteFile, typeOf } from "./site-files.ts";

/** Files up to this size are read whole, hashed, compressed and kept; larger ones are streamed as they are. */
const WHOLE_BYTES = 1024 * 1024;

/** A request for a file that is there. */
export interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly file: SiteFile;
  /** The status of the answer when it is all of the file. */
  readonly status: number;
  /** Headers that the site's settings add, by lower-case names; they win over the server's own. */
  readonly added: Readonly<Record<string, string>>;
}

/** Sends files below a folder, in the form that the client asks for. */
export function makeSender(top: string): (asked: Asked) => Promise<void> {
  const load = makeKeptFiles();
  return async (asked) => {
    const packed = await packedForms(top, asked.file);
    if (asked.file.size > WHOLE_BYTES) await sendLarge(asked, packed);
    else sendKept(asked, await load(asked.file, packed));
  };
}

/** Compressed forms that lie beside a file, made by whoever made the site. */
async function packedForms(top: string, file: SiteFile): Promise<Packed> {
  if (!isCompressible(typeOf(file.path))) return {};
  const [br, gzip] = await Promise.all([
    regularFile(top, file.path + ENCODINGS.br),
    regularFile(top, file.path + ENCODINGS.gzip),
  ]);
  const smaller = (one: SiteFile | undefined) => one !== undefined && one.size > 0 && one.size < file.size;
  return { ...(br && smaller(br) ? { br } : {}), ...(gzip && smaller(gzip) ? { gzip } : {}) };
}

function sendKept(asked: Asked, entry: KeptFile): void {
  const { request, response } = asked;
  const encoding = isPart(request) ? "identity" : chooseEncoding(acceptedBy(request), entry.bodies);
  const compressed = encoding !== "identity";
  const body = entry.bodies[encoding] ?? entry.bodies.identity;
  const part = answerHead(asked, {
    // Several forms share the tag of their content, so it says "equal in meaning" for all but the plain one.
    tag: compressed ? `W/"${entry.tag}"` : `"${entry.tag}"`,
    size: body.length,
    headers: { Vary: "Accept-Encoding", ...(compressed ? { "Content-Encoding": encoding } : {}) },
  });
  response.end(part && body.subarray(part.start, part.end + 1));
}

async function sendLarge(asked: Asked, packed: Packed): Promise<void> {
  const { request, file, response } = asked;
  const encoding = isPart(request) ? "identity" : chooseEncoding(acceptedBy(request), packed);
  const form = (encoding === "identity" ? undefined : packed[encoding]) ?? file;
  const weak = form === file ? "" : "W/";
  const tag = `${weak}"${file.size.toString(36)}-${Math.floor(file.modified).toString(36)}"`;
  const vary = packed.br || packed.gzip ? { Vary: "Accept-Encoding" } : {};
  const headers = { ...vary, ...(form === file ? {} : { "Content-Encoding": encoding }) };
  const part = answerHead(asked, { tag, size: form.size, headers });
  if (part === undefined) return void response.end();
  await pipeline(createReadStream(form.path, { ...part }), response).catch(() => response.destroy());
}

/** Writes status and headers, and says which bytes of the content are to follow; undefined for none. */
function answerHead(
  { request, response, file, status, added }: Asked,
  content: { readonly tag: string; readonly size: number; readonly headers: OutgoingHttpHeaders },
): ByteRange | undefined {
  const { tag, size } = content;
  const own = { "Cache-Control": cacheControl(file.path), ETag: tag, ...content.headers };
  const headers = withAdded(own, added);
  if (status === 200 && isKnown(request, tag)) {
    response.writeHead(304, headers);
    return undefined;
  }
  const range = status === 200 ? readRange(rangeOf(request, tag), size) : undefined;
  if (range === "none") {
    response.writeHead(416, { "Content-Range": `bytes */${size}` });
    return undefined;
  }
  const part = range ?? { start: 0, end: size - 1 };
  response.writeHead(range ? 206 : status, {
    "Content-Type": typeOf(file.path),
    ...headers,
    "Accept-Ranges": "bytes",
    "Content-Length": part.end - part.start + 1,
    ...(range ? { "Content-Range": `bytes ${part.start}-${part.end}/${size}` } : {}),
  });
  return request.method === "HEAD" || size === 0 ? undefined : part;
}

/** The server's headers and the site's, of which the latter win; what an answer varies by is joined. */
function withAdded(own: OutgoingHttpHeaders, added: Asked["added"]): OutgoingHttpHeaders {
  const vary = [own.Vary, added.vary].filter((one) => one !== undefined).join(", ");
  return { ...own, ...added, ...(added.vary === undefined ? {} : { vary }) };
}

function isPart({ headers }: IncomingMessage): boolean {
  return headers.range !== undefined;
}

/** A range counts only as part of the content that the client has the rest of. */
function rangeOf({ method, headers }: IncomingMessage, tag: string): string | undefined {
  const ifRange = headers["if-range"];
  if (method !== "GET" || (ifRange !== undefined && ifRange !== tag)) return undefined;
  return headers.range;
}

function acceptedBy({ headers }: IncomingMessage): string {
  return String(headers["accept-encoding"] ?? "");
}

function isKnown({ headers }: IncomingMessage, tag: string): boolean {
  const plain = (text: string) => text.trim().replace(/^W\//, "");
  return (headers["if-none-match"] ?? "").split(",").some((one) => plain(one) === plain(tag));
}
