import { isIP } from "node:net";
import { Readable } from "node:stream";
import { type Dispatcher, request } from "undici";
import { parseChallenges, type RegistryChallenge, tokenUrl } from "./registry-challenge.ts";
import { AddressRefused, breakOf, RegistryRequestError, refusalOf } from "./registry-request-error.ts";

/** Who asks. The password is a secret. */
export interface RegistryLogin {
  readonly username: string;
  readonly password: string;
}

/** Content to send, which may have to be sent again. */
export interface SentBody {
  readonly open: () => AsyncIterable<Uint8Array>;
  /** In bytes. */
  readonly size: number;
}

export interface RegistryRequest {
  /** What this is, for messages. */
  readonly doing: string;
  readonly method: "GET" | "HEAD" | "POST" | "PUT";
  /** From the root of the registry, or absolute where the registry has said so. */
  readonly target: string;
  /** What a token must be good for: `repository:<name>:pull,push`. */
  readonly scopes: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: SentBody;
  readonly signal?: AbortSignal | undefined;
}

export interface RegistryReply {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData["headers"];
  readonly body: Dispatcher.ResponseData["body"];
}

export interface RequestsOptions {
  /** Scheme, host and port. */
  readonly url: string;
  readonly login: RegistryLogin | undefined;
  readonly dispatcher: Dispatcher;
  /** A body of which the registry takes no byte for so long is broken off. */
  readonly stallMs: number;
  /** Which addresses may be called; names are judged when they are resolved. */
  readonly isAllowed?: ((address: string) => boolean) | undefined;
}

const MOST_REDIRECTS = 5;
/** A token's life when the registry does not say (distribution token specification). */
const TOKEN_SECONDS = 60;
/** Tokens are renewed so much earlier, for clocks and for requests that take their time. */
const TOKEN_SLACK_SECONDS = 10;
const LONGEST_REFUSAL = 64 * 1024;

/** Requests to one registry with what its challenges ask for. Credentials go to the registry and to where it gives tokens. */
export class RegistryRequests {
  readonly #options: RequestsOptions;
  readonly #origin: string;
  /** `Authorization` by scopes, until a time of `performance.now()`. */
  readonly #kept = new Map<string, { readonly value: string; readonly until: number }>();

  constructor(options: RequestsOptions) {
    this.#options = options;
    this.#origin = new URL(options.url).origin;
  }

  /** One request; statuses below 400 and those in `expected` are returned, the body unread. Throws RegistryRequestError. */
  async send(asked: RegistryRequest, expected: readonly number[] = []): Promise<RegistryReply> {
    const first = await this.#follow(asked);
    const reply = first.status === 401 ? await this.#sendNamed(asked, first) : first;
    if (reply.status < 400 || expected.includes(reply.status)) return reply;
    throw await this.#refusal(asked.doing, reply);
  }

  async #sendNamed(asked: RegistryRequest, refused: RegistryReply): Promise<RegistryReply> {
    this.#kept.delete(keyOf(asked));
    const challenges = parseChallenges(refused.headers["www-authenticate"]);
    const offer = challenges.find(({ scheme }) => scheme === "bearer" || this.#options.login !== undefined);
    if (!offer) return refused;
    await discard(refused);
    const fresh = await this.#authorize(asked, offer);
    this.#kept.set(keyOf(asked), fresh);
    // However short its life is, it is good for this one.
    return await this.#follow(asked, fresh.value);
  }

