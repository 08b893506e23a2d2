import type { RequestListener, Server, ServerOptions } from "node:http";
import { type RouteDescription, type RouteKey, routes, type Variant } from "@conifer/contract";
import { validateRequest } from "@conifer/contract/validation";
import type { FastifyReply, FastifyRequest } from "fastify";
import { BusinessError, type Clock, notFound, type Principal, parseRange } from "../kernel/index.ts";
import { checkAccess } from "./access.ts";
import { accessTable } from "./access-table.ts";
import type { ApiCall, ApiHandlers, CalledApp } from "./api-handlers.ts";
import { type Credentials, credentialsOf, originOf, tagMatches, variantOf } from "./negotiation.ts";
import type { RateLimiter } from "./rate-limiter.ts";
import { representationOf, sendReply } from "./send-reply.ts";

export interface ServeDependencies {
  readonly handlers: ApiHandlers;
  /** Makes the server that Fastify's handler is put on; the port is shared with https and rendezvous. */
  readonly makeServer: (options: ServerOptions, handler: RequestListener) => Server;
  /** The caller of a request; undefined when the token or password is wrong or has expired. */
  readonly authenticate: (given: Credentials, route: RouteDescription) => Promise<Principal | undefined>;
  /** The app of that name or id and the caller's role on it; undefined when there is none. */
  readonly findApp: (identity: string, principal: Principal) => Promise<CalledApp | undefined>;
  readonly rateLimiter: RateLimiter;
  readonly clock: Clock;
}

/** A request that has found its route. */
export interface Mounted {
  readonly route: RouteDescription;
  /** By the contract's names, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** Takes one request through the API's conventions, in this order, and answers it. Throws business errors. */
export async function serveRoute(mounted: Mounted, deps: ServeDependencies): Promise<void> {
  const { route, params, request, reply } = mounted;
  const variant = variantOf(request.headers.accept);
  const handler = deps.handlers[route.key as RouteKey];
  const access = handler ? accessTable[route.key as RouteKey] : undefined;
  const principal = access?.on === "nobody" ? NOBODY : await requirePrincipal(mounted, deps);
  if (!handler || !access) throw notServed(route);
  if (access.on !== "nobody") {
    reply.header("Oauth-Scope", principal.scope.join(" "));
    reply.header("Oauth-Scope-Accepted", access.scope === "global" ? "global" : `global ${access.scope}`);
  }
  // The store keeps no such text: what is named by it cannot exist.
  if (Object.values(params).some((value) => value.includes("\0"))) throw notFound(route.resource);
  const app = access.on === "app" ? await deps.findApp(params.app ?? "", principal) : undefined;
  checkAccess(access, principal, app?.role);
  const problems = validateRequest(route.key as RouteKey, variant, request.body);
  if (problems.length > 0) throw new BusinessError("invalid_params", problems.join(" "));
  const resolved = { variant, principal, app };
  await checkIfMatch(mounted, resolved, deps.handlers);
  sendReply(await handler(makeCall(mounted, resolved)), mounted);
}

const NOBODY: Principal = { accountId: "", email: "", scope: [] };

async function requirePrincipal(
  { route, request, reply }: Mounted,
  deps: ServeDependencies,
): Promise<Principal> {
  const given = credentialsOf(request.headers.authorization);
  const principal = given ? await deps.authenticate(given, route) : undefined;
  if (!principal) throw new BusinessError("unauthorized", given ? BAD_CREDENTIALS : NO_CREDENTIALS);
  request.accountId = principal.accountId;
  const free = route.key === "GET /account/rate-limits";
  const { allowed, remaining } = deps.rateLimiter.take(
    principal.accountId,
    deps.clock().getTime(),
    free ? 0 : 1,
  );
  reply.headers({ "RateLimit-Remaining": String(remaining), "RateLimit-Multiplier": "1" });
  if (allowed) return principal;
  throw new BusinessError(
    "rate_limit",
    "Your account has used up its API calls for now. Slow down and try again in a minute.",
  );
}

const BAD_CREDENTIALS =
  "Invalid credentials provided. Log in again with `heroku login -i`, or check your token.";
const NO_CREDENTIALS =
  "There were no credentials in your `Authorization` header. Try `Authorization: Bearer <token>`.";

function notServed(route: RouteDescription): BusinessError {
  return new BusinessError("not_implemented", `Conifer does not serve ${route.method} ${route.path} yet.`);
}

interface Resolved {
  readonly variant: Variant;
  readonly principal: Principal;
  readonly app: CalledApp | undefined;
}

function makeCall({ route, params, request }: Mounted, { variant, principal, app }: Resolved): ApiCall {
  return {
    route,
    variant,
    params,
    query: new URL(request.url, "http://api").searchParams,
    body: request.body ?? {},
    headers: request.headers,
    principal,
    get app(): CalledApp {
      if (!app) throw new Error(`${route.key} names no app`);
      return app;
    },
    origin: originOf(request.headers.host, "encrypted" in request.raw.socket),
    requestId: request.requestIds.own,
    page: (fields) => parseRange(request.headers.range, fields),
  };
}

/**
 * `If-Match` on a write compares with what a GET of the same path would answer now; a path that cannot be read
 * matches nothing. The comparison and the write are not one transaction. (facts: platform API §4)
 */
async function checkIfMatch(mounted: Mounted, resolved: Resolved, handlers: ApiHandlers): Promise<void> {
  const header = mounted.request.headers["if-match"];
  if (header === undefined || mounted.route.method === "GET") return;
  const key = `GET ${mounted.route.path}` as RouteKey;
  const route = routes.find((other) => other.key === key);
  const access = accessTable[key];
  if (route && access) {
    checkAccess(access, resolved.principal, resolved.app?.role);
    const current = await handlers[key]?.(makeCall({ ...mounted, route }, resolved));
    if (current && tagMatches(header, representationOf(current).etag)) return;
  }
  throw new BusinessError(
    "precondition_failed",
    `The ${mounted.route.resource} has changed since you read it. Read it again, then repeat the change.`,
  );
}
