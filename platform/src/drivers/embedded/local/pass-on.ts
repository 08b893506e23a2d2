import type { IncomingMessage, ServerResponse } from "node:http";
import { type LocalPeer, open, PeerGone } from "./local-client.ts";
import { PASSED_ON } from "./local-routes.ts";

/** The place in a trace is the caller's own to say: the client's goes on only by way of the span that this runs in. */
const TRACE = "traceparent";
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
  const headers = { ...kept(request), [PASSED_ON]: peer.secret };
  const passed = open(peer, `${request.method} ${request.url}`, { headers });
  if (request.headers.authorization === undefined) passed.removeHeader("authorization");
  // Without it the body of a method that has none as a rule would follow its head unbounded, like a request of its own.
  if (request.headers["transfer-encoding"]) passed.setHeader("transfer-encoding", "chunked");
  response.once("close", () => {
    passed.destroy();
    // What is left of the body is thrown away: the connection's next request comes after it.
    request.unpipe(passed);
    request.resume();
  });
  if (response.destroyed) passed.destroy();
  request.pipe(passed);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    passed.once("response", resolve);
    passed.on("error", (cause) => reject(new PeerGone("the request could not be passed on", { cause })));
  });
  response.writeHead(answer.statusCode ?? 502, kept(answer));
  response.flushHeaders();
  await new Promise<void>((resolve) => {
    answer.once("error", () => response.destroy());
    answer.once("aborted", () => response.destroy());
    response.once("close", resolve);
    answer.pipe(response);
  });
}

/** The headers that are not for the neighbor alone, each as often as it was given. */
function kept({ headers, headersDistinct }: IncomingMessage): Record<string, string | string[]> {
  const named = new Set(headers.connection?.toLowerCase().split(/[ \t]*,[ \t]*/));
  // Whoever names what bounds the body would make it endless.
  named.delete("content-length");
  const pairs = Object.entries(headersDistinct).flatMap(([name, values = []]) => {
    if (HOP_BY_HOP.has(name) || named.has(name) || name === PASSED_ON || name === TRACE) return [];
    return [[name, values.length === 1 ? (values[0] ?? "") : values] as const];
  });
  return Object.fromEntries(pairs);
}
