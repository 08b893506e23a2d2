import { PassThrough, type Readable, Writable } from "node:stream";
import { type RawData, WebSocket } from "ws";
import type { KubeAccess } from "./kube-access.ts";
import { queryText } from "./kube-client.ts";
import { KIND, objectPath } from "./kube-objects.ts";
import { asBuffer, keepAlive, openPodSocket } from "./pod-socket.ts";

/** The streams of a container's process, held open by one connection. */
export interface PodStream {
  /** Its end is the end of the process's input. */
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Empty with a terminal. */
  readonly stderr: Readable;
  resize(columns: number, rows: number): void;
  /** Drops the connection. */
  close(): void;
  /** Resolves when the connection has ended, with the server's word on the end where it gave one. Never rejects. */
  readonly ended: Promise<PodStreamEnd>;
}

export interface PodStreamEnd {
  /** The exit status that an exec ended with; undefined for an attach, whose status the pod tells. */
  readonly exitCode?: number;
  readonly message?: string;
}

export type PodStreamRequest = {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly terminal: boolean;
} & ({ readonly kind: "attach" } | { readonly kind: "exec"; readonly command: readonly string[] });

/** Numbers of the channels of `v5.channel.k8s.io`; each message begins with one. */
const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;
const PROTOCOL = "v5.channel.k8s.io";
const MESSAGE_BYTES = 64 * 1024;

/** Attaches to a container's process, or starts another in it. Throws KubeError when the server refuses. */
export async function openPodStream(access: KubeAccess, request: PodStreamRequest): Promise<PodStream> {
  const { kind, pod } = request;
  return await openPodSocket(access, {
    url: streamUrl(access.server, request),
    protocol: PROTOCOL,
    doing: `${kind} to ${pod}`,
    listen: (socket) => joinChannels(socket, kind),
  });
}

export function streamUrl(server: string, request: PodStreamRequest): string {
  const path = objectPath(KIND.pod, { namespace: request.namespace, name: request.pod });
  const query = queryText({
    container: request.container,
    stdin: true,
    stdout: true,
    // A terminal has one output.
    stderr: !request.terminal,
    tty: request.terminal,
  });
  const command =
    request.kind === "exec"
      ? request.command.map((word) => `&command=${encodeURIComponent(word)}`).join("")
      : "";
  return `${server.replace(/^http/, "ws")}${path}/${request.kind}${query}${command}`;
}

function joinChannels(socket: WebSocket, kind: PodStreamRequest["kind"]): PodStream {
  const outputs = { [CHANNEL.stdout]: new PassThrough(), [CHANNEL.stderr]: new PassThrough() };
  const outputOf = (channel: number | undefined) =>
    channel === CHANNEL.stdout || channel === CHANNEL.stderr ? outputs[channel] : undefined;
  const end = Promise.withResolvers<PodStreamEnd>();
  let told: PodStreamEnd | undefined;
  const write = makePacedWrite(socket);
  const take = (message: Buffer) => {
    const channel = message[0];
    const bytes = message.subarray(1);
    const output = outputOf(channel);
    if (output) write(output, bytes);
    else if (channel === CHANNEL.close) outputOf(bytes[0])?.end();
    else if (channel === CHANNEL.error) {
      const { exitCode, message: word } = readEnd(bytes.toString("utf8"));
      told = {
        ...(kind === "exec" && exitCode !== undefined ? { exitCode } : {}),
        ...(word === undefined ? {} : { message: word }),
      };
    }
  };
  socket.on("message", (data: RawData) => take(asBuffer(data)));
  socket.on("error", (error) => {
    told ??= { message: error.message };
  });
  let stopPinging = () => {};
  socket.once("open", () => {
    stopPinging = keepAlive(socket);
  });
  socket.once("close", () => {
    stopPinging();
    for (const output of Object.values(outputs)) output.end();
    end.resolve(told ?? {});
  });
  return {
    stdin: stdinOf(socket),
    stdout: outputs[CHANNEL.stdout],
    stderr: outputs[CHANNEL.stderr],
    resize: (columns, rows) =>
      send(socket, CHANNEL.resize, Buffer.from(JSON.stringify({ Width: columns, Height: rows }))),
    close: () => socket.terminate(),
    ended: end.promise,
  };
}

/** Writes to an output; the slower reader sets the pace of the connection. What nobody can read any more is dropped. */
function makePacedWrite(socket: WebSocket): (output: PassThrough, bytes: Buffer) => void {
  const blocked = new Set<PassThrough>();
  return (output, bytes) => {
    if (bytes.length === 0 || !output.writable || output.write(bytes) || blocked.has(output)) return;
    blocked.add(output);
    socket.pause();
    const free = () => {
      output.off("drain", free);
      output.off("close", free);
      blocked.delete(output);
      if (blocked.size === 0) socket.resume();
    };
    output.on("drain", free);
    output.on("close", free);
  };
}

function stdinOf(socket: WebSocket): Writable {
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      // What nobody reads any more is not worth an error.
      if (socket.readyState !== WebSocket.OPEN || chunk.length === 0) return done();
      for (let at = 0; at < chunk.length; at += MESSAGE_BYTES) {
        const last = at + MESSAGE_BYTES >= chunk.length;
        const part = chunk.subarray(at, at + MESSAGE_BYTES);
        send(socket, CHANNEL.stdin, part, last ? () => done() : undefined);
      }
    },
    final: (done) => {
      send(socket, CHANNEL.close, Buffer.from([CHANNEL.stdin]));
      done();
    },
  });
}

function send(socket: WebSocket, channel: number, bytes: Buffer, done?: () => void): void {
  if (socket.readyState === WebSocket.OPEN)
    socket.send(Buffer.concat([Buffer.from([channel]), bytes]), () => done?.());
  else done?.();
}

/** Reads the `Status` document on the error channel: success, an exit status, or a failure. */
export function readEnd(text: string): PodStreamEnd {
  try {
    const status = JSON.parse(text) as {
      status?: string;
      message?: string;
      details?: { causes?: readonly { reason?: string; message?: string }[] };
    };
    if (status.status === "Success") return { exitCode: 0 };
    const cause = status.details?.causes?.find(({ reason }) => reason === "ExitCode");
    const code = Number.parseInt(cause?.message ?? "", 10);
    return {
      ...(Number.isNaN(code) ? {} : { exitCode: code }),
      ...(status.message ? { message: status.message } : {}),
    };
  } catch {
    return { message: text };
  }
}
