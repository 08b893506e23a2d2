import type { Field, RequestHead } from "../http1/index.ts";

/** What the router adds to a request. */
export interface ForwardFacts {
  /** The client's address. */
  readonly peer: string;
  readonly proto: "http" | "https";
  readonly requestId: string;
  /** Unix time in milliseconds when the request was taken in. */
  readonly startedAt: number;
}

export const ROUTER_VIA = "heroku-router";

const CLIENT_REQUEST_ID = /^[A-Za-z0-9+/=-]{20,200}$/;

/** The client's own request id where it has the form of one, else a new one (facts: routing §3). */
export function requestIdOf(fields: readonly Field[], newId: () => string): string {
  const given = firstValue(fields, "x-request-id");
  return given !== undefined && CLIENT_REQUEST_ID.test(given) ? given : newId();
}

/** The chain of addresses the request came through, the one this router saw last. */
export function forwardedFor(fields: readonly Field[], peer: string): string {
  let chain = "";
  for (const { lower, value } of fields) {
    if (lower === "x-forwarded-for" && value !== "") chain += `${value}, `;
  }
  return chain + peer;
}

/**
 * The head a dyno gets, written anew: HTTP/1.1, one Host, one statement of the body's length, no hop-by-hop fields, and
 * the router's own fields, which a client cannot forge but for the left part of X-Forwarded-For. `Expect` is gone, the
 * router has answered it.
 */
export function requestText(head: RequestHead, facts: ForwardFacts): string {
  let text = `${head.method} ${head.target} HTTP/1.1\r\nHost: ${head.host}\r\n`;
  const nominated = head.connection.length > 0 ? head.connection : undefined;
  let statesNoBody = false;
  for (const { name, lower, value } of head.fields) {
    switch (lower) {
      case "host":
      case "connection":
      case "keep-alive":
      case "proxy-connection":
      case "te":
      case "transfer-encoding":
      case "upgrade":
      case "expect":
      case "x-forwarded-for":
      case "x-forwarded-proto":
      case "x-forwarded-port":
      case "x-request-id":
      case "x-request-start":
        break;
      case "content-length":
        statesNoBody = head.body.kind === "none";
        break;
      default:
        if (!nominated?.includes(lower)) text += `${name}: ${value}\r\n`;
    }
  }
  if (head.upgrade) text += `Connection: Upgrade\r\nUpgrade: ${firstValue(head.fields, "upgrade")}\r\n`;
  if (head.body.kind === "length") text += `Content-Length: ${head.body.bytes}\r\n`;
  else if (head.body.kind === "chunked") text += "Transfer-Encoding: chunked\r\n";
  else if (statesNoBody) text += "Content-Length: 0\r\n";
  return (
    `${text}X-Request-Id: ${facts.requestId}\r\n` +
    `X-Forwarded-For: ${forwardedFor(head.fields, facts.peer)}\r\n` +
    `X-Forwarded-Proto: ${facts.proto}\r\n` +
    `X-Forwarded-Port: ${edgePort(head.host, facts.proto)}\r\n` +
    `X-Request-Start: ${facts.startedAt}\r\n` +
    `Via: 1.${head.minor} ${ROUTER_VIA}\r\n\r\n`
  );
}

/** The port as the client sees it, which is what apps build addresses from: it may not be the one we listen on. */
function edgePort(host: string, proto: "http" | "https"): string {
  const port = /:(\d+)$/.exec(host)?.[1];
  return port ?? (proto === "https" ? "443" : "80");
}

function firstValue(fields: readonly Field[], lower: string): string | undefined {
  return fields.find((field) => field.lower === lower)?.value;
}
