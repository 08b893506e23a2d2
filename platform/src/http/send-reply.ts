import { gzipSync } from "node:zlib";
import type { RouteDescription } from "@conifer/contract";
import type { FastifyReply, FastifyRequest } from "fastify";
import { pageHeaders } from "../kernel/index.ts";
import type { ApiReply, ListReply } from "./api-handlers.ts";
import { acceptsGzip, etagOf, tagMatches } from "./negotiation.ts";

/** Smaller bodies go out as they are: packing them saves nothing. */
const LEAST_TO_PACK = 1_000;

/** A list's reply: status 200 or 206 and the paging headers. */
export function listReply(
  { request, page, fields }: ListReply,
  body: readonly unknown[] = page.items,
): ApiReply {
  const { status, headers } = pageHeaders(request, page, fields);
  return { status, headers, body };
}

/** The text of a reply and its tag, which changes with every change of the representation. */
export function representationOf(answer: ApiReply): { text: string; etag: string } {
  const text = answer.body === undefined ? "" : JSON.stringify(answer.body);
  return { text, etag: etagOf(text) };
}

/** Answers with ETag, 304 where the caller has it already, and gzip where it takes that. (facts: platform API §4) */
export function sendReply(
  answer: ApiReply,
  { route, request, reply }: { route: RouteDescription; request: FastifyRequest; reply: FastifyReply },
): void {
  const { text, etag } = representationOf(answer);
  if (answer.headers) reply.headers(answer.headers);
  reply.header("ETag", etag).type("application/json");
  const known = request.headers["if-none-match"];
  const readOnly = request.method === "GET" || request.method === "HEAD";
  if (readOnly && known !== undefined && tagMatches(known, etag)) return void reply.code(304).send();
  reply.code(answer.status ?? route.operations[0]?.status ?? 200);
  if (text.length > LEAST_TO_PACK && acceptsGzip(request.headers["accept-encoding"]?.toString())) {
    return void reply.header("Content-Encoding", "gzip").send(gzipSync(text, { level: 1 }));
  }
  reply.send(text);
}
