import { lookup as resolve } from "node:dns";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { invalidParams } from "../../kernel/index.ts";
import { isPublicAddress } from "./public-address.ts";

export interface DownloadOptions {
  readonly signal: AbortSignal;
  /** Which addresses may be connected to. Default: those of the public internet. */
  readonly isAllowed?: (address: string) => boolean;
  /** Resolves names. Default: the system's resolver. */
  readonly resolveName?: ResolveName;
  /** A connection on which nothing moves for so long is given up. Default 60 s. */
  readonly idleMs?: number;
}

export type ResolveName = (
  host: string,
  done: (error: Error | null, addresses: readonly { address: string; family: number }[]) => void,
) => void;

const MAX_REDIRECTS = 5;
const REDIRECTS = [301, 302, 303, 307, 308];

/**
 * GETs an address that a user gave. http and https only; before each connection, after redirects too, the name is
 * resolved once, all its addresses are judged, and the connection goes to one of those judged: a name that resolves
 * differently the next time gains nothing. Throws invalid_params in the user's words. (design §6)
 */
export async function download(address: string, options: DownloadOptions): Promise<IncomingMessage> {
  let url = parseUrl(address);
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const response = await get(url, options);
    const status = response.statusCode ?? 0;
    const location = response.headers.location;
    if (status === 200) return response;
    response.destroy();
    if (!REDIRECTS.includes(status) || location === undefined) {
      throw invalidParams(`The source could not be fetched: ${shownUrl(url)} answered ${status}.`);
    }
    url = parseUrl(location, url);
  }
  throw invalidParams(
    `The source could not be fetched: ${shownUrl(url)} redirects more than ${MAX_REDIRECTS} times.`,
  );
}

function parseUrl(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href);
  if (!url)
    throw invalidParams("The source's url is not a URL. Give one that starts with https:// or http://.");
  if (url.protocol === "https:" || url.protocol === "http:") return url;
  throw invalidParams(
    `The source's url begins with ${url.protocol}, which is not fetched. Use https:// or http://.`,
  );
}

function get(url: URL, options: DownloadOptions): Promise<IncomingMessage> {
  const isAllowed = options.isAllowed ?? isPublicAddress;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) !== 0 && !isAllowed(host)) throw privateAddress(url);
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((done, fail) => {
    const request = send(url, {
      agent: false,
      lookup: checkedLookup(url, isAllowed, options.resolveName ?? systemResolve),
      headers: { "User-Agent": "Conifer", Accept: "*/*", "Accept-Encoding": "identity" },
      signal: options.signal,
    });
    request.setTimeout(options.idleMs ?? 60_000, () =>
      request.destroy(new Error("nothing arrived for too long")),
    );
    request.once("response", done);
    request.once("error", (cause: NodeJS.ErrnoException) => fail(asRefusal(cause, url)));
    request.end();
  });
}

const systemResolve: ResolveName = (host, done) => resolve(host, { all: true, verbatim: true }, done);

class PrivateAddress extends Error {}

/** A `lookup` for `net.connect` that hands on only addresses that may be connected to, and none when one may not. */
function checkedLookup(
  url: URL,
  isAllowed: (address: string) => boolean,
  resolveName: ResolveName,
): LookupFunction {
  return (host, options, done) => {
    resolveName(host, (error, addresses) => {
      const first = addresses?.[0];
      if (error || !first) return done(error ?? new Error(`${host} has no address`), "");
      if (!addresses.every(({ address }) => isAllowed(address)))
        return done(new PrivateAddress(url.host), "");
      if (options.all) done(null, [...addresses]);
      else done(null, first.address, first.family);
    });
  };
}

function asRefusal(cause: NodeJS.ErrnoException, url: URL): Error {
  if (cause instanceof PrivateAddress) return privateAddress(url);
  const why = cause.name === "AbortError" ? "it took too long" : (cause.code ?? cause.message);
  return invalidParams(`The source could not be fetched from ${shownUrl(url)}: ${why}.`);
}

function privateAddress(url: URL): Error {
  return invalidParams(
    `The source's url leads to ${url.hostname}, which is not an address of the public internet. Upload the source with POST /sources instead.`,
  );
}

/** Without what may be secret in it. */
function shownUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}
