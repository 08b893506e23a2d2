import { Duplex } from "node:stream";
import { type RawData, WebSocket } from "ws";
import type { KubeAccess } from "./kube-access.ts";
import { queryText } from "./kube-client.ts";
import { KIND, objectPath } from "./kube-objects.ts";
import { asBuffer, keepAlive, openPodSocket } from "./pod-socket.ts";

/** A port of a pod, on its own loopback. */
export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

/** With one port there are two channels, and each message begins with its number. */
const CHANNEL = { data: 0, error: 1 } as const;
const PROTOCOL = "v4.channel.k8s.io";
/** Each channel's first message names the port and nothing else. */
const PREFACE_BYTES = 2;
const MESSAGE_BYTES = 64 * 1024;

/**
 * One connection to a pod's port, through the API server. The stream ends when the pod's end does; it fails when nobody
 * listens there, or the connection breaks. There is no half of an end: what is written after the other side has ended
 * is dropped. Throws KubeError when the server refuses.
 */
export async function openPodForward(access: KubeAccess, to: PodPort): Promise<Duplex> {
  return await openPodSocket(access, {
    url: forwardUrl(access.server, to),
    protocol: PROTOCOL,
    doing: `connection to port ${to.port} of ${to.pod}`,
    listen: (socket) => makeDuplex(socket, to),
  });
}

export function forwardUrl(server: string, { namespace, pod, port }: PodPort): string {
  const path = objectPath(KIND.pod, { namespace, name: pod });
  return `${server.replace(/^http/, "ws")}${path}/portforward${queryText({ ports: port })}`;
}

function makeDuplex(socket: WebSocket, to: PodPort): Duplex {
  const duplex = new Duplex({
    allowHalfOpen: true,
    read: () => {
      if (socket.isPaused) socket.resume();
    },
    write: (chunk: Buffer, _encoding, done) => sendParts(socket, chunk, done),
    final: (done) => done(),
    destroy: (thrown, done) => {
      socket.terminate();
      done(thrown);
    },
  });
  // The reader may be gone by the time when a failure is told.
  duplex.on("error", () => {});
  let said = "";
  const left: [data: number, error: number] = [PREFACE_BYTES, PREFACE_BYTES];
  socket.on("message", (data: RawData) => {
    const message = asBuffer(data);
    const channel = message[0];
    if (channel !== CHANNEL.data && channel !== CHANNEL.error) return;
    const bytes = message.subarray(1);
    const skipped = Math.min(left[channel], bytes.length);
    left[channel] -= skipped;
    const rest = bytes.subarray(skipped);
    if (rest.length === 0) return;
    if (channel === CHANNEL.error) said += rest.toString("utf8");
    else if (!duplex.push(rest)) socket.pause();
  });
  socket.on("error", (error) => {
    said ||= error.message;
  });
  let stopPinging = () => {};
  socket.once("open", () => {
    stopPinging = keepAlive(socket);
  });
  socket.once("close", () => {
    stopPinging();
    if (said) duplex.destroy(new Error(`connection to port ${to.port} of ${to.pod}: ${said.trim()}`));
    else if (!duplex.destroyed) duplex.push(null);
  });
  return duplex;
}

/** Done once all is on its way, so that a slow pod sets the pace of who writes. */
function sendParts(socket: WebSocket, chunk: Buffer, done: () => void): void {
  // What nobody reads any more is not worth an error.
  if (socket.readyState !== WebSocket.OPEN || chunk.length === 0) {
    done();
    return;
  }
  for (let at = 0; at < chunk.length; at += MESSAGE_BYTES) {
    const part = chunk.subarray(at, at + MESSAGE_BYTES);
    const isLast = at + MESSAGE_BYTES >= chunk.length;
    socket.send(Buffer.concat([Buffer.of(CHANNEL.data), part]), () => {
      if (isLast) done();
    });
  }
}
