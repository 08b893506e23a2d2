import { createReadStream } from "node:fs";
import { realpath } from "node:fs/promises";
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type ByteRange, readRange } from "./byte-range.ts";
import { chooseEncoding, type KeptFile, makeKeptFiles } from "./kept-files.ts";
import { cacheControl, findFile, regularFile, type SiteFile, typeOf } from "./site-files.ts";

/** Files up to this size are read whole, hashed, compressed and kept; larger ones are streamed as they are. */
const WHOLE_BYTES = 1024 * 1024;
const TEXT = "text/plain; charset=utf-8";

/** A request for a file that is there, with the status that its answer has. */
interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly file: SiteFile;
  readonly status: 200 | 404;
}

/**
 * Answers requests with the files below a folder. What is not there gets, where there is a fallback and the address may
 * be one of a page, that file; else the site's 404.html.
 */
async function makeSite(
  root: string,
  fallback: string | undefined,
): Promise<(...asked: Parameters<RequestListener>) => Promise<void>> {
  const top = await realpath(root);
  const load = makeKeptFiles();
  const send = async (asked: Asked) =>
    asked.file.size > WHOLE_BYTES ? await sendLarge(asked) : sendKept(asked, await load(asked.file));
  return async (request, response) => {
    response.setHeader("X-Content-Type-Options", "nosniff");
    if (request.method !== "GET" && request.method !== "HEAD") {
      const headers = { Allow: "GET, HEAD", "Content-Type": TEXT };
      return end(response, 405, headers, "This site only answers GET and HEAD.\n");
    }
    const [pathname, query] = splitAddress(request.url ?? "/");
    const file = await findFile(top, pathname);
    if (file?.isFolder && !pathname.endsWith("/")) {
      // One slash at the front: two would name another host.
      return end(response, 308, { Location: `${pathname.replace(/^\/+/, "/")}/${query}` });
    }
    if (file) return await send({ request, response, file, status: 200 });
    const page = fallback !== undefined && mayBePage(request, pathname);
    const start = page ? await regularFile(top, join(top, fallback)) : undefined;
    if (start) return await send({ request, response, file: start, status: 200 });
    const missing = await regularFile(top, join(top, "404.html"));
    if (missing) return await send({ request, response, file: missing, status: 404 });
    end(
      response,
      404,
      { "Content-Type": TEXT },
      request.method === "HEAD" ? undefined : "There is nothing at this address.\n",
    );
  };
}

function sendKept(asked: Asked, entry: KeptFile): void {
  const { request, response } = asked;
  const range = asked.request.headers.range !== undefined;
  const encoding = range ? "identity" : chooseEncoding(acceptedBy(request), entry.bodies);
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

async function sendLarge(asked: Asked): Promise<void> {
  const { file, response } = asked;
  const tag = `"${file.size.toString(36)}-${Math.floor(file.modified).toString(36)}"`;
  const part = answerHead(asked, { tag, size: file.size, headers: {} });
  if (part === undefined) return void response.end();
  await pipeline(createReadStream(file.path, { ...part }), response).catch(() => response.destroy());
}

/** Writes status and headers, and says which bytes of the content are to follow; undefined for none. */
function answerHead(
  { request, response, file, status }: Asked,
  content: { readonly tag: string; readonly size: number; readonly headers: OutgoingHttpHeaders },
): ByteRange | undefined {
  const { tag, size } = content;
  const headers = { "Cache-Control": cacheControl(file.path), ETag: tag, ...content.headers };
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
    ...headers,
    "Accept-Ranges": "bytes",
    "Content-Type": typeOf(file.path),
    "Content-Length": part.end - part.start + 1,
    ...(range ? { "Content-Range": `bytes ${part.start}-${part.end}/${size}` } : {}),
  });
  return request.method === "HEAD" || size === 0 ? undefined : part;
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

/** Addresses that a single-page app's own router answers: without an extension, asked for as a page. */
function mayBePage({ headers }: IncomingMessage, pathname: string): boolean {
  const accepted = headers.accept ?? "*/*";
  return /text\/html|\*\/\*/.test(accepted) && !/\.[^/]*$/.test(pathname);
}

/** The path, and the query with its question mark. */
function splitAddress(address: string): readonly [string, string] {
  const at = address.indexOf("?");
  return at < 0 ? [address, ""] : [address.slice(0, at), address.slice(at)];
}

function end(
  ...[response, status, headers, body]: [ServerResponse, number, OutgoingHttpHeaders, (string | Buffer)?]
): void {
  response.writeHead(status, headers);
  response.end(body);
}

/** Serves until SIGTERM; requests in flight are answered. */
async function main(root: string, port: number, fallback?: string): Promise<void> {
  const site = await makeSite(root, fallback);
  const server = createServer((request, response) => {
    site(request, response).catch((thrown) => {
      console.error(thrown);
      response.destroy();
    });
  });
  // Longer than the router keeps a connection, so that it is never the server that closes one just taken for a request.
  server.keepAliveTimeout = 95_000;
  process.once("SIGTERM", () => {
    server.close(() => process.exit(0));
    // Connections that are busy now are closed when their answer is out.
    setInterval(() => server.closeIdleConnections(), 100);
  });
  server.once("error", (thrown: NodeJS.ErrnoException) => {
    if (thrown.code !== "EAFNOSUPPORT" && thrown.code !== "EADDRNOTAVAIL") throw thrown;
    server.listen(port, "0.0.0.0");
  });
  server.on("listening", () =>
    console.log(`Serving ${root} on port ${(server.address() as AddressInfo).port}`),
  );
  server.listen(port, "::");
}

if (import.meta.main) await main(process.argv[2] ?? ".", Number(process.env.PORT ?? 8000), process.argv[3]);
