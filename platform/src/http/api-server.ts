import type { IncomingMessage, ServerResponse } from "node:http";
import { type RouteDescription, routes } from "@conifer/contract";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { BusinessError, type LogFields, type Logger } from "../kernel/index.ts";
import { makeAllowedMethods } from "./allowed-methods.ts";
import { drainBody } from "./drain-body.ts";
import { type Absences, errorResponse } from "./error-response.ts";
import { BODY_LIMIT, inApiWords, isTooLarge, unreadableAnswer } from "./framework-error.ts";
import { readBodies } from "./json-body.ts";
import { type RequestIds, requestIds } from "./negotiation.ts";
import { type ServeDependencies, serveRoute } from "./serve-route.ts";

/** Takes a request before the API sees it, and says whether it did: git, streams, uploads, the first page. */
export type RawHandler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

export interface ApiServerOptions extends ServeDependencies, Absences {
  readonly raw: readonly RawHandler[];
  readonly logger: Logger;
  /** Done around each request of a route. Default: nothing. */
  readonly around?: (call: AroundCall, serve: () => Promise<void>) => Promise<void>;
  /** Told of each request that was answered: its route of the contract, when it has one, and how long it took. */
  readonly answered?: (route: string | undefined, status: number, seconds: number) => void;
}

export interface AroundCall {
  readonly route: string;
  readonly requestId: string;
  readonly traceparent: string | undefined;
}

/** The client alone sends up to 7 KB of request ids (facts: CLI client §1.8), and an upload takes as long as it takes. */
const SERVER_OPTIONS = { maxHeaderSize: 64 * 1024, requestTimeout: 0 };
const LONGEST_PARAM = 2_000;

declare module "fastify" {
  interface FastifyRequest {
    requestIds: RequestIds;
    startedAt: bigint;
    /** Whose request it is, once that is known. */
    accountId: string | undefined;
    /** Its line in the log has been written, with what went wrong. */
    failed: boolean;
  }
  interface FastifyContextConfig {
    key?: string;
  }
}

/** Mounts every route of the contract: those with a handler are served, the others answer 501. */
export async function makeApiServer(options: ApiServerOptions): Promise<FastifyInstance> {
  const answerError = (thrown: unknown, request: FastifyRequest, reply: FastifyReply) =>
    sendError(thrown, request, { reply, options });
  const server = Fastify({
    logger: false,
    bodyLimit: BODY_LIMIT,
    routerOptions: { maxParamLength: LONGEST_PARAM, ignoreTrailingSlash: true },
    exposeHeadRoutes: true,
    forceCloseConnections: true,
    frameworkErrors: (thrown, request, reply) => {
      begin(request, reply);
      void answerError(thrown, request, reply);
    },
    clientErrorHandler: (error, socket) => {
      if (error.code !== "ECONNRESET" && socket.writable) socket.end(unreadableAnswer(error.code));
      else socket.destroy();
    },
    serverFactory: (handle) => options.makeServer(SERVER_OPTIONS, withRaw(handle, options)),
  });
  server.decorateRequest("requestIds");
  server.decorateRequest("startedAt", 0n);
  server.decorateRequest("accountId", undefined);
  server.decorateRequest("failed", false);
  readBodies(server);
  addHooks(server, options);
  for (const route of routes) mount(server, route, options);
  server.options("/*", async (_request, reply) => reply.code(204).send());
  const allowedMethods = makeAllowedMethods(routes);
  server.setNotFoundHandler((request, reply) => {
    const path = request.url.split("?", 1)[0] ?? "";
    const allowed = allowedMethods(path);
    if (allowed.length === 0)
      throw new BusinessError("not_found", `There is no ${request.method} ${path} in this API.`);
    reply.header("Allow", allowed.join(", "));
    throw new BusinessError("method_not_allowed", `${path} knows ${allowed.join(", ")} only.`);
  });
  server.setErrorHandler(answerError);
  await server.ready();
  return server;
}

/** For clients that lack a method: POST with the header that names it. (facts: platform API §4 "Methods") */
function overrideMethod(request: IncomingMessage): void {
  const override = request.headers["x-http-method-override"];
  if (request.method !== "POST" || typeof override !== "string") return;
  if (/^(PATCH|PUT|DELETE|GET|HEAD)$/i.test(override)) request.method = override.toUpperCase();
}

