/** Takes octet-counted messages (RFC 6587 §3.4.1) out of a stream of bytes that is cut anywhere. */
export interface FrameReader {
  /** The messages that are complete with this chunk. Throws SyslogFramingError when the stream is not framed so. */
  push(chunk: Buffer): Buffer[];
  /** Bytes of a message that has not come to its end. */
  pending(): number;
}

/** The stream lost its framing: there is no way to find the next message, so the connection must be closed. */
export class SyslogFramingError extends Error {
  override readonly name = "SyslogFramingError";
}

const SPACE = 0x20;
const MOST_DIGITS = 10;

/** Refuses messages longer than `limit` bytes before it holds them. */
export function makeFrameReader(limit: number): FrameReader {
  let held: Buffer = Buffer.alloc(0);
  const lengthAt = (bytes: Buffer, start: number): { length: number; textStart: number } | undefined => {
    const space = bytes.indexOf(SPACE, start);
    const digits = bytes.toString("latin1", start, space < 0 ? start + MOST_DIGITS + 1 : space);
    if (!/^[1-9]\d{0,9}$/.test(digits) && !(space < 0 && digits === "")) {
      throw new SyslogFramingError(`a message's length was expected, but ${JSON.stringify(digits)} came`);
    }
    if (Number(digits) > limit)
      throw new SyslogFramingError(`a message of ${digits} bytes is longer than the ${limit} allowed`);
    return space < 0 ? undefined : { length: Number(digits), textStart: space + 1 };
  };
  return {
    push(chunk) {
      const bytes = held.length > 0 ? Buffer.concat([held, chunk]) : chunk;
      const messages: Buffer[] = [];
      let start = 0;
      for (let frame = lengthAt(bytes, start); frame; frame = lengthAt(bytes, start)) {
        const end = frame.textStart + frame.length;
        if (end > bytes.length) break;
        messages.push(bytes.subarray(frame.textStart, end));
        start = end;
      }
      held = Buffer.from(bytes.subarray(start));
      return messages;
    },
    pending: () => held.length,
  };
}
