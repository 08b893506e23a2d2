import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { type Logger, pause, type Running, StoreAway } from "../../kernel/index.ts";
import {
  REGISTRY_LIMITS,
  type RegistryAnswer,
  type RegistryDependencies,
  type RegistryLimits,
} from "./registry-call.ts";
import { asRegistryError, errorBody, RegistryError } from "./registry-error.ts";
import { makeRegistryHandler, type RequestFacts } from "./registry-handler.ts";

export interface RegistryListenerOptions extends RegistryDependencies {
  readonly logger: Logger;
  readonly newId: () => string;
  readonly limits?: Partial<RegistryLimits>;
}

export interface RegistryServerOptions extends RegistryListenerOptions {
  readonly addresses: readonly string[];
  /** 0 takes any free port, one for each address. */
  readonly port: number;
}

/** Answers one request to the registry, whichever server it came by. Never rejects. */
export type RegistryListener = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Removes uploads that nobody goes on with, now and every ten minutes. */
export async function keepUploadsSwept(
  options: Pick<RegistryListenerOptions, "uploads" | "now" | "logger">,
): Promise<Running> {
  const sweep = async () => {
    const dropped = await options.uploads.dropOlder(new Date(options.now().getTime() - UPLOAD_MS));
    if (dropped > 0) options.logger.info("uploads that were given up are removed", { dropped });
  };
  await sweep();
  const sweeping = setInterval(() => {
    sweep().catch((error) => options.logger.error("uploads cannot be swept", { error }));
  }, SWEEP_MS);
  return { stop: async () => clearInterval(sweeping) };
}

/** The registry without a server of its own; `keepUploadsSwept` is its caller's to see to. */
export function makeRegistryListener(options: RegistryListenerOptions): RegistryListener {
  const limits = { ...REGISTRY_LIMITS, ...options.limits };
  const handle = makeRegistryHandler(options, limits);
  return (request, response) => new Exchange(request, response, { options, limits }).run(handle);
}

export interface RunningRegistry extends Running {
  /** What it listens on, in the order of the addresses. */
  readonly ports: readonly number[];
  /** Stops accepting, lets requests in flight end within the limit, then breaks off what is left. */
  stop(): Promise<void>;
}

const SERVER = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 20_000,
  connectionsCheckingInterval: 5_000,
  requestTimeout: 0,
  keepAliveTimeout: 60_000,
};
const MOST_CONNECTIONS = 4_096;
/** An upload without a new byte for so long was given up. */
const UPLOAD_MS = 60 * 60 * 1000;
const SWEEP_MS = 10 * 60 * 1000;

/**
 * Serves the registry over http (OCI distribution-spec 1.1). Throws the system's error, with `code`, `address` and `port`,
 * when it cannot listen; nothing stays open then.
 */
export async function startRegistry(options: RegistryServerOptions): Promise<RunningRegistry> {
  const limits = { ...REGISTRY_LIMITS, ...options.limits };
  const answer = makeRegistryListener(options);
  const servers: Server[] = [];
  const serve = (request: IncomingMessage, response: ServerResponse) => void answer(request, response);
  const sweeping = await keepUploadsSwept(options);
  const stop = async () => {
    await sweeping.stop();
    await Promise.all(servers.splice(0).map((server) => stopServer(server, limits.stopMs)));
  };
  try {
    const ports: number[] = [];
    for (const address of options.addresses) {
      const server = createServer(SERVER, serve);
      server.maxConnections = MOST_CONNECTIONS;
      ports.push(await listen(server, address, options.port));
      servers.push(server);
    }
    return { ports, stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host, ipv6Only: host.includes(":"), exclusive: true }, () => {
      server.off("error", reject).on("error", () => {});
      resolve((server.address() as AddressInfo).port);
    });
  });
}

async function stopServer(server: Server, stopMs: number): Promise<void> {
  const over = new AbortController();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  await Promise.race([closed, pause(stopMs, over.signal)]);
  over.abort();
  server.closeAllConnections();
  await closed;
}

interface ExchangeContext {
  readonly options: RegistryListenerOptions;
  readonly limits: RegistryLimits;
}

