import type { RequestListener, Server, ServerOptions } from "node:http";
import { gzipSync } from "node:zlib";
import type { RouteDescription, Variant } from "@conifer/contract";
import { validateRequest } from "@conifer/contract/validation";
import type { FastifyReply, FastifyRequest } from "fastify";
import { BusinessError, type Clock, type Principal, pageHeaders, parseRange } from "../kernel/index.ts";
import { checkAccess } from "./access.ts";
import { type Access, accessTable } from "./access-table.ts";
import type { ApiCall, ApiHandler, ApiReply, CalledApp, ListReply } from "./api.ts";
import { type Credentials, credentialsOf, etagOf, tagMatches, variantOf } from "./negotiation.ts";
import type { RateLimiter } from "./rate-limiter.ts";

export interface ServeDependencies {
  /** Makes the server that Fastify's handler is put on; the port is shared with https and rendezvous. */
  readonly makeServer: (options: ServerOptions, handler: RequestListener) => Server;
  /** The caller of a request; undefined when the token or password is wrong or has expired. */
  readonly authenticate: (given: Credentials, route: RouteDescription) => Promise<Principal | undefined>;
  /** The app of that name or id and the caller's role on it; undefined when there is none. */
  readonly findApp: (identity: string, principal: Principal) => Promise<CalledApp | undefined>;
  readonly rateLimiter: RateLimiter;
  readonly clock: Clock;
}

interface Mounted {
  readonly route: RouteDescription;
  readonly handler: ApiHandler | undefined;
  readonly params: Readonly<Record<string, string>>;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** Takes one request through the API's conventions, in this order, and answers it. Throws business errors. */
export async function serveRoute(mounted: Mounted, deps: ServeDependencies): Promise<void> {
  const { route, handler, request, reply } = mounted;
  const variant = variantOf(request.headers.accept);
  const access = handler ? accessTable[route.key] : undefined;
  const principal = access?.on === "nobody" ? NOBODY : await requirePrincipal(mounted, deps);
  if (!handler || !access) throw notServed(route);
  const app = access.on === "app" ? await deps.findApp(mounted.params.app ?? "", principal) : undefined;
  checkAccess(access, principal, app?.role);
  const problems = validateRequest(route.key, variant, request.body);
  if (problems.length > 0) throw new BusinessError("invalid_params", problems.join(" "));
  reply.header("Oauth-Scope", principal.scope.join(" "));
  if (access.on !== "nobody") reply.header("Oauth-Scope-Accepted", acceptedScopes(access));
  const call = makeCall(mounted, { variant, principal, app });
  await checkIfMatch(call, mounted);
  send(mounted, await handler(call));
}

const NOBODY: Principal = { accountId: "", email: "", scope: [] };

function acceptedScopes(access: Exclude<Access, { on: "nobody" }>): string {
  return access.scope === "global" ? "global" : `global ${access.scope}`;
}

async function requirePrincipal(
  { route, request, reply }: Mounted,
  deps: ServeDependencies,
): Promise<Principal> {
  const given = credentialsOf(request.headers.authorization);
  const principal = given ? await deps.authenticate(given, route) : undefined;
  if (!principal) throw new BusinessError("unauthorized", given ? BAD_CREDENTIALS : NO_CREDENTIALS);
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

function makeCall(
  { route, params, request, reply }: Mounted,
  { variant, principal, app }: Resolved,
): ApiCall {
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  const encrypted = "encrypted" in request.raw.socket;
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
    origin: `${encrypted ? "https" : "http"}://${request.headers.host ?? "localhost"}`,
    requestId: request.requestIds.own,
    signal: gone.signal,
    page: (fields) => parseRange(request.headers.range, fields),
  };
}

/** `If-Match` on a write compares with what a GET of the same path would answer now. (facts: platform API §4) */
async function checkIfMatch(call: ApiCall, { request, handler }: Mounted): Promise<void> {
  const header = request.headers["if-match"];
  if (header === undefined || request.method === "GET" || request.method === "HEAD" || !handler) return;
  const current = await request.server.inject({
    method: "GET",
    url: request.url,
    headers: { accept: request.headers.accept ?? "", authorization: request.headers.authorization ?? "" },
  });
  const etag = current.headers.etag;
  if (current.statusCode === 200 && typeof etag === "string" && tagMatches(header, etag)) return;
  throw new BusinessError(
    "precondition_failed",
    `The ${call.route.resource} has changed since you read it. Read it again, then repeat the change.`,
  );
}

/** A list's reply: status 200 or 206 and the paging headers. */
export function listReply(
  { request, page, fields }: ListReply,
  body: readonly unknown[] = page.items,
): ApiReply {
  const { status, headers } = pageHeaders(request, page, fields);
  return { status, headers, body };
}

function send({ route, request, reply }: Mounted, answer: ApiReply): void {
  const status = answer.status ?? route.operations[0]?.status ?? 200;
  if (answer.headers) reply.headers(answer.headers);
  const text = answer.body === undefined ? "" : JSON.stringify(answer.body);
  const etag = etagOf(text);
  reply.header("ETag", etag).type("application/json");
  const known = request.headers["if-none-match"];
  const readOnly = request.method === "GET" || request.method === "HEAD";
  if (readOnly && known !== undefined && tagMatches(known, etag)) return void reply.code(304).send();
  reply.code(status);
  if (text.length > 1_000 && /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""))) {
    return void reply.header("Content-Encoding", "gzip").send(gzipSync(text, { level: 1 }));
  }
  reply.send(text);
}
