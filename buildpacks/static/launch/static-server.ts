import { readFile, realpath } from "node:fs/promises";
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { makeSender } from "./send-file.ts";
import { DEFAULT_CONFIG, type SiteConfig } from "./site-config.ts";
import { findFile, regularFile } from "./site-files.ts";
import { type Routed, siteRules } from "./site-rules.ts";

const TEXT = "text/plain; charset=utf-8";

/** Answers requests with the files below a folder, as its settings say; what is not there gets the site's own page. */
async function makeSite(
  root: string,
  config: SiteConfig,
): Promise<(...asked: Parameters<RequestListener>) => Promise<void>> {
  const top = await realpath(root);
  const send = makeSender(top);
  const rules = siteRules(config);
  return async (request, response) => {
    response.setHeader("X-Content-Type-Options", "nosniff");
    if (request.method !== "GET" && request.method !== "HEAD") {
      const headers = { Allow: "GET, HEAD", "Content-Type": TEXT };
      return end(response, 405, headers, "This site only answers GET and HEAD.\n");
    }
    const [pathname, query] = splitAddress(request.url ?? "/");
    const secure = config.httpsOnly ? secureAddress(request, pathname + query) : undefined;
    if (secure !== undefined) return end(response, 301, { Location: secure });
    const decoded = decodePath(pathname);
    const added = rules.headers(decoded);
    const file = await findFile(top, pathname, config);
    const routed = rules.route(decoded, query, file !== undefined);
    if (routed?.kind === "redirect")
      return end(response, routed.status, { ...added, Location: routed.location });
    const found = routed === undefined ? undefined : await routedFile(top, routed);
    if (found) return await send({ request, response, added, ...found });
    if (file?.isFolder && !pathname.endsWith("/")) {
      // One slash at the front: two would name another host.
      return end(response, 308, { ...added, Location: `${pathname.replace(/^[/\\]+/, "/")}/${query}` });
    }
    if (file) return await send({ request, response, added, file, status: 200 });
    const { fallback } = config;
    const isPage = fallback !== undefined && mayBePage(request, pathname);
    const start = isPage ? await regularFile(top, join(top, fallback)) : undefined;
    if (start) return await send({ request, response, added, file: start, status: 200 });
    const missing = await regularFile(top, join(top, config.notFound.file));
    if (missing)
      return await send({ request, response, added, file: missing, status: config.notFound.status });
    const body = request.method === "HEAD" ? undefined : "There is nothing at this address.\n";
    end(response, 404, { "Content-Type": TEXT, ...added }, body);
  };
}

async function routedFile(top: string, routed: Routed & { readonly kind: "file" }) {
  const file = await regularFile(top, join(top, routed.file));
  return file && { file, status: routed.status };
}

/** The same address by HTTPS, for a request that reached the router by plain HTTP. */
function secureAddress({ headers }: IncomingMessage, address: string): string | undefined {
  const host = headers.host ?? "";
  if (headers["x-forwarded-proto"] !== "http" || !/^[A-Za-z0-9.-]+$/.test(host.replace(/:\d+$/, "")))
    return undefined;
  return `https://${host.replace(/:\d+$/, "")}/${address.replace(/^[/\\]+/, "")}`;
}

/** For rules, which are written for people; what cannot be decoded stays as it is. */
function decodePath(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
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

async function readConfig(file: string | undefined): Promise<SiteConfig> {
  if (file === undefined) return DEFAULT_CONFIG;
  return { ...DEFAULT_CONFIG, ...(JSON.parse(await readFile(file, "utf8")) as Partial<SiteConfig>) };
}

/** Serves until SIGTERM; requests in flight are answered. */
async function main(root: string, port: number, settings: string | undefined): Promise<void> {
  const site = await makeSite(root, await readConfig(settings));
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
