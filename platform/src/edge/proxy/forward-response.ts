import type { Field, ResponseHead } from "../http1/index.ts";
import { ROUTER_VIA } from "./forward-request.ts";

/** How the client gets the body: as it is, in chunks, or as it is until the connection ends. */
export type BodyCoding = "as-is" | "chunked" | "until-close";

export interface ClientFacts {
  readonly minor: 0 | 1;
  /** The client, and the router, let the connection stand. */
  readonly keepAlive: boolean;
}

export interface ForwardedHead {
  readonly text: string;
  readonly coding: BodyCoding;
  /** The connection stands after this response. */
  readonly keepAlive: boolean;
}

/**
 * The head the client gets. Hop-by-hop fields are gone; the body's length is stated once, in the way this client
 * understands: what has no length goes in chunks to HTTP/1.1 and until the connection ends to HTTP/1.0.
 */
export function responseText(head: ResponseHead, client: ClientFacts): ForwardedHead {
  const coding = codingFor(head, client.minor);
  const keepAlive = client.keepAlive && coding !== "until-close";
  const statesLength = coding === "as-is" && head.status !== 204;
  let text = `HTTP/1.1 ${head.status} ${head.reason}\r\n`;
  let length: string | undefined;
  let server = false;
  for (const field of head.fields) {
    if (field.lower === "content-length") length = field.value.split(",", 1)[0];
    else if (!isHopByHop(field, head.connection)) {
      text += `${field.name}: ${field.value}\r\n`;
      if (field.lower === "server") server = true;
    }
  }
  if (statesLength && length !== undefined) text += `Content-Length: ${length}\r\n`;
  else if (coding === "chunked") text += "Transfer-Encoding: chunked\r\n";
  if (!server) text += "Server: Heroku\r\n";
  return { text: `${text}${routerFields(client.minor, keepAlive)}\r\n`, coding, keepAlive };
}

/** Informational responses (1xx but 101), passed on to clients that can know them. */
export function informationalText(head: ResponseHead): string {
  const fields = head.fields.filter((field) => !isHopByHop(field, head.connection));
  return `HTTP/1.1 ${head.status} ${head.reason}\r\n${fieldLines(fields)}\r\n`;
}

/** The answer to an upgrade that the app took up: from here on the connection speaks another protocol. */
export function switchingText(head: ResponseHead): string {
  const upgrade = head.fields.filter((field) => field.lower === "upgrade");
  const fields = head.fields.filter((field) => !isHopByHop(field, head.connection));
  const lines = fieldLines([...upgrade, ...fields]);
  return `HTTP/1.1 101 ${head.reason || "Switching Protocols"}\r\nConnection: Upgrade\r\n${lines}Via: 1.1 ${ROUTER_VIA}\r\n\r\n`;
}

/** The fields that every response of the router ends with. */
export function routerFields(minor: 0 | 1, keepAlive: boolean): string {
  const connection = keepAlive ? (minor === 0 ? "Connection: keep-alive\r\n" : "") : "Connection: close\r\n";
  return `Via: 1.1 ${ROUTER_VIA}\r\n${connection}`;
}

/** Trailers, without those that would change what was said in the head (RFC 9110 §6.5.1). */
export function trailerLines(trailers: readonly Field[]): string {
  return trailers.length === 0
    ? ""
    : fieldLines(trailers.filter((field) => !isHopByHop(field, []) && !NO_TRAILER.has(field.lower)));
}

const NO_TRAILER = new Set([
  "authorization",
  "content-encoding",
  "content-length",
  "content-type",
  "host",
  "trailer",
  "via",
  "x-forwarded-for",
  "x-forwarded-port",
  "x-forwarded-proto",
  "x-request-id",
  "x-request-start",
]);

function codingFor(head: ResponseHead, minor: 0 | 1): BodyCoding {
  if (head.body.kind === "none" || head.body.kind === "length") return "as-is";
  return minor === 1 ? "chunked" : "until-close";
}

function isHopByHop({ lower }: Field, nominated: readonly string[]): boolean {
  switch (lower) {
    case "connection":
    case "keep-alive":
    case "proxy-connection":
    case "te":
    case "transfer-encoding":
    case "upgrade":
      return true;
    default:
      return nominated.length > 0 && nominated.includes(lower);
  }
}

function fieldLines(fields: readonly Field[]): string {
  return fields.map(({ name, value }) => `${name}: ${value}\r\n`).join("");
}
