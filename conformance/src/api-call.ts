import type { RunningPlatform } from "./running-platform.ts";

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed body, or its text when it is not JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: what a test looks at is checked by the test
  readonly body: any;
}

export interface Caller {
  readonly platform: Pick<RunningPlatform, "apiPort">;
  readonly token?: string;
  /** In place of a token. */
  readonly authorization?: string;
  /** Which part of a list, as `version ..; max=3, order=desc`. */
  readonly range?: string;
}

/** Calls the API as a program would: over http on loopback, with a token. */
export async function callApi(
  { platform, token, authorization = token && `Bearer ${token}`, range }: Caller,
  method: string,
  path: string,
  body?: unknown,
): Promise<ApiAnswer> {
  const response = await fetch(`http://127.0.0.1:${platform.apiPort}${path}`, {
    method,
    headers: {
      accept: "application/vnd.heroku+json; version=3",
      ...(authorization ? { authorization } : {}),
      ...(range ? { range } : {}),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: parse(text) };
}

type Call = (method: string, path: string, body?: unknown) => Promise<ApiAnswer>;

/** The same calls, where they must be granted: each resolves with its answer's body, and throws when the status is 300 or more. */
export function granted(call: Call): (...asked: Parameters<Call>) => Promise<ApiAnswer["body"]> {
  return async (method, path, body) => {
    const answer = await call(method, path, body);
    if (answer.status >= 300)
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
