import { type RawData, WebSocket } from "ws";
import { areSameCredentials, type KubeAccess, type KubeCredentials } from "./kube-access.ts";
import { tlsOptions } from "./kube-connection.ts";
import { KubeError, readAnswer } from "./kube-error.ts";

/** A connection to a pod, through the API server. */
export interface PodSocketRequest<T> {
  readonly url: string;
  readonly protocol: string;
  /** For messages: `exec to web-1`. */
  readonly doing: string;
  /** Called before the server answers, since its first message may come in one packet with the answer. */
  readonly listen: (socket: WebSocket) => T;
}

const OPEN_WITHIN_MS = 10_000;
/** A connection that answers no ping for so long is dead. */
const PING_MS = 20_000;
/** Bytes of a refusal that are read. */
const LONGEST_REFUSAL = 64 * 1024;

/**
 * Opens a connection and returns what `listen` made of it. Throws KubeError when the server refuses. A refusal for old
 * credentials (401) is tried once more with newer ones.
 */
export async function openPodSocket<T>(access: KubeAccess, request: PodSocketRequest<T>): Promise<T> {
  const credentials = await access.credentials();
  try {
    return await connect(access, request, credentials);
  } catch (thrown) {
    if (!(thrown instanceof KubeError && thrown.status === 401)) throw thrown;
    const renewed = await access.credentials(credentials);
    if (areSameCredentials(renewed, credentials)) throw thrown;
    return await connect(access, request, renewed);
  }
}

async function connect<T>(
  access: KubeAccess,
  { url, protocol, doing, listen }: PodSocketRequest<T>,
  { token, certificate }: KubeCredentials,
): Promise<T> {
  const socket = new WebSocket(url, [protocol], {
    ...tlsOptions(access, certificate),
    headers: token ? { authorization: `Bearer ${token}` } : {},
    handshakeTimeout: OPEN_WITHIN_MS,
    perMessageDeflate: false,
  });
  const made = listen(socket);
  await opened(socket, doing);
  return made;
}

function opened(socket: WebSocket, doing: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("open", () => resolve());
    socket.once("error", (cause) => reject(new Error(`${doing}: ${cause.message}`, { cause })));
    socket.once("unexpected-response", (_request, response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > LONGEST_REFUSAL) response.destroy();
      });
      // One that breaks off is told as far as it came.
      response.on("error", () => {});
      response.once("close", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        const answer = readAnswer(response.statusCode ?? 0, text, response.headers["retry-after"]);
        reject(new KubeError(doing, answer));
        socket.terminate();
      });
    });
  });
}

/** Drops a connection that answers no ping. Returns how to stop it. */
export function keepAlive(socket: WebSocket): () => void {
  let answered = true;
  socket.on("pong", () => {
    answered = true;
  });
  const timer = setInterval(() => {
    // While the reader is slow the pong waits behind the output.
    if (!answered && !socket.isPaused) return socket.terminate();
    answered = false;
    socket.ping();
  }, PING_MS);
  return () => clearInterval(timer);
}

/** A message as one piece. */
export function asBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
