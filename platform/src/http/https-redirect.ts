import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** True for an address that only this machine can have called. (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3) */
export function isLoopback(address: string | undefined): boolean {
  const text = (address ?? "").replace(/^::ffff:/i, "");
  return text === "::1" || /^127\.\d+\.\d+\.\d+$/.test(text);
}

/** Where a plain request should have gone; undefined when its `Host` header cannot be part of an address. */
export function httpsAddress(host: string | undefined, url: string): string | undefined {
  if (!host || !/^([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/i.test(host)) return undefined;
  return `https://${host}${url.startsWith("/") ? url : "/"}`;
}

/**
 * Answers every request with 308 to https, which keeps method and body, and closes: what was sent in the clear beyond
 * this machine is not served. Gets its connections from the listener and never listens itself. (design §2)
 */
export function makeRedirectServer(): Server {
  const server = createServer({ keepAlive: false }, redirect);
  server.on("clientError", (_error, socket) => socket.destroy());
  return server;
}

function redirect(request: IncomingMessage, response: ServerResponse): void {
  const socket: Socket = request.socket;
  const location = httpsAddress(request.headers.host, request.url ?? "/");
  const message = location
    ? `Use ${location}: beyond this machine Conifer speaks https only. Replace a token that you have sent here.`
    : "Use https: beyond this machine Conifer speaks nothing else.";
  const body = `${JSON.stringify({ id: "bad_request", message })}\n`;
  response.writeHead(location ? 308 : 400, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    connection: "close",
    ...(location ? { location } : {}),
  });
  response.end(body, () => socket.destroySoon());
}
