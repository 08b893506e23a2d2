import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type RequestOptions, request as requestUpstream } from "node:https";
import type { AddressInfo } from "node:net";
import { accessTo, status } from "./api-server-fixtures.ts";
import type { KubeAccess } from "./kube-access.ts";

/** A request on its way to the API server. */
export interface PassingRequest {
  readonly method: string;
  /** Without query. */
  readonly path: string;
  readonly isWatch: boolean;
  readonly isList: boolean;
}

/** What becomes of it instead of its answer. */
export type ApiFault =
  /** Refused before the server hears of it. */
  | { readonly kind: "refuse"; readonly status: number; readonly retryAfter?: number }
  /** Done, but nobody hears of it. */
  | { readonly kind: "hang" }
  /** Done, and the answer breaks off after so many bytes. */
  | { readonly kind: "cut"; readonly after: number }
  /** The first whole answer to the same list, however old that is. */
  | { readonly kind: "stale" };

/** A proxy in front of a real API server, with its credentials. */
export interface FaultyApi {
  readonly access: KubeAccess;
  /** Asked for each request; undefined lets it pass. */
  fault: (request: PassingRequest) => ApiFault | undefined;
  /** Drops what is under way: who watches asks anew. */
  cut(): void;
  /** How many requests have met a fault. */
  faults(): number;
  close(): Promise<void>;
}

export async function openFaultyApi(real: KubeAccess): Promise<FaultyApi> {
  const remembered = new Map<string, Buffer>();
  let met = 0;
  const server = createServer((request, response) => {
    const passing = describe(request);
    const fault = api.fault(passing);
    if (fault) met += 1;
    if (fault?.kind === "refuse") return refuse(response, fault);
    const url = request.url ?? "";
    const old = remembered.get(url);
    if (fault?.kind === "stale" && passing.isList && old)
      return void response.writeHead(200, { "content-type": "application/json" }).end(old);
    void pass(request, response, real, {
      fault,
      keep: (answer) => passing.isList && !remembered.has(url) && remembered.set(url, answer),
    });
  });
  await new Promise<void>((resolve, reject) =>
    server.once("error", reject).listen(0, "127.0.0.1", () => resolve()),
  );
  const { port } = server.address() as AddressInfo;
  const api: FaultyApi = {
    access: accessTo(`http://127.0.0.1:${port}`, { namespace: real.namespace }),
    fault: () => undefined,
    cut: () => server.closeAllConnections(),
    faults: () => met,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return api;
}

function describe({ method = "GET", url = "" }: IncomingMessage): PassingRequest {
  const { pathname, searchParams } = new URL(url, "http://localhost");
  const isWatch = searchParams.has("watch");
  return {
    method,
    path: pathname,
    isWatch,
    isList: method === "GET" && !isWatch && searchParams.has("limit"),
  };
}

function refuse(
  response: ServerResponse,
  { status: code, retryAfter }: Extract<ApiFault, { kind: "refuse" }>,
): void {
  const headers = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
  const reason = code === 410 ? "Expired" : "Faulty";
  response.writeHead(code, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(status(code, reason, "a fault of the test's")));
}

interface Passing {
  readonly fault: ApiFault | undefined;
  readonly keep: (answer: Buffer) => void;
}

async function pass(
  request: IncomingMessage,
  response: ServerResponse,
  real: KubeAccess,
  { fault, keep }: Passing,
): Promise<void> {
  const upstream = requestUpstream(await optionsFor(request, real), (answer) => {
    if (fault?.kind === "hang") return void answer.resume();
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    response.flushHeaders();
    const chunks: Buffer[] = [];
    let sent = 0;
    answer.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      if (fault?.kind !== "cut") return void response.write(chunk);
      response.write(chunk.subarray(0, Math.max(0, fault.after - sent)));
      sent += chunk.length;
      if (sent >= fault.after) request.socket.destroy();
    });
    answer.on("end", () => {
      keep(Buffer.concat(chunks));
      response.end();
    });
    answer.on("error", () => request.socket.destroy());
  });
  upstream.on("error", () => request.socket.destroy());
  response.on("close", () => upstream.destroy());
  request.pipe(upstream);
}

async function optionsFor(
  { method, url, headers }: IncomingMessage,
  real: KubeAccess,
): Promise<RequestOptions> {
  const { token, certificate } = await real.credentials();
  const { hostname, port } = new URL(real.server);
  return {
    ...{ hostname, port, method, path: url, ca: real.ca, servername: real.serverName },
    ...(certificate ? { cert: certificate.cert, key: certificate.key } : {}),
    headers: { ...headers, host: hostname, ...(token ? { authorization: `Bearer ${token}` } : {}) },
    rejectUnauthorized: !real.insecure,
  };
}
