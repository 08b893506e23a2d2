import { Transform } from "node:stream";
import { pktLine } from "./pkt-line.ts";

/** What index-pack and unpack-objects say when `receive.maxInputSize` is passed. */
const GIT_SAYS = "pack exceeds maximum allowed size";
const FLUSH_BYTES = 4;
const PROGRESS_BAND = "\u0002";

/**
 * Passes a push's response on as it comes. When git says in it that the pack was too large, it adds how large a pack may
 * be and what to do, as one more line for the user before the closing flush packet (gitprotocol-pack(5), side-band).
 */
export function explainPackLimit(maxBytes: number): Transform {
  let refused = false;
  let window: Buffer = Buffer.alloc(0);
  let held: Buffer = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (!refused) {
        window = Buffer.concat([window, chunk]);
        refused = window.includes(GIT_SAYS);
        window = window.subarray(-GIT_SAYS.length);
      }
      if (!refused) return done(null, chunk);
      const all = Buffer.concat([held, chunk]);
      held = all.subarray(-FLUSH_BYTES);
      done(null, all.subarray(0, -FLUSH_BYTES));
    },
    flush(done) {
      done(null, refused ? Buffer.concat([pktLine(PROGRESS_BAND + explanation(maxBytes)), held]) : undefined);
    },
  });
}

function explanation(maxBytes: number): string {
  const size = maxBytes >= 2 ** 20 ? `${Math.round(maxBytes / 2 ** 20)} MiB` : `${maxBytes} bytes`;
  return ` !     Push rejected: a push may hold ${size} at the most.
 !     Remove large files from the history, or push it in several parts.
`;
}
