import { Agent, type Dispatcher } from "undici";
import type { ClientCertificate, KubeAccess } from "./kube-access.ts";

export type BodyReadable = Dispatcher.ResponseData["body"];
export type IncomingHttpHeaders = Dispatcher.ResponseData["headers"];

export interface KubeRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With query, from the root of the API. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

const CONNECT_WITHIN_MS = 5_000;
/** Watches and followed logs may be silent for as long; who reads them has a limit of its own. */
const SILENT_MS = 0;

/** Connections to one API server; they are made anew when the client's certificate is another. */
export class KubeConnection {
  readonly #access: KubeAccess;
  #agent: { readonly certificate: ClientCertificate | undefined; readonly agent: Agent } | undefined;
  readonly #retired: Promise<void>[] = [];

  constructor(access: KubeAccess) {
    this.#access = access;
  }

  async request(request: KubeRequest): Promise<Dispatcher.ResponseData> {
    const { token, certificate } = await this.#access.credentials();
    const { origin, pathname } = new URL(this.#access.server);
    return await this.#agentFor(certificate).request({
      origin,
      path: `${pathname === "/" ? "" : pathname}${request.path}`,
      method: request.method,
      headers: { ...request.headers, ...(token ? { authorization: `Bearer ${token}` } : {}) },
      signal: request.signal,
      ...(request.body === undefined ? {} : { body: request.body }),
    });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#retired, this.#agent?.agent.destroy()]);
  }

  #agentFor(certificate: ClientCertificate | undefined): Agent {
    if (this.#agent && this.#agent.certificate?.cert === certificate?.cert) return this.#agent.agent;
    if (this.#agent) this.#retired.push(this.#agent.agent.close());
    const agent = new Agent({
      // Over HTTP/2 a stream that was aborted early ends the process with an error that nobody can catch.
      allowH2: false,
      bodyTimeout: SILENT_MS,
      headersTimeout: SILENT_MS,
      connect: { ...tlsOptions(this.#access, certificate), timeout: CONNECT_WITHIN_MS, keepAlive: true },
    });
    this.#agent = { certificate, agent };
    return agent;
  }
}

/** How TLS to the API server is set up, for every kind of connection. */
export function tlsOptions(access: KubeAccess, certificate: ClientCertificate | undefined) {
  return {
    ...(access.ca ? { ca: access.ca } : {}),
    ...(access.serverName ? { servername: access.serverName } : {}),
    ...(certificate ? { cert: certificate.cert, key: certificate.key } : {}),
    rejectUnauthorized: !access.insecure,
  };
}