/** One request and its answer, with one line in the log. */
class Exchange {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #context: ExchangeContext;
  readonly #facts: RequestFacts = {};

  constructor(request: IncomingMessage, response: ServerResponse, context: ExchangeContext) {
    this.#request = request;
    this.#response = response;
    this.#context = context;
  }

  async run(
    handle: (request: IncomingMessage, facts: RequestFacts) => Promise<RegistryAnswer>,
  ): Promise<void> {
    const began = performance.now();
    const whole = await handle(this.#request, this.#facts)
      .then((answer) => this.#send(answer))
      .catch((thrown) => this.#refuse(thrown))
      .catch(() => false);
    const { statusCode } = this.#response;
    this.#context.options.logger.info("request", {
      method: this.#request.method,
      ...this.#facts,
      status: statusCode,
      seconds: ((performance.now() - began) / 1000).toFixed(6),
      ...(whole ? {} : { broken: true }),
    });
  }

  /** Resolves with whether all of it was sent. */
  async #send(answer: RegistryAnswer): Promise<boolean> {
    const { body } = answer;
    const response = this.#response;
    const stream = typeof body === "function" && this.#request.method !== "HEAD" ? await body() : undefined;
    const bytes = typeof body === "string" || Buffer.isBuffer(body) ? Buffer.from(body) : undefined;
    this.#begin(answer);
    if (!stream) {
      response.end(this.#request.method === "HEAD" ? undefined : bytes);
      return true;
    }
    response.setTimeout(this.#context.limits.stallMs, () => response.destroy());
    try {
      await pipeline(stream, response);
    } catch {
      // The reader went away, or the disk failed: a length that is not reached tells the reader.
      response.destroy();
      return false;
    }
    return true;
  }

  async #refuse(thrown: unknown): Promise<boolean> {
    const request = this.#request;
    if (thrown instanceof StoreAway)
      this.#context.options.logger.error("the registry's store cannot be used", { error: thrown });
    if (this.#response.headersSent || (request.destroyed && !request.complete)) {
      this.#response.destroy();
      return false;
    }
    const unread = !request.complete;
    const { code, message, status, headers } = asRegistryError(thrown) ?? this.#failure(thrown);
    const body = errorBody(code, message);
    const refusal = { status, headers: { "content-type": "application/json", ...headers }, body };
    if (!unread) return await this.#send(refusal);
    this.#begin({ ...refusal, headers: { ...refusal.headers, connection: "close" } });
    if (request.method !== "HEAD") this.#response.write(body);
    // Node closes the connection with the answer's end, and a client that still writes would not read it then.
    await dropRest(request, status);
    this.#response.end(() => request.destroy());
    return true;
  }

  #begin({ status, headers = {}, body }: RegistryAnswer): void {
    const bytes = typeof body === "string" || Buffer.isBuffer(body) ? Buffer.byteLength(body) : undefined;
    this.#response.writeHead(status, {
      "docker-distribution-api-version": "registry/2.0",
      "x-content-type-options": "nosniff",
      ...(bytes === undefined ? {} : { "content-length": bytes }),
      ...(headers as Record<string, string | number | string[]>),
    });
  }

  /** A failure of ours: what it was is in the log only. */
  #failure(thrown: unknown): RegistryError {
    const id = this.#context.options.newId();
    this.#context.options.logger.error("request failed", { request_id: id, error: thrown });
    return new RegistryError("UNKNOWN", `something failed here; the log tells it under ${id}`);
  }
}

const REST_BYTES = 16 * 1024 * 1024;
const REST_MS = 5_000;

/**
 * Reads what is left of a refused body and forgets it, within bounds: many clients write a body to its end before they
 * read the answer. (RFC 9112 §9.6) A sender who was too slow is not waited for.
 */
async function dropRest(request: IncomingMessage, status: number): Promise<void> {
  const timer = setTimeout(() => request.destroy(), status === 408 ? 100 : REST_MS);
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > REST_BYTES) break;
    }
  } catch {
    // It went away, which is what we wait for.
  } finally {
    clearTimeout(timer);
  }
}
