import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { errorCatalog } from "@conifer/contract";
import { BusinessError, errorText, type Logger, StaleClaim } from "../../../kernel/index.ts";

/**
 * Writes a handler's value: the bytes of a stream, a line of JSON for each item of any other async iterable, as fast as
 * they are read, or JSON.
 */
export async function replyTo(response: ServerResponse, value: unknown): Promise<void> {
  if (value instanceof Readable) {
    response.writeHead(200, { "content-type": "application/octet-stream" });
    return await pipeline(value, response);
  }
  if (!isAsyncIterable(value)) {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(value === undefined ? "" : JSON.stringify(value));
    return;
  }
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  response.flushHeaders();
  for await (const item of value) {
    if (response.destroyed) return;
    if (!response.write(`${JSON.stringify(item)}\n`)) await drained(response);
  }
  response.end();
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      response.off("drain", end).off("close", end);
      resolve();
    };
    response.on("drain", end).on("close", end);
    if (response.destroyed) end();
  });
}

/** What goes over the wire for a failure; the client makes the same error of it. */
export function failureOf(thrown: unknown): { status: number; id: string; message: string } {
  const message = errorText(thrown);
  if (thrown instanceof StaleClaim) return { status: 412, id: "stale_claim", message };
  if (thrown instanceof BusinessError)
    return { status: errorCatalog[thrown.id].status, id: thrown.id, message };
  return { status: 500, id: "internal", message };
}

/** Answers a call that failed; one whose answer has begun is broken off, which its caller sees. */
export function failCall(
  thrown: unknown,
  { request, response, logger }: { request: IncomingMessage; response: ServerResponse; logger: Logger },
): void {
  const { status, ...body } = failureOf(thrown);
  if (status === 500 && !response.destroyed) logger.error("local call failed", { error: thrown });
  if (response.headersSent) return void response.destroy();
  // What is left of the body is read and thrown away: a caller that still writes would not see the answer otherwise.
  request.resume();
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

/** The same for an upgrade, on the bare connection. */
export function refuseUpgrade(socket: Socket, thrown: unknown): void {
  if (socket.bytesWritten > 0) return void socket.destroy();
  const { status, ...failure } = failureOf(thrown);
  const body = JSON.stringify(failure);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Refused"}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
