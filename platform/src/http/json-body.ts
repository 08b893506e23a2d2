import type { FastifyInstance, FastifyRequest } from "fastify";
import { BusinessError, invalidParams } from "../kernel/index.ts";
import { unsupportedMediaType } from "./framework-error.ts";

/** Reads bodies: JSON, or nothing at all. Clients send empty bodies under any type. (facts: platform API §4) */
export function readBodies(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(
    /^application\/(vnd\.heroku\+)?json/,
    { parseAs: "string" },
    async (_request: FastifyRequest, text: string) => parseBody(text),
  );
  server.addContentTypeParser("*", { parseAs: "buffer" }, async (request: FastifyRequest, body: Buffer) => {
    if (body.length > 0) throw unsupportedMediaType(request.headers["content-type"]);
  });
}

/**
 * Throws bad_request for what is no JSON, and invalid_params for text with U+0000: neither the store nor a process's
 * environment can hold it.
 */
export function parseBody(text: string): unknown {
  if (text.length === 0) return undefined;
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new BusinessError(
      "bad_request",
      "The body is not valid JSON. Check for a missing quote, comma or bracket.",
    );
  }
  if (text.includes("\\u0000") && holdsNul(body))
    throw invalidParams("Text cannot hold the character U+0000. Leave it out.");
  return body;
}

function holdsNul(value: unknown): boolean {
  if (typeof value === "string") return value.includes("\0");
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([name, inner]) => name.includes("\0") || holdsNul(inner));
}
