import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { AwsV4Signer } from "aws4fetch";
import { Agent, type Dispatcher, EnvHttpProxyAgent, request } from "undici";
import { type Clock, pause } from "../../../kernel/index.ts";
import { readS3Error } from "./s3-documents.ts";
import { S3RequestError, s3BreakOf, s3RefusalOf } from "./s3-request-error.ts";
import { addressOf, type S3Settings } from "./s3-settings.ts";

export interface S3Ask {
  /** What this is, for messages: `reading`. */
  readonly doing: string;
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** Without the prefix of the settings; the bucket itself when missing. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Statuses that are answers and no failures, beside those below 300. */
  readonly expected?: readonly number[];
  /**
   * What may be missing, such as `NoSuchKey`: 404 is an answer then. Any other 404 is a failure, since what is not known to
   * be missing must not be taken for it.
   */
  readonly absent?: "NoSuchKey" | "NoSuchUpload";
}

export interface S3Reply {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData["headers"];
  readonly bytes: Buffer;
}

export interface S3RequestsOptions {
  readonly now: Clock;
  /** How often something is tried. */
  readonly tries: number;
  /** The longest wait before the second try; it doubles from then on. */
  readonly pauseMs: number;
  /** One try takes no longer, its answer read. */
  readonly tryMs: number;
  /** A number from 0 to 1 for waits of different lengths: many who failed together do not come back together. */
  readonly random: () => number;
}

export const S3_REQUESTS: S3RequestsOptions = {
  now: () => new Date(),
  tries: 6,
  pauseMs: 200,
  tryMs: 120_000,
  random: Math.random,
};

const LONGEST_PAUSE_MS = 10_000;
/** More than any page of a list. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Signed requests to one bucket, tried again while what stops them may pass. Throws S3RequestError. */
export class S3Requests {
  readonly #settings: S3Settings;
  readonly #options: S3RequestsOptions;
  readonly #dispatcher: Dispatcher;
  /** Signing keys of the day, by what they are made of. */
  readonly #signing = new Map<string, ArrayBuffer>();

  constructor(settings: S3Settings, options: Partial<S3RequestsOptions> = {}) {
    this.#settings = settings;
    this.#options = { ...S3_REQUESTS, ...options };
    this.#dispatcher = makeDispatcher(settings, this.#options.tryMs);
  }

