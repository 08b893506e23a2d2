import { type Dispatcher, Pool } from "undici";
import {
  areSameCredentials,
  type ClientCertificate,
  isSameCertificate,
  type KubeAccess,
  type KubeCredentials,
} from "./kube-access.ts";

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
  #current: { readonly certificate: ClientCertificate | undefined; readonly pool: Pool } | undefined;
  /** Earlier ones stay until their last answer has been read. */
  readonly #pools = new Set<Pool>();

  constructor(access: KubeAccess) {
    this.#access = access;
  }

  /** What is refused with 401 is sent once more when there are other credentials by then: it has changed nothing. */
  async request(request: KubeRequest): Promise<Dispatcher.ResponseData> {
    const credentials = await this.#access.credentials();
    const answer = await this.#send(request, credentials);
    if (answer.statusCode !== 401) return answer;
    const renewed = await this.#access.credentials(credentials).catch(async (thrown: unknown) => {
      await answer.body.dump();
      throw thrown;
    });
    if (areSameCredentials(renewed, credentials)) return answer;
    await answer.body.dump();
    return await this.#send(request, renewed);
  }

  /** Ends what is still under way, however old its credentials are. */
  async close(): Promise<void> {
    await Promise.all([...this.#pools].map((pool) => pool.destroy()));
  }

  #send(request: KubeRequest, { token, certificate }: KubeCredentials): Promise<Dispatcher.ResponseData> {
    const { pathname } = new URL(this.#access.server);
    return this.#poolFor(certificate).request({
      path: `${pathname === "/" ? "" : pathname}${request.path}`,
      method: request.method,
      headers: { ...request.headers, ...(token ? { authorization: `Bearer ${token}` } : {}) },
      signal: request.signal,
      ...(request.body === undefined ? {} : { body: request.body }),
    });
  }

  #poolFor(certificate: ClientCertificate | undefined): Pool {
    if (this.#current && isSameCertificate(this.#current.certificate, certificate)) return this.#current.pool;
    if (this.#current) this.#retire(this.#current.pool);
    const pool = new Pool(new URL(this.#access.server).origin, {
      // Over HTTP/2 a stream that was aborted early ends the process with an error that nobody can catch.
      allowH2: false,
      bodyTimeout: SILENT_MS,
      headersTimeout: SILENT_MS,
      connect: { ...tlsOptions(this.#access, certificate), timeout: CONNECT_WITHIN_MS, keepAlive: true },
    });
    this.#pools.add(pool);
    this.#current = { certificate, pool };
    return pool;
  }

  #retire(pool: Pool): void {
    const gone = () => void this.#pools.delete(pool);
    pool.close().then(gone, gone);
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
