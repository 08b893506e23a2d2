import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Running, within } from "../kernel/index.ts";
import { METRICS_TYPE } from "../observe/metric/index.ts";
import { carriesToken } from "./operator-token.ts";
import type { Readiness, RoleReadiness } from "./role-readiness.ts";

/** What is told of a role, by whichever server. */
export interface RoleView {
  readonly readiness: Pick<RoleReadiness, "serves" | "ask">;
  /** Who carries it is told in full. Default: nobody is. */
  readonly token: string | undefined;
  /** The text of `GET /metrics`. Default: there is none. */
  readonly metrics?: () => Promise<string>;
}

/** What the kubelet and a cluster's operators ask of a role. */
export interface RoleProbes extends Running {
  readonly port: number;
}

/**
 * Answers on every address. `GET /livez`, also as `/healthz`: the process turns. `GET /readyz/start`: it has started and
 * does not end. `GET /readyz`: it can do its work. It tells strangers no more than that. The process may end with it open.
 */
export async function startProbes(port: number, view: RoleView): Promise<RoleProbes> {
  const server = createServer((request, response) => {
    request.resume();
    void answerProbe(request, response, view).then((answered) => {
      if (!answered) sendJson(response, 404, { id: "not_found" });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, resolve);
  });
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Longer than any look of a role's own. */
const ANSWER_MS = 5_000;

/** Answers when the request is one of these, and says whether it did. */
export async function answerProbe(
  request: IncomingMessage,
  response: ServerResponse,
  { readiness, token, metrics }: RoleView,
): Promise<boolean> {
  if (request.method !== "GET" && request.method !== "HEAD") return false;
  switch (request.url?.split("?")[0]) {
    case "/livez":
    case "/healthz":
      sendJson(response, 200, { alive: true });
      return true;
    case "/readyz/start": {
      const ready = readiness.serves();
      sendJson(response, ready ? 200 : 503, { ready });
      return true;
    }
    case "/readyz": {
      const found = await within(ANSWER_MS, readiness.ask(), "looking").catch(() => NOT_READY);
      sendJson(
        response,
        found.ready ? 200 : 503,
        carriesToken(request, token) ? found : { ready: found.ready },
      );
      return true;
    }
    case "/metrics":
      if (!metrics) return false;
      if (carriesToken(request, token)) await sendMetrics(response, metrics);
      else refuseMetrics(response, token);
      return true;
    default:
      return false;
  }
}

async function sendMetrics(response: ServerResponse, metrics: () => Promise<string>): Promise<void> {
  const text = await within(ANSWER_MS, metrics(), "counting").catch(() => undefined);
  if (text === undefined) return sendJson(response, 503, { id: "unavailable" });
  response.writeHead(200, { "content-type": METRICS_TYPE, "cache-control": "no-store" });
  response.end(text);
}

function refuseMetrics(response: ServerResponse, token: string | undefined): void {
  const message =
    token === undefined
      ? "Set CONIFER_METRICS_TOKEN, and send it as Bearer token."
      : "Send the metrics token as Bearer token.";
  response.setHeader("www-authenticate", 'Bearer realm="Conifer metrics"');
  sendJson(response, 401, { id: "unauthorized", message });
}

const NOT_READY: Readiness = { ready: false, checks: [] };

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(`${JSON.stringify(body)}\n`);
}
