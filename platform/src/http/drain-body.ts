import type { Readable } from "node:stream";

export interface DrainBounds {
  /** Default 64 MiB. */
  readonly mostBytes?: number;
  /** Default 10 s. */
  readonly mostMs?: number;
}

const MOST_BYTES = 64 * 1024 * 1024;
const MOST_MS = 10_000;

/**
 * Reads what is left of a refused body and forgets it, within bounds. Many clients write a body to its end before they read
 * the answer; to one that is answered and closed before, the refusal is a broken connection. (RFC 9112 §9.6)
 */
export function drainBody(body: Readable, bounds: DrainBounds = {}): Promise<void> {
  const { mostBytes = MOST_BYTES, mostMs = MOST_MS } = bounds;
  if (body.readableEnded || body.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    let left = mostBytes;
    const over = () => {
      clearTimeout(timer);
      body.off("data", count).off("end", over).off("close", over);
      body.pause();
      resolve();
    };
    const count = (chunk: Buffer) => {
      left -= chunk.length;
      if (left < 0) over();
    };
    const timer = setTimeout(over, mostMs);
    body.on("data", count).on("end", over).on("close", over);
    body.resume();
  });
}