function withRaw(handle: (q: IncomingMessage, s: ServerResponse) => void, options: ApiServerOptions) {
  return (request: IncomingMessage, response: ServerResponse) => {
    overrideMethod(request);
    void (async () => {
      for (const raw of options.raw) if (await raw(request, response)) return;
      handle(request, response);
    })().catch((thrown) => failRaw(thrown, { request, response, options }));
  };
}

/** The path is not told: it may hold what is private. */
function failRaw(
  thrown: unknown,
  to: { request: IncomingMessage; response: ServerResponse; options: ApiServerOptions },
): void {
  const { request, response, options } = to;
  const { own, all } = requestIds(request.headers["request-id"]?.toString());
  const { status, body } = errorResponse(thrown, own, options);
  options.logger.error("request failed", {
    ...{ method: request.method, status, request_id: own, error: thrown },
  });
  if (response.headersSent) return void response.destroy();
  request.resume();
  response.writeHead(status, { "Content-Type": "application/json", "Request-Id": all });
  response.end(JSON.stringify(body));
}

/** Gives a request its ids and an answer the headers that every one has. */
function begin(request: FastifyRequest, reply: FastifyReply): void {
  request.requestIds = requestIds(request.headers["request-id"]?.toString());
  request.startedAt = process.hrtime.bigint();
  reply.headers({
    "Request-Id": request.requestIds.all,
    "Cache-Control": "private, no-cache",
    Vary: "Authorization, Accept, Accept-Encoding, Range",
    "X-Content-Type-Options": "nosniff",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": request.headers["access-control-request-headers"] ?? "*",
    "Access-Control-Expose-Headers":
      "Request-Id, Accept-Ranges, Content-Range, Next-Range, RateLimit-Remaining, ETag, X-Runtime",
  });
}

/** One canonical line for each request; what failed has told its own. */
function addHooks(server: FastifyInstance, { logger, answered }: ApiServerOptions): void {
  server.addHook("onRequest", async (request, reply) => begin(request, reply));
  server.addHook("onSend", async (request, reply) => {
    reply.header("X-Runtime", seconds(request.startedAt));
  });
  server.addHook("onResponse", async (request, reply) => {
    const { key } = request.routeOptions.config;
    answered?.(key, reply.statusCode, Number(seconds(request.startedAt)));
    if (!request.failed) logger.info("request", lineOf(request, reply.statusCode));
  });
}

/** It names the route and never the path, which may hold what is private. */
function lineOf(request: FastifyRequest, status: number): LogFields {
  return {
    method: request.method,
    route: request.routeOptions.config.key,
    status,
    request_id: request.requestIds.own,
    account: request.accountId,
    seconds: seconds(request.startedAt),
  };
}

function seconds(since: bigint): string {
  return (Number(process.hrtime.bigint() - since) / 1e9).toFixed(6);
}

/** Path parameters become p0, p1, …: the contract's names hold characters the router gives a meaning to. */
function mount(server: FastifyInstance, route: RouteDescription, options: ApiServerOptions): void {
  let next = 0;
  const url = route.path.replaceAll(/\{[^}]+\}/g, () => `:p${next++}`);
  server.route({
    method: route.method,
    url,
    config: { key: route.key },
    handler: async (request, reply) => {
      const given = request.params as Record<string, string>;
      const params = Object.fromEntries(route.params.map((name, i) => [name, given[`p${i}`] ?? ""]));
      const serve = () => serveRoute({ route, params, request, reply }, options);
      const traceparent = request.headers.traceparent?.toString();
      const call = { route: route.key, requestId: request.requestIds.own, traceparent };
      await (options.around ? options.around(call, serve) : serve());
      return reply;
    },
  });
}

async function sendError(
  thrown: unknown,
  request: FastifyRequest,
  { reply, options }: { reply: FastifyReply; options: ApiServerOptions },
): Promise<void> {
  if (isTooLarge(thrown)) await drainBody(request.raw);
  const { status, body, ours } = errorResponse(inApiWords(thrown), request.requestIds.own, options);
  if (ours) {
    request.failed = true;
    options.logger.error("request failed", { ...lineOf(request, status), error: thrown });
  }
  if (status === 401) reply.header("WWW-Authenticate", 'Basic realm="Conifer"');
  void reply.code(status).type("application/json").send(JSON.stringify(body));
}
