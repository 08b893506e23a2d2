import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Variant } from "@conifer/contract";
import { schemaDocument } from "@conifer/contract/validation";
import { BusinessError } from "../kernel/index.ts";
import type { RawHandler } from "./api-server.ts";
import { errorResponse } from "./error-response.ts";
import { acceptsGzip, etagOf, requestIds, tagMatches, variantOf } from "./negotiation.ts";

interface SchemaText {
  readonly text: string;
  readonly packed: Buffer;
  readonly etag: string;
}

/**
 * `GET /schema`: the API's description as JSON hyper-schema, in the variant that the `Accept` header asks for, which it
 * must name as for any other call. Nobody has to log in to read it. (facts: platform API §4 "Version")
 */
export function makeSchemaHandler(
  describe: (variant: Variant) => unknown = (variant) => schemaDocument(variant),
): RawHandler {
  const known = new Map<Variant, Promise<SchemaText>>();
  const textOf = (variant: Variant) => {
    const text = known.get(variant) ?? makeText(describe(variant));
    known.set(variant, text);
    return text;
  };
  return async (request, response) => {
    if (request.url?.split("?", 1)[0] !== "/schema") return false;
    if (request.method !== "GET" && request.method !== "HEAD") return false;
    const { own, all } = requestIds(request.headers["request-id"]?.toString());
    const headers = {
      "request-id": all,
      "cache-control": "private, no-cache",
      "access-control-allow-origin": "*",
      vary: "Accept, Accept-Encoding",
    };
    try {
      const { text, packed, etag } = await textOf(variantOf(request.headers.accept));
      if (tagMatches(request.headers["if-none-match"] ?? "", etag)) {
        response.writeHead(304, { ...headers, etag }).end();
        return true;
      }
      const small = acceptsGzip(request.headers["accept-encoding"]?.toString());
      const body = small ? packed : Buffer.from(text);
      response.writeHead(200, {
        ...headers,
        etag,
        "content-type": "application/schema+json",
        "content-length": body.length,
        ...(small ? { "content-encoding": "gzip" } : {}),
      });
      response.end(request.method === "HEAD" ? undefined : body);
    } catch (thrown) {
      if (!(thrown instanceof BusinessError)) throw thrown;
      const { status, body } = errorResponse(thrown, own, { isStoreAway: () => false });
      response.writeHead(status, { ...headers, "content-type": "application/json" });
      response.end(JSON.stringify(body));
    }
    return true;
  };
}

async function makeText(document: unknown): Promise<SchemaText> {
  const text = JSON.stringify(document);
  return { text, packed: await promisify(gzip)(text), etag: etagOf(text) };
}
