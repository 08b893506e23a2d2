import { readDescription, readRequestShapes } from "./description.ts";
import type { RouteKey } from "./generated/route-keys.ts";
import { hyperSchema } from "./hyper-schema.ts";
import { createRequestValidator } from "./request-validator.ts";
import { createResponseValidator } from "./response-validator.ts";
import type { Variant } from "./shape.ts";

const requestProblems = createRequestValidator(readRequestShapes);
const responseProblems = createResponseValidator();

/**
 * Says what is wrong with the body of a request, one sentence a problem, each naming its field; empty when it is
 * valid. Fields that the route does not know are a problem. A missing body counts as `{}`; a GET without one is always
 * valid, its fields come in the query. Bodies are the same in both variants. Where a route does several things, the
 * one whose fields the body uses is meant. Throws for a key that is no route.
 */
export function validateRequest(key: RouteKey, _variant: Variant, body: unknown): readonly string[] {
  if (key.startsWith("GET ") && (body === undefined || body === null)) return [];
  return requestProblems(key, body);
}

/**
 * Says where an answer is not exactly what the contract promises: status, list or not, every field there, no other
 * field, types and formats. For tests. Throws for a key that is no route.
 */
export function validateResponse(
  key: RouteKey,
  variant: Variant,
  status: number,
  body: unknown,
): readonly string[] {
  return responseProblems({ key, variant, status, body });
}

/**
 * The document that `GET /schema` answers: JSON hyper-schema in the dialect that Heroku's client generators read. Made
 * anew at each call, which takes some tens of milliseconds and about 300 kB.
 */
export function schemaDocument(variant: Variant): Record<string, unknown> {
  return hyperSchema(readDescription(variant));
}
