import type { IncomingMessage, ServerResponse } from "node:http";
import { type RouteDescription, type RouteKey, routes } from "@conifer/contract";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { BusinessError, errorText, type Logger } from "../kernel/index.ts";
import type { ApiHandlers } from "./api.ts";
import { errorResponse } from "./error-response.ts";
import { requestIds } from "./negotiation.ts";
import { type ServeDependencies, serveRoute } from "./serve-route.ts";

/** Takes a request before the API sees it, and says whether it did: git, streams, uploads, the first page. */
export type RawHandler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

export interface ApiServerOptions extends ServeDependencies {
  readonly handlers: ApiHandlers;
  readonly raw: readonly RawHandler[];
  readonly logger: Logger;
  readonly isStoreAway: (thrown: unknown) => boolean;
}

/** Largest JSON body. Config vars, the largest ordinary input, are limited to 64 KB for an app. */
const BODY_LIMIT = 1024 * 1024;

declare module "fastify" {
  interface FastifyRequest {
    requestIds: { own: string; all: string };
    startedAt: bigint;
  }
}

/** Mounts every route of the contract: those with a handler are served, the others answer 501. */
export async function makeApiServer(options: ApiServerOptions): Promise<FastifyInstance> {
  const server = Fastify({
    logger: false,
    bodyLimit: BODY_LIMIT,
    routerOptions: { maxParamLength: 2_000, ignoreTrailingSlash: true },
    exposeHeadRoutes: true,
    forceCloseConnections: true,
    requestTimeout: 0,
    http: { maxHeaderSize: 64 * 1024 },
    serverFactory: (handle, serverOptions) => options.makeServer(serverOptions, withRaw(handle, options)),
  });
  server.decorateRequest("requestIds");
  server.decorateRequest("startedAt", 0n);
  parseBodies(server);
  addHooks(server, options);
  for (const route of routes) mount(server, route, options);
  server.options("/*", async (_request, reply) => reply.code(204).send());
  server.setNotFoundHandler((request) => {
    throw new BusinessError(
      "not_found",
      `There is no ${request.method} ${request.url.split("?")[0]} in this API.`,
    );
  });
  server.setErrorHandler((thrown, request, reply) => answerError(thrown, request, { reply, options }));
  await server.ready();
  return server;
}

function withRaw(handle: (q: IncomingMessage, s: ServerResponse) => void, options: ApiServerOptions) {
  return (request: IncomingMessage, response: ServerResponse) => {
    const override = request.headers["x-http-method-override"];
    if (
      request.method === "POST" &&
      typeof override === "string" &&
      /^(PATCH|PUT|DELETE|GET)$/i.test(override)
    ) {
      request.method = override.toUpperCase();
    }
    void (async () => {
      for (const raw of options.raw) if (await raw(request, response)) return;
      handle(request, response);
    })().catch((thrown) => {
      options.logger.error("raw request failed", {
        path: request.url?.split("?")[0],
        error: errorText(thrown),
      });
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  };
}

function parseBodies(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  const json = (
    _request: FastifyRequest,
    text: string | Buffer,
    done: (e: Error | null, body?: unknown) => void,
  ) => {
    if (text.length === 0) return done(null, undefined);
    try {
      done(null, JSON.parse(String(text)));
    } catch {
      done(
        new BusinessError(
          "bad_request",
          "The body is not valid JSON. Check for a missing quote, comma or bracket.",
        ),
      );
    }
  };
  server.addContentTypeParser(/^application\/(vnd\.heroku\+)?json/, { parseAs: "string" }, json);
  server.addContentTypeParser("*", { parseAs: "buffer" }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined);
    const type = request.headers["content-type"] ?? "none";
    done(
      new BusinessError(
        "unsupported_media_type",
        `Send the body as JSON with Content-Type: application/json, not ${type}.`,
      ),
    );
  });
}

function addHooks(server: FastifyInstance, options: ApiServerOptions): void {
  server.addHook("onRequest", async (request, reply) => {
    request.requestIds = requestIds(request.headers["request-id"]?.toString());
    request.startedAt = process.hrtime.bigint();
    reply.headers({
      "Request-Id": request.requestIds.all,
      "Cache-Control": "private, no-cache",
      Vary: "Authorization, Accept, Accept-Encoding",
      "X-Content-Type-Options": "nosniff",
      "Access-Control-Allow-Origin": "*",
      "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
      "Access-Control-Allow-Headers": request.headers["access-control-request-headers"] ?? "*",
      "Access-Control-Expose-Headers": "Request-Id, Next-Range, Content-Range, RateLimit-Remaining, ETag",
    });
  });
  server.addHook("onSend", async (request, reply) => {
    reply.header("X-Runtime", seconds(request.startedAt));
  });
  server.addHook("onResponse", async (request, reply) => {
    options.logger.info("request", {
      method: request.method,
      route: request.routeOptions.url,
      status: reply.statusCode,
      request_id: request.requestIds.own,
      seconds: seconds(request.startedAt),
    });
  });
}

function seconds(since: bigint): string {
  return (Number(process.hrtime.bigint() - since) / 1e9).toFixed(6);
}

/** Path parameters become p0, p1, …: the contract's names hold characters the router gives a meaning to. */
function mount(server: FastifyInstance, route: RouteDescription, options: ApiServerOptions): void {
  let next = 0;
  const url = route.path.replaceAll(/\{[^}]+\}/g, () => `:p${next++}`);
  const handler = options.handlers[route.key as RouteKey];
  server.route({
    method: route.method,
    url,
    handler: async (request, reply) => {
      const given = request.params as Record<string, string>;
      const params = Object.fromEntries(route.params.map((name, i) => [name, given[`p${i}`] ?? ""]));
      await serveRoute({ route, handler, params, request, reply }, options);
      return reply;
    },
  });
}

function answerError(
  thrown: unknown,
  request: FastifyRequest,
  { reply, options }: { reply: FastifyReply; options: ApiServerOptions },
): void {
  const { status, body, ours } = errorResponse(
    asBusinessError(thrown),
    request.requestIds.own,
    options.isStoreAway,
  );
  if (ours) options.logger.error("request failed", { request_id: request.requestIds.own, error: thrown });
  if (status === 401) reply.header("WWW-Authenticate", 'Basic realm="Conifer"');
  void reply.code(status).type("application/json").send(JSON.stringify(body));
}

/** Fastify's own refusals, in the API's words. */
function asBusinessError(thrown: unknown): unknown {
  const code = typeof thrown === "object" && thrown !== null && "code" in thrown ? thrown.code : undefined;
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    return new BusinessError(
      "payload_too_large",
      `The body is larger than the ${BODY_LIMIT} bytes a request may have.`,
    );
  }
  if (code === "FST_ERR_BAD_URL" || code === "FST_ERR_CTP_INVALID_CONTENT_LENGTH") {
    return new BusinessError("bad_request", "The request is malformed.");
  }
  return thrown;
}
