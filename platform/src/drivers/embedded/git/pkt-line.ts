/**
 * git's pkt-line framing: four hexadecimal digits that count themselves and the payload; `0000` is a flush.
 * (gitprotocol-common(5))
 */
const LARGEST = 65_516;

export const FLUSH_PKT = "0000";

export function pktLine(text: string): Buffer {
  const payload = Buffer.from(text);
  if (payload.length > LARGEST) throw new Error(`a pkt-line holds at most ${LARGEST} bytes`);
  return Buffer.concat([Buffer.from((payload.length + 4).toString(16).padStart(4, "0")), payload]);
}

/** A packet's text without the newline at its end, or `undefined` for a flush. */
export type Packet = string | undefined;

/** Packets as they arrive; ends with the stream. Throws when the stream is cut off or is not pkt-line. */
export async function* readPackets(stream: AsyncIterable<Buffer>): AsyncGenerator<Packet> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 4) {
      const length = packetLength(rest);
      if (rest.length < length) break;
      yield length === 4 && rest.toString("latin1", 0, 4) === FLUSH_PKT
        ? undefined
        : textOf(rest.subarray(4, length));
      rest = rest.subarray(length);
    }
  }
  if (rest.length > 0) throw new Error("a pkt-line stream was cut off");
}

function packetLength(buffer: Buffer): number {
  const digits = buffer.toString("latin1", 0, 4);
  const length = /^[0-9a-f]{4}$/i.test(digits) ? Number.parseInt(digits, 16) : -1;
  if (length === 0) return 4;
  if (length < 4) throw new Error("not a pkt-line stream");
  return length;
}

function textOf(payload: Buffer): string {
  const text = payload.toString("utf8");
  return text.endsWith("\n") ? text.slice(0, -1) : text;
}
