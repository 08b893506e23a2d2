export { scopeAllows } from "./access.ts";
export type { ApiCall, ApiHandler, ApiHandlers, ApiReply, CalledApp } from "./api-handlers.ts";
export { type ApiListener, makeApiListener } from "./api-listener.ts";
export { type AroundCall, makeApiServer, type RawHandler } from "./api-server.ts";
export type { Credentials } from "./negotiation.ts";
export { makeRateLimiter, type RateLimiter } from "./rate-limiter.ts";
export { makeSchemaHandler } from "./schema-handler.ts";
export { listReply } from "./send-reply.ts";
export { openStreamUrl, STREAM_URL_SECONDS, signStreamUrl } from "./signed-url.ts";
