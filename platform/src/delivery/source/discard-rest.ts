import type { IncomingMessage } from "node:http";

/**
 * Reads and drops what a client is still sending after it was answered, so that it gets to read the answer; for at most
 * `ms`, then the connection is closed.
 */
export function discardRest(request: IncomingMessage, ms = 30_000): void {
  if (request.complete || request.destroyed) return;
  const timer = setTimeout(() => request.destroy(), ms);
  request.once("close", () => clearTimeout(timer)).once("end", () => clearTimeout(timer));
  request.resume();
}
