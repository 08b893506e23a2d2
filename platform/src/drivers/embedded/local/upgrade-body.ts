import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { BusinessError } from "../../../kernel/index.ts";
import { BODY_LIMIT } from "./local-routes.ts";

/** Says how many bytes of a body stand before an upgraded connection's own. */
export const UPGRADE_BODY = "conifer-body-length";

/**
 * The JSON body of an upgrade request, which stands first on the bare connection, and what came behind it. Throws bad_request
 * for anything else, and when the connection ends before.
 */
export async function readUpgradeBody(
  request: Pick<IncomingMessage, "headers">,
  socket: Duplex,
  head: Buffer,
): Promise<{ readonly body: unknown; readonly rest: Buffer }> {
  const length = Number(request.headers[UPGRADE_BODY]);
  if (!Number.isInteger(length) || length <= 0) throw new BusinessError("bad_request", "the body is missing");
  if (length > BODY_LIMIT)
    throw new BusinessError("payload_too_large", `the body is over ${BODY_LIMIT} bytes`);
  const seen = await readBytes(socket, head, length);
  try {
    return { body: JSON.parse(seen.toString("utf8", 0, length)), rest: seen.subarray(length) };
  } catch {
    throw new BusinessError("bad_request", "the body is not valid JSON");
  }
}

/** At least so many. */
function readBytes(socket: Duplex, head: Buffer, length: number): Promise<Buffer> {
  if (head.length >= length) return Promise.resolve(head);
  return new Promise((resolve, reject) => {
    const chunks = [head];
    let size = head.length;
    const finish = (failure?: Error) => {
      socket.off("data", take).off("end", cut).off("close", cut);
      socket.pause();
      if (failure) reject(failure);
      else resolve(Buffer.concat(chunks));
    };
    const take = (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= length) finish();
    };
    const cut = () => finish(new BusinessError("bad_request", "the body broke off"));
    socket.on("data", take).on("end", cut).on("close", cut);
  });
}
