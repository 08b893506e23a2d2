import type { IncomingMessage, ServerResponse } from "node:http";
import type { RequestBodies } from "@conifer/contract";
import { type ApiHandlers, openStreamUrl, STREAM_URL_SECONDS, signStreamUrl } from "../../http/index.ts";
import { apiTime, type Clock, type Logger, type NewId } from "../../kernel/index.ts";
import type { LogQuery, LogReader } from "./log-ports.ts";
import { serveLogStream } from "./serve-log-stream.ts";

export interface LogSessionDependencies {
  readonly clock: Clock;
  readonly newId: NewId;
  readonly key: Buffer;
}

const PATH = "/streams/logs";
/** Newest lines a session may begin with (facts: observability §1). */
const MOST_LINES = 1_500;
const USUAL_LINES = 100;

/** A log session is an address that opens the log for a few minutes, without any further credential. */
export function logSessionHandlers(deps: LogSessionDependencies): ApiHandlers {
  return {
    "POST /apps/{app}/log-sessions": async (call) => {
      const body = call.body as RequestBodies["POST /apps/{app}/log-sessions"];
      const now = deps.clock();
      const params = paramsOf(call.app.id, body);
      const expires = new Date(now.getTime() + STREAM_URL_SECONDS * 1_000);
      const url = signStreamUrl({ base: call.origin, path: PATH, params, expires, key: deps.key });
      return {
        body: { id: deps.newId(), logplex_url: url, created_at: apiTime(now), updated_at: apiTime(now) },
      };
    },
  };
}

type Wanted = RequestBodies["POST /apps/{app}/log-sessions"];

function paramsOf(
  appId: string,
  { lines, tail, source, dyno, dyno_name, type }: Wanted,
): Record<string, string> {
  const named = dyno || dyno_name;
  return {
    app: appId,
    lines: String(Math.min(Math.max(lines ?? USUAL_LINES, 0), MOST_LINES)),
    ...(tail ? { tail: "1" } : {}),
    ...(source ? { source } : {}),
    ...(named ? { dyno: named } : {}),
    ...(type ? { type } : {}),
  };
}

export interface LogStreamDependencies {
  readonly reader: LogReader;
  readonly clock: Clock;
  readonly key: Buffer;
  readonly logger: Logger;
  /** Aborted when Conifer stops. */
  readonly signal: AbortSignal;
}

/** Serves the addresses that log sessions give out. */
export function makeLogStreamHandler(deps: LogStreamDependencies) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    if (!request.url?.startsWith(`${PATH}?`)) return false;
    const opened = openStreamUrl(request.url, deps.clock(), deps.key);
    if (opened.kind !== "valid" || (request.method !== "GET" && request.method !== "HEAD")) {
      response.writeHead(opened.kind === "expired" ? 404 : 403, {
        "content-type": "text/plain; charset=utf-8",
      });
      response.end("This address of a log stream is not valid any more. Ask for a new log session.\n");
      return true;
    }
    if (request.method === "HEAD") {
      response.writeHead(200).end();
      return true;
    }
    const { accept, "last-event-id": lastEventId } = request.headers;
    const query = queryOf(opened.params);
    const options = {
      reader: deps.reader,
      query,
      accept,
      lastEventId: lastEventId?.toString(),
      response,
      signal: deps.signal,
    };
    await serveLogStream(options).catch((thrown) =>
      deps.logger.warn("a log stream broke off", { error: thrown }),
    );
    return true;
  };
}

function queryOf(params: Readonly<Record<string, string>>): LogQuery {
  const { app = "", lines, tail, source, dyno, type } = params;
  return {
    appId: app,
    lines: Number(lines ?? USUAL_LINES),
    tail: tail === "1",
    filter: {
      ...(source ? { source } : {}),
      ...(dyno ? { dyno } : {}),
      ...(type ? { processType: type } : {}),
    },
  };
}
