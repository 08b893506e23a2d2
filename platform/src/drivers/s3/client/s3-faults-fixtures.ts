import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** What a proxy does to one request in place of passing it on. */
export type Fault =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Breaks the connection without an answer. */
  | { readonly kind: "reset" }
  /** Passes the request on, and breaks the connection in place of the answer. */
  | { readonly kind: "lost answer" }
  /** Passes half of the answer's body on, and breaks the connection. */
  | { readonly kind: "half" }
  /** Does not answer at all. */
  | { readonly kind: "silence" };

export interface FaultyProxy {
  readonly url: string;
  /** Called for each request; what it returns happens to it. */
  fault: (request: {
    readonly method: string;
    readonly path: string;
    readonly turn: number;
  }) => Fault | undefined;
  readonly requests: readonly string[];
  stop(): Promise<void>;
}

/** Stands before a server and does to requests what a test says. Signatures stay good: the host's name is passed on. */
export async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  const requests: string[] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = "GET", url: path = "/" } = request;
    requests.push(`${method} ${path}`);
    const fault = proxy.fault({ method, path, turn: requests.length });
    const body = await buffer(request);
    if (fault?.kind === "silence") return;
    if (fault?.kind === "reset") return void request.socket.destroy();
    if (fault?.kind === "answer")
      return void response.writeHead(fault.status, fault.headers).end(fault.body ?? "");
    const answer = await passOn(target, request, body);
    if (fault?.kind === "lost answer") return void request.socket.destroy();
    response.writeHead(answer.status, answer.headers);
    if (fault?.kind !== "half") return void response.end(answer.body);
    response.write(answer.body.subarray(0, answer.body.length / 2), () => request.socket.destroy());
  };
  const server = createServer((request, response) => {
    serve(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy: FaultyProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fault: () => undefined,
    requests,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
  return proxy;
}

async function passOn(target: string, { method, url, headers }: IncomingMessage, body: Buffer) {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const passed = httpRequest(
      `${target}${url}`,
      { ...(method ? { method } : {}), headers, agent: false },
      resolve,
    );
    passed.once("error", reject).end(body);
  });
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: await buffer(answer) };
}
