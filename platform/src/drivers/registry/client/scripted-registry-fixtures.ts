import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** A request as it arrived. */
export interface Arrived {
  /** `GET /v2/…`. */
  readonly what: string;
  readonly authorization: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly bytes: Buffer;
}

export interface ScriptedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
  /** Breaks the connection after so many bytes of the body, whatever length was announced. */
  readonly breakAfter?: number;
}

/** Answers to requests by turn; `undefined` breaks the connection without one. */
export type Script = (arrived: Arrived, turn: number) => ScriptedAnswer | undefined;

export interface ScriptedRegistry {
  readonly url: string;
  readonly arrived: readonly Arrived[];
  stop(): Promise<void>;
}

/** A registry that says what a test wants it to say. */
export async function startScriptedRegistry(script: Script): Promise<ScriptedRegistry> {
  const arrived: Arrived[] = [];
  const server = createServer((request, response) => {
    buffer(request).then(
      (bytes) => {
        const { method, url, headers } = request;
        const one = { what: `${method} ${url}`, authorization: headers.authorization, headers, bytes };
        arrived.push(one);
        answer(response, script(one, arrived.length));
      },
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrived,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function answer(response: ServerResponse, given: ScriptedAnswer | undefined): void {
  if (!given) return void response.destroy();
  const body = Buffer.from(given.body ?? "");
  response.writeHead(given.status, {
    "content-length": body.length,
    ...(given.headers as Record<string, string | string[]>),
  });
  if (given.breakAfter === undefined) return void response.end(body);
  response.write(body.subarray(0, given.breakAfter), () => response.destroy());
}