  async #authorize({ doing, scopes, signal }: RegistryRequest, offer: RegistryChallenge) {
    const basic = this.#basic();
    if (offer.scheme === "basic") return { value: basic ?? "", until: Number.POSITIVE_INFINITY };
    const asking = `${doing}, asking for a token`;
    const target = this.#within(asking, tokenUrl(offer, scopes).href, this.#origin);
    const headers = { accept: "application/json", ...(basic ? { authorization: basic } : {}) };
    const reply = await this.#once(
      { doing: asking, method: "GET", scopes, target: "", headers, signal },
      target,
    );
    if (reply.status !== 200) throw await this.#refusal(asking, reply);
    const { token, seconds } = readToken(asking, await readText(asking, reply));
    const life = Math.max(0, (seconds ?? TOKEN_SECONDS) - TOKEN_SLACK_SECONDS);
    return { value: `Bearer ${token}`, until: performance.now() + life * 1000 };
  }

  #known(asked: RegistryRequest): string | undefined {
    const kept = this.#kept.get(keyOf(asked));
    return kept && kept.until > performance.now() ? kept.value : undefined;
  }

  #basic(): string | undefined {
    const { login } = this.#options;
    return login && `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}`;
  }

  /** Answers to reads may point elsewhere, such as a store of objects, which is not told who asks. */
  async #follow(asked: RegistryRequest, authorization = this.#known(asked)): Promise<RegistryReply> {
    let url = this.#within(asked.doing, asked.target, this.#origin);
    for (let hops = 0; ; hops += 1) {
      const named: Record<string, string> =
        url.origin === this.#origin && authorization ? { authorization } : {};
      const reply = await this.#once({ ...asked, headers: { ...asked.headers, ...named } }, url);
      const location = reply.headers.location;
      const reads = asked.method === "GET" || asked.method === "HEAD";
      if (!reads || ![301, 302, 303, 307, 308].includes(reply.status) || typeof location !== "string")
        return reply;
      await discard(reply);
      if (hops === MOST_REDIRECTS)
        throw new RegistryRequestError(`${asked.doing}: the registry redirects without end.`, {
          status: reply.status,
          passing: false,
        });
      url = this.#within(asked.doing, location, url.href);
    }
  }

  /** An address the registry has named, as long as it does not leave TLS. */
  #within(doing: string, target: string, base: string): URL {
    const url = URL.canParse(target, base) ? new URL(target, base) : undefined;
    const safe =
      url?.protocol === "https:" || (url?.protocol === "http:" && this.#origin.startsWith("http:"));
    if (url && safe) return url;
    const message = `${doing}: the registry names the address ${target.slice(0, 200)}, which is not https.`;
    throw new RegistryRequestError(message, { status: 0, passing: false });
  }

  async #once(asked: RegistryRequest, url: URL): Promise<RegistryReply> {
    const { method, doing, body, signal } = asked;
    const host = url.hostname.replace(/^\[|\]$/g, "");
    if (isIP(host) !== 0 && this.#options.isAllowed?.(host) === false)
      throw breakOf(doing, new AddressRefused(host));
    const watch = body && new WatchedBody(body, this.#options.stallMs);
    const signals = [signal, watch?.stalled].filter((one) => one !== undefined);
    try {
      const {
        statusCode,
        headers,
        body: answer,
      } = await request(url, {
        method,
        headers: { ...asked.headers, ...(body ? { "content-length": String(body.size) } : {}) },
        dispatcher: this.#options.dispatcher,
        ...(watch ? { body: watch.content } : {}),
        ...(signals.length > 0 ? { signal: AbortSignal.any(signals) } : {}),
      });
      return { status: statusCode, headers, body: answer };
    } catch (thrown) {
      signal?.throwIfAborted();
      if (watch?.failure) throw watch.failure.thrown;
      throw breakOf(doing, watch?.stalled.aborted ? watch.stalled.reason : thrown);
    } finally {
      watch?.end();
    }
  }

  async #refusal(doing: string, reply: RegistryReply): Promise<RegistryRequestError> {
    const { status, headers } = reply;
    const retryAfter = headers["retry-after"];
    return refusalOf({
      ...{ doing, status, body: await readText(doing, reply), named: this.#options.login !== undefined },
      retryAfter: typeof retryAfter === "string" ? retryAfter : undefined,
    });
  }
}

function keyOf({ scopes }: RegistryRequest): string {
  return scopes.join(" ");
}

function readToken(asking: string, text: string): { token: string; seconds: number | undefined } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const { token, access_token: other, expires_in: seconds } = (value ?? {}) as Record<string, unknown>;
  const given = typeof token === "string" && token !== "" ? token : other;
  // Not quoted: it may be a secret in a form we do not know.
  if (typeof given !== "string" || !/^[\x21-\x7e]+$/.test(given))
    throw new RegistryRequestError(`${asking}: the answer holds no token.`, { status: 200, passing: false });
  return { token: given, seconds: typeof seconds === "number" ? seconds : undefined };
}

/** The text of an answer that is small, or its beginning. */
async function readText(doing: string, { body }: RegistryReply): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of body as AsyncIterable<Buffer>) {
      parts.push(part);
      size += part.length;
      if (size > LONGEST_REFUSAL) break;
    }
  } catch (thrown) {
    throw breakOf(doing, thrown);
  }
  return Buffer.concat(parts).toString();
}

/** Reads an answer nobody wants, so that its connection can be used again. */
export async function discard({ body }: RegistryReply): Promise<void> {
  await body.dump().catch(() => {});
}

/** A body with somebody who looks whether it goes on. */
class WatchedBody {
  readonly content: Readable;
  readonly stalled: AbortSignal;
  /** What its source threw, which is no matter of the registry's. */
  failure: { readonly thrown: unknown } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor({ open }: SentBody, stallMs: number) {
    const stall = new AbortController();
    const fail = () => stall.abort(new Error(`the registry took nothing for ${stallMs / 1000} s`));
    this.stalled = stall.signal;
    this.content = Readable.from(this.#parts(open, stallMs, fail), { objectMode: false });
  }

  async *#parts(open: SentBody["open"], stallMs: number, fail: () => void) {
    this.#timer = setTimeout(fail, stallMs);
    try {
      for await (const part of open()) {
        this.#timer.refresh();
        yield part;
      }
    } catch (thrown) {
      this.failure = { thrown };
      throw thrown;
    } finally {
      clearTimeout(this.#timer);
    }
  }

  end(): void {
    clearTimeout(this.#timer);
    this.content.destroy();
  }
}
