import { Agent, type Dispatcher, EnvHttpProxyAgent, request } from "undici";
import { IssueError } from "../../../edge/certificate/index.ts";
import { type Clock, causeText, networkTrouble } from "../../../kernel/index.ts";
import type { AccountKey } from "./account-key.ts";
import { readProblem } from "./acme-documents.ts";

export interface AcmeRequestsOptions {
  /** Of the authority's directory, https. Requests go nowhere else. */
  readonly directory: string;
  /** Authorities that are trusted to be it, PEM. Default: the usual ones. */
  readonly ca?: string | undefined;
  readonly proxies?: { readonly https: string; readonly none: string };
  readonly now: Clock;
  /** Tells the authority who asks: its rules want a name. (RFC 8555 §6.1) */
  readonly agent: string;
  /** One request takes no longer. Default 30 s. */
  readonly requestMs?: number;
}

export interface AcmeReply {
  readonly status: number;
  readonly bytes: Buffer;
  readonly location: string | undefined;
  readonly retryAfterMs: number | undefined;
}

export interface SignedAsk {
  readonly url: string;
  /** Undefined reads: POST-as-GET. (RFC 8555 §6.3) */
  readonly payload?: unknown;
  readonly key: AccountKey;
  /** The account's URL; without it the key is sent. */
  readonly account?: string;
  readonly accept?: string;
}

const REQUEST_MS = 30_000;
const MOST_BYTES = 128 * 1024;
const MOST_HEADERS = 16 * 1024;
/** A nonce that is not good any more is answered with one that is. (RFC 8555 §6.5) */
const NONCE_TRIES = 5;

/** Bounded requests to one authority: nonces, signatures, and failures as IssueError. */
export class AcmeRequests {
  readonly #options: AcmeRequestsOptions;
  readonly #origin: string;
  readonly #dispatcher: Dispatcher;
  #nonce: string | undefined;

  constructor(options: AcmeRequestsOptions) {
    this.#options = options;
    this.#origin = new URL(options.directory).origin;
    this.#dispatcher = makeDispatcher(options);
  }

  async get(url: string, signal: AbortSignal): Promise<AcmeReply> {
    return refuseFailure(await this.#send("GET", { url }, signal), this.#host());
  }

  /** A signed request; `newNonce` is asked for a nonce when there is none. Throws AcmeRefusal for what the authority refuses. */
  async post(ask: SignedAsk, newNonce: string, signal: AbortSignal): Promise<AcmeReply> {
    for (let tries = 1; ; tries += 1) {
      const nonce = this.#nonce ?? (await this.#freshNonce(newNonce, signal));
      this.#nonce = undefined;
      const { url, key, account, payload } = ask;
      const who = account === undefined ? { jwk: key.jwk } : { kid: account };
      const body = key.sign({ nonce, url, ...who }, payload === undefined ? "" : JSON.stringify(payload));
      const reply = await this.#send(
        "POST",
        { url, body, ...(ask.accept ? { accept: ask.accept } : {}) },
        signal,
      );
      const isStale = reply.status === 400 && readProblem(reply.bytes).type === "badNonce";
      if (!isStale || tries === NONCE_TRIES) return refuseFailure(reply, this.#host());
    }
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  #host(): string {
    return new URL(this.#origin).host;
  }

  async #freshNonce(newNonce: string, signal: AbortSignal): Promise<string> {
    refuseFailure(await this.#send("HEAD", { url: newNonce }, signal), this.#host());
    if (this.#nonce === undefined) throw new IssueError("authority", `${this.#host()} gave no nonce`);
    return this.#nonce;
  }

  async #send(
    method: "GET" | "HEAD" | "POST",
    { url, body, accept = "application/json" }: { url: string; body?: string; accept?: string },
    signal: AbortSignal,
  ): Promise<AcmeReply> {
    const { requestMs = REQUEST_MS, agent } = this.#options;
    this.#refuseStrange(url);
    try {
      const answer = await request(url, {
        method,
        dispatcher: this.#dispatcher,
        signal: AbortSignal.any([signal, AbortSignal.timeout(requestMs)]),
        headers: {
          accept,
          "user-agent": agent,
          ...(body ? { "content-type": "application/jose+json" } : {}),
        },
        ...(body === undefined ? {} : { body }),
      });
      const { headers, statusCode: status } = answer;
      const bytes = await readBytes(answer.body);
      this.#nonce = nonceOf(headers["replay-nonce"]) ?? this.#nonce;
      const retryAfterMs = this.#waitOf(headers["retry-after"]);
      return { status, bytes, retryAfterMs, location: locationOf(headers.location, url) };
    } catch (cause) {
      throw this.#broken(cause);
    }
  }

  /** An authority that leads elsewhere would have this machine ask its neighbors. */
  #refuseStrange(url: string): void {
    if (URL.canParse(url) && new URL(url).origin === this.#origin) return;
    throw new IssueError(
      "authority",
      `${this.#host()} leads to ${JSON.stringify(url.slice(0, 200))}, which is not of ${this.#origin}; it is not asked`,
    );
  }

  #broken(cause: unknown): IssueError {
    if (cause instanceof IssueError) return cause;
    const trouble = networkTrouble(cause);
    const hint =
      trouble === "untrusted"
        ? "Put the root of its certificate into the bundle that CONIFER_CA_BUNDLE names."
        : "It is asked again later; see that this machine reaches it.";
    return new IssueError("authority", `${this.#host()} does not answer: ${causeText(cause)}. ${hint}`, {
      cause,
    });
  }

  /** Seconds or a date. (RFC 9110 §10.2.3) */
  #waitOf(header: string | string[] | undefined): number | undefined {
    const text = Array.isArray(header) ? header[0] : header;
    if (text === undefined) return undefined;
    const ms = /^\d{1,9}$/.test(text)
      ? Number(text) * 1_000
      : Date.parse(text) - this.#options.now().getTime();
    return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
  }
}

