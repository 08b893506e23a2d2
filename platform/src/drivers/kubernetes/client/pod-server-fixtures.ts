import { createHash } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type RawData, WebSocketServer } from "ws";

/** One upgrade that waits for the test's answer. */
export interface Upgrade {
  readonly url: string;
  readonly authorization: string | undefined;
  readonly protocols: string | undefined;
  accept(): PodSocket;
  /** Speaks HTTP by hand; what is written goes out in one piece. */
  raw(...parts: readonly Bytes[]): void;
  refuse(status: number, body: string, headers?: string): void;
  /** What to say to switch protocols, up to and including the empty line. */
  readonly switching: string;
  readonly socket: Duplex;
  readonly closed: Promise<void>;
}

/** The server's end of the connection to a container. */
export interface PodSocket {
  /** The first byte is the channel. */
  send(channel: number, bytes: Bytes): void;
  sendText(text: string): void;
  sendEmpty(): void;
  /** The next message of the client, as `channel:text`. */
  next(): Promise<string>;
  /** All bytes of a channel until there are so many. */
  bytes(channel: number, least: number): Promise<Buffer>;
  /** Resolves with the client's next ping, answered or not. */
  pinged(): Promise<void>;
  close(code?: number): void;
  cut(): void;
  /** Stops answering, as a machine without power. */
  fallSilent(): void;
  readonly closed: Promise<void>;
}

export interface PodServer {
  readonly url: string;
  next(): Promise<Upgrade>;
  close(): Promise<void>;
}

export async function openPodServer(tls?: {
  readonly cert: string;
  readonly key: string;
}): Promise<PodServer> {
  const queue = new Arrivals<Upgrade>();
  const sockets = new Set<Duplex>();
  const server = tls ? createSecureServer(tls) : createServer();
  const webSockets = new WebSocketServer({ noServer: true, autoPong: false });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    sockets.add(socket);
    // A client that goes away is what some tests want.
    socket.on("error", () => {});
    queue.push(makeUpgrade(webSockets, { request, socket, head }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `${tls ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    next: () => queue.next(),
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type Bytes = string | readonly number[] | Uint8Array;

function asBytes(bytes: Bytes): Buffer {
  return Buffer.from(typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes);
}

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

function makeUpgrade(
  webSockets: WebSocketServer,
  parts: { readonly request: IncomingMessage; readonly socket: Duplex; readonly head: Buffer },
): Upgrade {
  const { request, socket, head } = parts;
  const { headers } = request;
  const accepted = createHash("sha1").update(`${headers["sec-websocket-key"]}${GUID}`).digest("base64");
  const raw = (...pieces: readonly Bytes[]) => {
    socket.write(Buffer.concat(pieces.map(asBytes)));
    // The client's end is noticed only by whoever reads.
    socket.once("end", () => socket.end()).resume();
  };
  return {
    url: request.url ?? "",
    authorization: headers.authorization,
    protocols: headers["sec-websocket-protocol"],
    socket,
    raw,
    closed: new Promise((resolve) => socket.once("close", () => resolve())),
    switching: [
      "HTTP/1.1 101 Switching Protocols",
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Accept: ${accepted}`,
      `Sec-WebSocket-Protocol: ${headers["sec-websocket-protocol"]}`,
      "\r\n",
    ].join("\r\n"),
    refuse: (status, body, more = "") =>
      raw(
        `HTTP/1.1 ${status} No\r\n${more}Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      ),
    accept: () => acceptUpgrade(webSockets, parts, head),
  };
}

function acceptUpgrade(
  webSockets: WebSocketServer,
  { request, socket }: { readonly request: IncomingMessage; readonly socket: Duplex },
  head: Buffer,
): PodSocket {
  const messages = new Arrivals<Buffer>();
  const pings = new Arrivals<true>();
  let answers = true;
  let made: PodSocket | undefined;
  webSockets.handleUpgrade(request, socket, head, (webSocket) => {
    webSocket.on("message", (data: RawData) => messages.push(data as Buffer));
    webSocket.on("ping", (data) => {
      if (answers) webSocket.pong(data);
      pings.push(true);
    });
    webSocket.on("error", () => {});
    made = {
      send: (channel, bytes) => webSocket.send(Buffer.concat([Buffer.from([channel]), asBytes(bytes)])),
      sendText: (text) => webSocket.send(text),
      sendEmpty: () => webSocket.send(Buffer.alloc(0)),
      pinged: async () => void (await pings.next()),
      next: async () => {
        const message = await messages.next();
        return `${message[0]}:${message.subarray(1).toString("latin1")}`;
      },
      bytes: async (channel, least) => {
        const parts: Buffer[] = [];
        for (let length = 0; length < least; ) {
          const message = await messages.next();
          if (message[0] !== channel) throw new Error(`a message came on channel ${message[0]}`);
          parts.push(message.subarray(1));
          length += message.length - 1;
        }
        return Buffer.concat(parts);
      },
      close: (code = 1000) => webSocket.close(code),
      cut: () => webSocket.terminate(),
      fallSilent: () => {
        answers = false;
      },
      closed: new Promise((resolve) => webSocket.once("close", () => resolve())),
    };
  });
  if (!made) throw new Error("the client asked for no websocket");
  return made;
}

/** What came and was not taken yet, or who waits for it. */
class Arrivals<T> {
  readonly #come: T[] = [];
  readonly #asking: ((one: T) => void)[] = [];

  push(one: T): void {
    const ask = this.#asking.shift();
    if (ask) ask(one);
    else this.#come.push(one);
  }

  async next(): Promise<T> {
    const [first] = this.#come.splice(0, 1);
    return first ?? (await new Promise<T>((resolve) => this.#asking.push(resolve)));
  }
}

/** One binary message as a server frames it. */
export function frame(channel: number, text: string): Buffer {
  const payload = Buffer.concat([Buffer.from([channel]), Buffer.from(text)]);
  if (payload.length > 125) throw new Error("a short text, please");
  return Buffer.concat([Buffer.from([0x82, payload.length]), payload]);
}

/** The `Status` that ends an exec with this exit status. */
export function exitStatus(code: number): string {
  return JSON.stringify({
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: exit status ${code}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(code) }] },
  });
}