  /** One request with its whole answer, which is bounded. */
  ask(asked: S3Ask): Promise<S3Reply> {
    return this.persist(async () => {
      const signal = AbortSignal.timeout(this.#options.tryMs);
      const { status, headers, body } = await this.#once(asked, signal);
      const reply = { status, headers, bytes: await readBytes(this.#doing(asked), body) };
      if (asked.expected?.includes(status) || isAbsent(asked, reply)) return reply;
      // A copy and a completion answer 200 first, and tell afterwards that they have failed.
      const failed = asked.method !== "GET" && readS3Error(reply.bytes.toString()) !== undefined;
      if (!failed && status < 300) return reply;
      throw this.#refusal(asked, reply);
    });
  }

  /** One request whose answer is read by the caller, to its end or not at all; undefined when the key is not there. */
  open(asked: S3Ask): Promise<Readable | undefined> {
    return this.persist(async () => {
      const { status, headers, body } = await this.#once(asked);
      if (status < 300) return body;
      const bytes = await readBytes(this.#doing(asked), body);
      if (isAbsent(asked, { status, bytes })) return undefined;
      throw this.#refusal(asked, { status, headers, bytes });
    });
  }

  /** Does work again while what stops it may pass. */
  async persist<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { tries, pauseMs, random } = this.#options;
    for (let tried = 1; ; tried += 1) {
      try {
        return await work();
      } catch (thrown) {
        if (!(thrown instanceof S3RequestError) || !thrown.passing || tried >= tries) throw thrown;
        await pause(waitBefore(thrown, { tried, pauseMs, random }), signal);
      }
    }
  }

  async stop(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  async #once(asked: S3Ask, signal?: AbortSignal) {
    const { method, body } = asked;
    const { url, headers } = await this.#sign(asked);
    try {
      const reply = await request(url, {
        ...{ method, headers, dispatcher: this.#dispatcher },
        ...(body === undefined ? {} : { body }),
        ...(signal === undefined ? {} : { signal }),
      });
      return { status: reply.statusCode, headers: reply.headers, body: reply.body };
    } catch (thrown) {
      throw s3BreakOf(this.#doing(asked), thrown);
    }
  }

  async #sign({ method, key, query = {}, headers = {}, body }: S3Ask) {
    const { region, credentials } = this.#settings;
    const url = addressOf(this.#settings, key);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const { accessKeyId, secretAccessKey, sessionToken } = await credentials();
    if (this.#signing.size > 100) this.#signing.clear();
    const signer = new AwsV4Signer({
      ...{ method, url: url.href, service: "s3", region, accessKeyId, secretAccessKey },
      ...(sessionToken === undefined ? {} : { sessionToken }),
      // What is sent is signed too, so that nobody changes it on a way without TLS.
      headers: { ...headers, "x-amz-content-sha256": sha256(body ?? "") },
      datetime: this.#options
        .now()
        .toISOString()
        .replace(/[:-]|\.\d{3}/g, ""),
      cache: this.#signing,
    });
    const signed = await signer.sign();
    return { url, headers: { ...headers, ...Object.fromEntries(signed.headers) } };
  }

  #doing({ doing, key }: S3Ask): string {
    const { bucket, prefix, endpoint } = this.#settings;
    return `${doing} s3://${bucket}/${prefix}${key ?? ""} at ${new URL(endpoint).host}`;
  }

  #refusal(asked: S3Ask, { status, headers, bytes }: S3Reply): S3RequestError {
    const text = bytes.toString();
    const { code = "", message = text, region } = readS3Error(text) ?? {};
    const date = Date.parse(String(headers.date ?? ""));
    return s3RefusalOf({
      ...{ doing: this.#doing(asked), status, code, message },
      region: region || headerText(headers["x-amz-bucket-region"]),
      retryAfter: headerText(headers["retry-after"]),
      aheadSeconds: Number.isNaN(date)
        ? undefined
        : Math.round((this.#options.now().getTime() - date) / 1000),
    });
  }
}

/** The answer to a HEAD has no words for it. */
function isAbsent({ absent, method }: S3Ask, { status, bytes }: Pick<S3Reply, "status" | "bytes">): boolean {
  if (status !== 404 || absent === undefined) return false;
  return method === "HEAD" || readS3Error(bytes.toString())?.code === absent;
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function sha256(content: Buffer | string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** How long to wait before the next try, in ms: any time up to a bound that doubles, and not less than the store asks for. */
export function waitBefore(
  { retryAfterSeconds = 0 }: Pick<S3RequestError, "retryAfterSeconds">,
  { tried, pauseMs, random }: { tried: number; pauseMs: number; random: () => number },
): number {
  const most = Math.min(LONGEST_PAUSE_MS, pauseMs * 2 ** (tried - 1));
  return Math.min(LONGEST_PAUSE_MS, retryAfterSeconds * 1000 + random() * most);
}

function makeDispatcher({ ca, proxies }: S3Settings, tryMs: number): Dispatcher {
  const tls = ca === undefined ? {} : { ca };
  const common = {
    ...{ connect: { timeout: 10_000, ...tls }, connections: 64, pipelining: 1 },
    ...{ headersTimeout: tryMs, bodyTimeout: Math.min(tryMs, 60_000), keepAliveTimeout: 20_000 },
  };
  if (!proxies?.http && !proxies?.https) return new Agent(common);
  const { http, https, none } = proxies;
  return new EnvHttpProxyAgent({
    ...common,
    ...(ca === undefined ? {} : { requestTls: { ca } }),
    ...{ httpProxy: http, httpsProxy: https, noProxy: none },
  });
}

async function readBytes(doing: string, body: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of body) {
      parts.push(part);
      size += part.length;
      if (size > MOST_BYTES) throw new Error(`the answer has more than ${MOST_BYTES} bytes`);
    }
  } catch (thrown) {
    throw s3BreakOf(doing, thrown);
  }
  return Buffer.concat(parts);
}
