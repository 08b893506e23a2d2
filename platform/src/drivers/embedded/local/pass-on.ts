import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { type LocalPeer, open, PeerGone } from "./local-client.ts";
import { PASSED_ON } from "./local-routes.ts";

/** Between two neighbors only. (RFC 9110 §7.6.1) */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
]);

/**
 * Lets another process answer a client's request, streaming both ways; resolves when the response has ended. A client
 * that goes away is gone for the other process too. Throws PeerGone as long as nothing was answered.
 */
export async function passOn(
  peer: LocalPeer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const headers = { ...kept(request.headers), [PASSED_ON]: peer.secret };
  const { authorization } = request.headers;
  const passed = open(peer, `${request.method} ${request.url}`, { headers });
  if (authorization === undefined) passed.removeHeader("authorization");
  response.once("close", () => passed.destroy());
  request.pipe(passed);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    passed.once("response", resolve);
    passed.once("error", (cause) => reject(new PeerGone("the request could not be passed on", { cause })));
  });
  response.writeHead(answer.statusCode ?? 502, kept(answer.headers));
  response.flushHeaders();
  await new Promise<void>((resolve) => {
    answer.once("error", () => response.destroy());
    answer.once("aborted", () => response.destroy());
    response.once("close", resolve);
    answer.pipe(response);
  });
}

function kept(headers: IncomingHttpHeaders): Record<string, string> {
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined || HOP_BY_HOP.has(name) || name === PASSED_ON ? [] : [[name, String(value)] as const],
  );
  return Object.fromEntries(pairs);
}