/** The authority refuses a request, and says why. */
export class AcmeRefusal extends IssueError {
  readonly status: number;
  readonly type: string;

  constructor(status: number, type: string, error: IssueError) {
    super(error.scope, error.message, { retryAfterMs: error.retryAfterMs });
    this.status = status;
    this.type = type;
  }

  /** Asking again changes nothing. */
  get isFinal(): boolean {
    return this.status >= 400 && this.status < 500 && this.status !== 429;
  }
}

/** What concerns the account, and so every name. */
const OF_THE_ACCOUNT = new Set([
  "accountDoesNotExist",
  "externalAccountRequired",
  "invalidContact",
  "unsupportedContact",
  "userActionRequired",
  "badSignatureAlgorithm",
  "badNonce",
  "serverInternal",
  "unauthorized",
]);

function refuseFailure(reply: AcmeReply, host: string): AcmeReply {
  const { status, bytes, retryAfterMs } = reply;
  if (status >= 200 && status < 300) return reply;
  const { type, detail } = readProblem(bytes);
  const says = detail || `status ${status}`;
  const isBusy = status === 429 || status >= 500 || status < 400;
  const scope = isBusy || type === "" || OF_THE_ACCOUNT.has(type) ? "authority" : "name";
  const error = new IssueError(scope, `${host} refuses: ${says}`, { retryAfterMs: retryAfterMs ?? 0 });
  throw new AcmeRefusal(status, type, error);
}

const nonceOf = (header: string | string[] | undefined) =>
  typeof header === "string" && /^[A-Za-z0-9_-]{1,512}$/.test(header) ? header : undefined;

function locationOf(header: string | string[] | undefined, base: string): string | undefined {
  return typeof header === "string" && URL.canParse(header, base) ? new URL(header, base).href : undefined;
}

async function readBytes(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of body) {
    parts.push(part);
    size += part.length;
    if (size > MOST_BYTES) throw new Error(`the answer has more than ${MOST_BYTES} bytes`);
  }
  return Buffer.concat(parts);
}

function makeDispatcher({ ca, proxies, requestMs = REQUEST_MS }: AcmeRequestsOptions): Dispatcher {
  const tls = ca === undefined ? {} : { ca };
  const common = {
    ...{ connect: { timeout: Math.min(requestMs, 10_000), ...tls }, connections: 2, pipelining: 1 },
    ...{ headersTimeout: requestMs, bodyTimeout: requestMs, maxHeaderSize: MOST_HEADERS },
  };
  if (!proxies?.https) return new Agent(common);
  return new EnvHttpProxyAgent({
    ...common,
    ...(ca === undefined ? {} : { requestTls: { ca } }),
    ...{ httpsProxy: proxies.https, noProxy: proxies.none },
  });
}
