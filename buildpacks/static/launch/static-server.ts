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

/** Answers requests with the files below a folder; what is not there gets the site's 404.html. */
async function makeSite(root: string): Promise<(...asked: Parameters<RequestListener>) => Promise<void>> {
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

function sendKept({ request, response, file, status }: Asked, entry: KeptFile): void {
  const encoding = chooseEncoding(String(request.headers["accept-encoding"] ?? ""), entry.bodies);
  const compressed = encoding !== "identity";
  const headers = {
    "Content-Type": entry.type,
    "Cache-Control": cacheControl(file.path),
    // Several forms share the tag of their content, so it says "equal in meaning" for all but the plain one.
    ETag: `${compressed ? "W/" : ""}"${entry.tag}"`,
    Vary: "Accept-Encoding",
  };
  if (status === 200 && isKnown(request, entry.tag)) {
    end(response, 304, headers);
    return;
  }
  const body = entry.bodies[encoding] ?? entry.bodies.identity;
  const all = {
    ...headers,
    ...(compressed ? { "Content-Encoding": encoding } : {}),
    "Content-Length": body.length,
  };
  end(response, status, all, request.method === "HEAD" ? undefined : body);
}

async function sendLarge({ request, response, file, status }: Asked): Promise<void> {
  const tag = `${file.size.toString(36)}-${Math.floor(file.modified).toString(36)}`;
  const headers = { "Cache-Control": cacheControl(file.path), ETag: `W/"${tag}"` };
  if (status === 200 && isKnown(request, tag)) return end(response, 304, headers);
  response.writeHead(status, { ...headers, "Content-Type": typeOf(file.path), "Content-Length": file.size });
  if (request.method === "HEAD") return void response.end();
  const content = createReadStream(file.path, { end: file.size - 1 });
  await pipeline(content, response).catch(() => response.destroy());
}

function isKnown(request: IncomingMessage, tag: string): boolean {
  const tags = (request.headers["if-none-match"] ?? "").split(",");
  return tags.some((one) => one.trim().replace(/^W\//, "") === `"${tag}"`);
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
async function main(root: string, port: number): Promise<void> {
  const site = await makeSite(root);
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

if (import.meta.main) await main(process.argv[2] ?? ".", Number(process.env.PORT ?? 8000));
